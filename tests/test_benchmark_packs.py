"""The pack's and the tuners' benchmarks compare what they say, and the page quotes it."""

import sys
from pathlib import Path
from typing import Any

import pytest
import torch

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "benchmarks"))

import document
import pack
import pack_worker
import tuning
import tuning_worker
from workloads import WORKLOADS


def test_k_runs_cost_k_times_one() -> None:
    per_row = {
        ("plain", 1): [4.0, 4.0, 8.0], ("solo", 1): [2.0, 2.0, 2.0], ("own", 8): [2.0, 4.0, 2.0],
    }  # fmt: skip
    assert pack.summary(per_row, "own", 8, 32) == {
        "seconds_per_step": 64.0, "over_plain": 16.0, "low": 8.0, "high": 32.0, "over_solo": 8.0,
    }  # fmt: skip


def test_large_packs_have_shorter_epochs() -> None:
    assert pack_worker.rows_of("b", 8) == WORKLOADS["b"].rows
    assert pack_worker.rows_of("b", 128) == WORKLOADS["b"].rows // 8


def test_best_counts_only_trials_that_had_ended() -> None:
    trials = [(1.0, 0.5), (2.0, 0.7), (3.1, 0.9)]
    assert tuning.best_by(trials, 3.0) == 0.7
    assert tuning.best_by(trials, 0.5) is None


def _line(ours: float, theirs: float) -> dict[str, dict[str, Any]]:
    return {
        "netwright": {"seconds": 2.0, "rate": ours, "trials": [(2.0, 0.8), (2.0, 0.6)]},
        "other": {"seconds": 3.0, "rate": theirs, "trials": [(1.5, 0.7), (3.0, 0.9)]},
    }


def test_tuners_are_summed_up_by_medians_at_equal_seconds() -> None:
    found = tuning.summary([_line(10.0, 1.0), _line(12.0, 2.0), _line(11.0, 4.0)])
    assert found["over_fastest"] == 5.5
    assert found["contestants"]["other"]["best"] == 0.7  # its 0.9 came after netwright had ended
    assert found["contestants"]["netwright"]["best"] == 0.8
    assert found["contestants"]["other"]["trials"] == [2, 2, 2]


def test_the_tuned_net_is_the_workload_s_with_dropout() -> None:
    net = tuning_worker.net_of(WORKLOADS["b"], 0.25)
    rates = [m.p for m in net.modules() if isinstance(m, torch.nn.Dropout)]
    assert rates == [0.25, 0.25]
    sizes = [p.numel() for p in net.parameters()]
    assert sizes == [p.numel() for p in WORKLOADS["b"].make_net().parameters()]


def test_netwright_tries_what_it_is_asked_to(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("ROWS", 256), ("VALIDATION", 64), ("EPOCHS", 1)):
        monkeypatch.setattr(tuning_worker, name, value)
    found = list(tuning_worker.netwright(WORKLOADS["b"])(0, 0.0, 3))
    assert len(found) == 3 and all(0 <= score <= 1 for _, score in found)


def test_unknown_contestants_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    for arguments in (["c"], ["--contestants", "optuna-loop"], ["--contestants", "netwright,hpo"]):
        with pytest.raises(SystemExit, match="2"):
            tuning.main(arguments)
        assert "netwright first" in capsys.readouterr().err


def test_the_page_says_what_is_not_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(document, "_results", lambda name: {})
    assert document._pack()[-1] == document._tuning()[-1] == "Not measured yet.\n"


def test_the_page_quotes_packs_and_tuners(monkeypatch: pytest.MonkeyPatch) -> None:
    one = {"seconds_per_step": 0.002, "over_plain": 12.34, "low": 11.0, "high": 13.0}
    results = {
        "pack": {"b": {"own": {"32": one | {"over_solo": 3.0}}, "shared": {"32": one}}},
        "tuning": {"b": tuning.summary([_line(10.0, 1.0)]) | {"bar": 8.0}, "versions": {}},
    }
    monkeypatch.setattr(document, "_results", results.__getitem__)
    assert "| b | 32 | 2 | 12.3 | 11.0 to 13.0 | 3.0 | 12.3 | 12 |" in document._pack()[-1]
    said = "\n".join(document._tuning())
    assert "b 10.0x (bar 8.0x)" in said and "| b | other | 1.00 | 1.00 to 1.00 | 0.7000 |" in said
