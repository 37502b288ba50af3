"""Grades from the command line: their order told, trained, reported, predicted, scored."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from test_cli import run

GRADES = ["poor", "fair", "good", "fine"]


@pytest.fixture(scope="module")
def graded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run on grades that a number gives, but for some noise."""
    folder = tmp_path_factory.mktemp("grades")
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.normal(size=(200, 2)), columns=["a", "b"]).round(3)
    height = frame["a"] + rng.normal(0, 0.4, 200)
    frame["grade"] = np.array(GRADES)[np.digitize(height, [-0.7, 0.0, 0.7])]
    frame.to_csv(folder / "wines.csv", index=False)
    fast = ("members=null", "net.name=mlp", "recipe.lr=0.02")
    run(
        "train", "wines.csv", "--order", ",".join(GRADES), "--epochs", "8", "--out", "run",
        "--threads", "1", *(word for one in fast for word in ("--set", one)), cwd=folder,
    )  # fmt: skip
    return folder


def test_a_run_is_judged_by_how_far_its_grades_are_off(graded: Path) -> None:
    metrics = json.loads((graded / "run" / "metrics.json").read_text())
    assert (metrics["form"], metrics["primary"]["name"]) == ("ordinal", "mae")
    trivial = metrics["baselines"]["trivial"]["mae"]["value"]
    assert metrics["test"]["mae"]["value"] < 0.7 * trivial
    assert metrics["test"]["accuracy_within_one"]["value"] > 0.8
    ledger = json.loads((graded / "run" / "ledger.json").read_text())
    assert any("poor < fair < good < fine" in entry["what"] for entry in ledger)
    page = (graded / "run" / "report.html").read_text()
    assert (
        "Predict grade, a grade from poor to fine" in page and "are at most one grade off" in page
    )


def test_what_is_predicted_is_what_is_scored(graded: Path) -> None:
    done = run("predict", "run", "wines.csv", "--json", cwd=graded)
    said = pd.DataFrame(json.loads(done.stdout)["predictions"])
    assert list(said.columns) == ["prediction", *(f"probability_{name}" for name in GRADES)]
    at_most = said.drop(columns="prediction").to_numpy().cumsum(1)  # P(grade <= k)
    called = said["prediction"].map(GRADES.index).to_numpy()
    np.testing.assert_array_equal(called, (at_most >= 0.5).argmax(1))
    truth = pd.read_csv(graded / "wines.csv")["grade"].map(GRADES.index).to_numpy()
    scores = json.loads(run("evaluate", "run", "wines.csv", "--json", cwd=graded).stdout)["scores"]
    assert scores["mae"]["value"] == pytest.approx(np.abs(called - truth).mean())
    assert scores["accuracy"]["value"] == pytest.approx((called == truth).mean())


def test_grades_in_words_need_their_order(graded: Path) -> None:
    arguments = ("train", "wines.csv", "--task", "ordinal", "--out", "none")
    done = run(*arguments, cwd=graded, check=2)
    assert "--order 'fair,fine,good,...'" in done.stderr and not (graded / "none").exists()
    done = run(*arguments, "--order", "poor,fair,good", cwd=graded, check=2)
    assert "--order leaves out 'fine'" in done.stderr


def test_a_grade_that_was_not_learned_is_told_and_not_scored(graded: Path) -> None:
    frame = pd.read_csv(graded / "wines.csv")
    frame.loc[:4, "grade"] = "superb"
    frame.to_csv(graded / "others.csv", index=False)
    said = json.loads(run("evaluate", "run", "others.csv", "--json", cwd=graded).stdout)
    assert said["rows"] == 195
    told = [(entry["what"], entry["count"]) for entry in said["ledger"]]
    assert ("rows of a class that was not learned: 'superb'", 5) in told
