"""The benchmark of repairs on Plans: its faults, its twins and its sums."""

import json
import sys
from pathlib import Path

import pytest
import torch

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "benchmarks" / "doctor"))

import plans
from seeded_plans import SEEDED, carrier, sick_start, twins

from netwright.diagnose.diagnose import faults
from netwright.repair.remedy import changed
from netwright.train.building import build_net

CELLS = {
    "a/sound": {
        "metric": "accuracy", "healthy": [1.0], "sick": [1.0], "effective": False,
        "twin_alarms": [],
    },
    "a/back": {
        "metric": "accuracy", "healthy": [1.0], "sick": [0.5], "effective": True, "named": ["x"],
        "twin_alarms": [], "cause_first": True, "kept": ["r"], "changes": {"f": 1},
        "mended": [0.96], "regain": 0.92, "cost": {"finding": 1.5, "proof": 10.0},
    },
    "b/lost": {
        "metric": "rmse", "healthy": [1.0], "sick": [2.0], "effective": True, "named": [],
        "twin_alarms": [], "cause_first": False, "kept": [], "changes": {}, "mended": [2.0],
        "regain": 0.0, "cost": {"finding": 0.0, "proof": 0.0},
    },
}  # fmt: skip


def test_only_effective_cells_count() -> None:
    found = plans.summary(CELLS)
    assert (found["cells"], found["effective"], found["proved"]) == (3, 2, 1)
    assert found["within 95 % of the twin"] == 1 and found["cause first"] == 1
    assert found["median trainings to find"] == 1.5
    lines = plans.table(CELLS).splitlines()
    assert "| a/sound | 1 | 1 | not effective | | | |" in lines and "nothing" in lines[-1]


@pytest.mark.parametrize("source", ["wine", "digits"])
def test_a_fault_is_a_change_of_plan_with_a_known_name(source: str) -> None:
    kind, data, plan = carrier(source)
    known = {fault.name for fault in faults()}
    for name, seeded in SEEDED.items():
        if kind in seeded.kinds:
            sick, healthy = twins(plan, seeded)
            assert set(changed(healthy, sick)) == set(seeded.sick), name
            assert seeded.fault in known
            with sick_start(seeded.start):
                build_net(sick, data, 0, torch.device("cpu"))


def test_what_is_known_is_printed_and_not_measured_again(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "known.json"
    file.write_text(json.dumps({"cells": CELLS}))
    assert plans.main(["a/back", "--out", str(file)]) == 0
    assert '"effective": 2' in capsys.readouterr().out
