"""netwright check as users meet it: a readable table, one JSON object, exit codes, a folder."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from test_cli import run

from netwright.check import case


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(case, "OUT_OF_FOLD_SECONDS", 1.0)


def _table(folder: Path, *, leak: bool) -> str:
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.normal(size=(300, 4)), columns=list("abcd")).round(4)
    frame["kind"] = np.where(frame["a"] + frame["b"] > 0, "high", "low")
    if leak:
        frame["code"] = np.where(frame["kind"] == "high", 17.5, 3.25)
        frame = frame[["code", "a", "b", "c", "d", "kind"]]
    frame.to_csv(folder / "table.csv", index=False)
    return "table.csv"


def test_a_healthy_source_is_a_table_and_exit_0(tmp_path: Path) -> None:
    done = run("check", _table(tmp_path, leak=False), cwd=tmp_path, check=0)
    lines = done.stdout.splitlines()
    assert "checks in" in lines[0] and max(map(len, lines)) <= 100
    names = {line.split()[1] for line in lines if line.startswith("ok")}
    assert {"input-values", "overfit-one-batch", "gradients"} <= names
    assert not list(tmp_path.glob("runs"))


def test_a_leak_is_exit_10_and_named_in_json(tmp_path: Path) -> None:
    table = _table(tmp_path, leak=True)
    done = run("check", table, "--json", "--out", "o", cwd=tmp_path, check=10)
    found = json.loads(done.stdout)
    assert found["verdict"] == "failed"
    leak = next(c for c in found["checks"] if c["name"] == "giveaway-column")
    assert leak["status"] == "failed" and leak["columns"] == ["code"] and leak["advice"]
    assert {"fault": "data-leakage", "severity": "error"}.items() <= found["findings"][0].items()
    assert found["findings"][0]["evidence"]["largest share"] == 1.0
    assert json.loads((tmp_path / "o" / "checks.json").read_text()) == found
    run("check", table, "--out", "o", cwd=tmp_path, check=2)  # not empty: left untouched


def test_a_plan_that_does_not_fit_is_told_and_what_cannot_be_read_is_exit_3(tmp_path: Path) -> None:
    table = _table(tmp_path, leak=False)
    done = run("check", table, "--set", "objective.loss=mse", cwd=tmp_path, check=10)
    assert "wrong" in done.stdout or "cannot be computed" in done.stdout
    assert "objective.loss=cross-entropy" in done.stdout
    run("check", table, "--set", "recipe.lrr=1", cwd=tmp_path, check=2)
    run("check", table, "--target", "nothing", cwd=tmp_path, check=3)


def test_the_help_tells_the_exit_code(tmp_path: Path) -> None:
    said = run("check", "--help", cwd=tmp_path).stdout
    assert "10" in said and "SOURCE" in said
