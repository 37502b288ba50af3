"""Checkpoints hold tensors and state of one moment, without pickle, and survive a crash while
writing."""

from pathlib import Path

import pytest
import torch

from netwright.errors import DataError
from netwright.train.checkpoint import FILE, load_checkpoint, save_checkpoint


def test_tensors_and_state_come_back_exactly(tmp_path: Path) -> None:
    tensors = {"a.b": torch.randn(3, 2), "ids": torch.arange(4), "state": torch.get_rng_state()}
    state = {"epoch": 3, "loss": 0.1 + 0.2, "history": [{"lr": 1e-7}]}
    save_checkpoint(tmp_path, tensors, state)
    found = load_checkpoint(tmp_path)
    assert found is not None and found[1] == state
    assert all(torch.equal(found[0][name], value) for name, value in tensors.items())


def test_where_there_is_none_nothing_is_found(tmp_path: Path) -> None:
    assert load_checkpoint(tmp_path) is None


def test_a_crash_while_writing_leaves_the_former_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save_checkpoint(tmp_path, {"a": torch.ones(1)}, {"epoch": 1})

    def crash(self: Path, target: Path) -> Path:
        raise OSError("power cut")

    monkeypatch.setattr(Path, "replace", crash)
    with pytest.raises(OSError, match="power cut"):
        save_checkpoint(tmp_path, {"a": torch.zeros(1)}, {"epoch": 2})
    found = load_checkpoint(tmp_path)
    assert found is not None and found[1]["epoch"] == 1


def test_a_damaged_file_is_named(tmp_path: Path) -> None:
    (tmp_path / FILE).write_bytes(b"not a checkpoint")
    with pytest.raises(DataError, match=FILE):
        load_checkpoint(tmp_path)
