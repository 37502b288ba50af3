"""Tables larger than memory: what is held, what is streamed, and in how much memory."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from netwright.data.data import Data, Rows
from netwright.data.read import read
from netwright.data.row_groups import estimate_bytes
from netwright.data.stream import StreamedRows, row_hashes
from netwright.errors import UsageError

ROWS = 12_000


def make_frame(rows: int = ROWS) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.normal(size=(rows, 4)), columns=["a", "b", "c", "d"])
    frame["city"] = rng.choice(["Rome", "Oslo", "Bonn"], rows)
    frame["label"] = np.where(frame["a"] + rng.normal(size=rows) > 1, "yes", "no")
    frame.loc[5:40, "label"] = None
    return frame


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NETWRIGHT_CACHE", str(tmp_path / "cache"))


@pytest.fixture
def source(tmp_path: Path) -> Path:
    make_frame().to_parquet(tmp_path / "big.parquet", row_group_size=500)
    return tmp_path / "big.parquet"


def streamed(path: Path, **told: object) -> tuple[Data, StreamedRows]:
    data = read(path, memory_limit_mb=0.5, **told)  # type: ignore[arg-type]
    assert isinstance(data.train, StreamedRows)
    return data, data.train


def rng(seed: int = 3) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_what_fits_is_read_whole(source: Path) -> None:
    assert isinstance(read(source).train, Rows)
    assert isinstance(read(source, memory_limit_mb=2).train, Rows)


def test_every_row_is_in_one_split_and_counts_are_exact(source: Path) -> None:
    frame = make_frame()
    data, train = streamed(source)
    held = [split.rows for split in (data.validation, data.test) if isinstance(split, Rows)]
    rows = torch.cat([r for r in held if r is not None]).tolist()
    assert len(set(rows)) == len(rows)
    rest = frame.drop(index=rows).dropna(subset="label")
    assert len(train) == len(rest) == sum(data.class_counts)
    assert data.class_counts == tuple(int((rest["label"] == c).sum()) for c in data.task.classes)
    ordered = torch.cat([batch.targets for batch in train.batches(1000)])
    assert [data.task.classes[i] for i in ordered.tolist()] == rest["label"].tolist()
    assert isinstance(data.test, Rows) and data.test.rows is not None
    labels = [data.task.classes[i] for i in data.test.targets.tolist()]
    assert labels == frame["label"].iloc[data.test.rows.numpy()].tolist()


def test_an_epoch_has_every_row_once_in_another_order(source: Path) -> None:
    _, train = streamed(source)
    ordered = torch.cat([batch.inputs[0] for batch in train.batches(256)])
    batches = list(train.batches(256, rng=rng()))
    assert {len(batch.targets) for batch in batches[:-1]} == {256}
    shuffled = torch.cat([batch.inputs[0] for batch in batches])
    assert not torch.equal(ordered, shuffled)
    assert torch.equal(ordered[:, 0].sort().values, shuffled[:, 0].sort().values)
    # Neighbours of the file are far apart: the first batch comes from several pieces of the file.
    where = {float(v): at for at, v in enumerate(ordered[:, 0])}
    first = [where[float(v)] for v in batches[0].inputs[0][:, 0]]
    assert max(first) - min(first) > 600


def test_an_epoch_can_be_entered_at_any_batch(source: Path) -> None:
    _, train = streamed(source)
    whole = list(train.batches(256, rng=rng()))
    again = list(train.batches(256, rng=rng()))
    assert all(torch.equal(a.inputs[0], b.inputs[0]) for a, b in zip(whole, again, strict=True))
    assert not torch.equal(whole[0].inputs[0], next(iter(train.batches(256, rng=rng(4)))).inputs[0])
    for start in (1, 7, len(whole) - 1):
        part = list(train.batches(256, rng=rng(), start=start))
        for a, b in zip(part, whole[start:], strict=True):
            assert torch.equal(a.inputs[0], b.inputs[0])
            assert torch.equal(a.inputs[1], b.inputs[1])
            assert torch.equal(a.targets, b.targets)


def test_a_batch_may_be_larger_than_a_piece(source: Path) -> None:
    _, train = streamed(source)
    sizes = [len(batch.targets) for batch in train.batches(5000, rng=rng())]
    assert sum(sizes) == len(train) and set(sizes[:-1]) == {5000}


def test_leaving_an_epoch_early_stops_the_reading(source: Path) -> None:
    _, train = streamed(source)
    batches = train.batches(64, rng=rng())
    next(batches)
    batches.close()  # type: ignore[attr-defined]


def test_delimited_text_is_streamed_alike(source: Path, tmp_path: Path) -> None:
    make_frame().to_csv(tmp_path / "big.csv", index=False)
    data, train = streamed(tmp_path / "big.csv")
    again, _ = streamed(tmp_path / "big.csv")
    assert sum(len(split) for split in data.splits().values()) >= ROWS - 36 - 5
    assert torch.equal(
        next(iter(train.batches(9, rng=rng()))).inputs[0],
        next(iter(again.train.batches(9, rng=rng()))).inputs[0],
    )


def test_regression_figures_are_those_of_all_training_rows(source: Path) -> None:
    data, train = streamed(source, target="a")
    y = torch.cat([batch.targets for batch in train.batches(1000)])
    assert abs(float(y.mean())) < 1e-5 and abs(float(y.std(correction=0)) - 1) < 1e-5
    assert isinstance(data.test, Rows) and data.test.rows is not None
    back = data.test.targets[:, 0] * data.task.target_std[0] + data.task.target_mean[0]
    np.testing.assert_allclose(back, make_frame()["a"].iloc[data.test.rows.numpy()], atol=1e-5)


def test_a_test_file_of_its_own(source: Path, tmp_path: Path) -> None:
    make_frame(400).to_parquet(tmp_path / "test.parquet")
    data, train = streamed(source, test=tmp_path / "test.parquet")
    assert isinstance(data.test, Rows) and data.test.rows is not None
    labels = [data.task.classes[i] for i in data.test.targets.tolist()]
    assert labels == make_frame(400)["label"].iloc[data.test.rows.numpy()].tolist()
    assert len(train) + len(data.validation) > 11_900


@pytest.mark.parametrize("told", [{"group": "city"}, {"time_column": "a"}, {"task": "forecasting"}])
def test_what_needs_the_whole_table_is_refused(source: Path, told: dict[str, str]) -> None:
    with pytest.raises(UsageError, match="needs the whole table"):
        read(source, memory_limit_mb=0.5, **told)  # type: ignore[arg-type]


def test_hashes_are_distinct_and_uniform() -> None:
    hashes = row_hashes(0, 100_000, seed=1)
    assert len(np.unique(hashes)) == 100_000
    np.testing.assert_array_equal(row_hashes(40, 10, seed=1), hashes[40:50])
    shares = np.histogram(hashes / 2.0**64, bins=10, range=(0, 1))[0] / 100_000
    assert abs(shares - 0.1).max() < 0.006


def test_sizes_are_estimated(source: Path, tmp_path: Path) -> None:
    in_memory = int(make_frame().memory_usage(deep=True).sum())
    assert 0.5 < (estimate_bytes(source) or 0) / in_memory < 2
    make_frame().to_csv(tmp_path / "big.csv", index=False)
    assert 0.3 < (estimate_bytes(tmp_path / "big.csv") or 0) / in_memory < 5


PROGRAM = """
import resource, sys, torch
from pathlib import Path
from netwright.data.read import read
def peak():
    status = Path("/proc/self/status")
    if status.exists():  # ru_maxrss begins with what the parent process held
        return int(status.read_text().split("VmHWM:")[1].split()[0]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2  # macOS
read("iris")
before = peak()
data = read(sys.argv[1], memory_limit_mb=float(sys.argv[2]))
rows = sum(len(b.targets) for b in data.train.batches(256, rng=torch.Generator().manual_seed(0)))
print(type(data.train).__name__, rows, peak() - before)
"""


@pytest.mark.slow
def test_a_table_is_trained_on_in_less_memory_than_it_has(tmp_path: Path) -> None:
    pytest.importorskip("resource")
    random = np.random.default_rng(0)
    frame = pd.DataFrame(random.normal(size=(1_000_000, 10)), columns=list("abcdefghij"))
    frame["label"] = (frame["a"] > 0.3).astype(int)
    frame.to_parquet(tmp_path / "big.parquet", row_group_size=10_000)
    size = frame.memory_usage().sum() / 2**20  # 84 MB
    # What is held, not what allocators keep for later: that depends on the machine.
    held = {"OMP_NUM_THREADS": "1", "MALLOC_ARENA_MAX": "1", "ARROW_DEFAULT_MEMORY_POOL": "system"}
    found = {}
    for limit in (6.0, 1000.0):
        run = subprocess.run(
            [sys.executable, "-c", PROGRAM, str(tmp_path / "big.parquet"), str(limit)],
            capture_output=True, text=True, check=True, env={**os.environ, **held},
        )  # fmt: skip
        kind, rows, grown = run.stdout.split()
        found[kind] = float(grown)
        assert int(rows) > 600_000
    assert found["StreamedRows"] < 0.6 * size
    assert found["StreamedRows"] < 0.8 * found["Rows"]
