"""netwright tune as users meet it: a folder, a leaderboard, exit codes, resuming."""

import csv
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from test_cli import run

from netwright.plan.plan import Plan

FAST = (
    "--set",
    "net.name=mlp",
    "--set",
    "net.dropout=0.1",
    "--epochs",
    "3",
    "--threads",
    "1",
    "--method",
    "random",
)


@pytest.fixture(scope="module")
def tuned(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tune")
    (folder / "space.yaml").write_text("recipe.lr: {log: [1e-4, 1e-1]}\nnet.dropout: [0.1, 0.2]\n")
    run("tune", "iris", "--space", "space.yaml", "--trials", "4", "--out", "s", *FAST, cwd=folder)
    return folder


def test_the_folder_holds_all(tuned: Path) -> None:
    folder = tuned / "s"
    for name in ("plan.yaml", "space.yaml", "study.journal", "run.yaml", "ledger.json"):
        assert (folder / name).is_file(), name
    study = json.loads((folder / "study.json").read_text())
    assert len(study["trials"]) == study["requested"] == 4 and study["interrupted"] is False
    with (folder / "leaderboard.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert int(rows[0]["trial"]) == study["best"]
    scores = [float(row["accuracy"]) for row in rows]
    assert scores == sorted(scores, reverse=True)
    plan = Plan.load(folder / "plan.yaml")
    assert plan.recipe.lr == pytest.approx(float(rows[0]["recipe.lr"]))
    assert "trial" in plan.why["recipe.lr"]
    assert "What the winner changed" in (folder / "report.html").read_text()


def test_the_winner_can_be_trained(tuned: Path) -> None:
    done = run(
        "train", "iris", "--plan", "s/plan.yaml", "--threads", "1", "--out", "t", "--json",
        cwd=tuned,
    )  # fmt: skip
    found = json.loads(done.stdout)["validation"]["accuracy"]["value"]
    study = json.loads((tuned / "s" / "study.json").read_text())
    assert found == pytest.approx(study["trials"][study["best"]]["score"])


def test_rows_without_a_class_are_learned_from_as_told(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.normal(size=(150, 2)), columns=["a", "b"]).round(3)
    kinds = np.where(frame["a"] > 0, "yes", "no").astype(object)
    frame["kind"] = np.where(rng.random(150) < 0.5, None, kinds)
    frame.to_csv(tmp_path / "part.csv", index=False)
    done = run(
        "tune", "part.csv", "--unlabelled", "--target", "kind", "--trials", "2", "--out", "s",
        *FAST, cwd=tmp_path,
    )  # fmt: skip
    study = json.loads((tmp_path / "s" / "study.json").read_text())
    assert [trial["state"] for trial in study["trials"]] == ["complete"] * 2
    assert Plan.load(tmp_path / "s" / "plan.yaml").objective["name"] == "semi-supervised"
    command = "netwright train part.csv --plan s/plan.yaml --target kind --unlabelled"
    assert f"To train it and test it: {command}\n" in done.stdout
    assert command in (tmp_path / "s" / "report.html").read_text()
    words = (*command.split()[1:], "--epochs", "2", "--out", "r", "--json", "--threads", "1")
    assert json.loads(run(*words, cwd=tmp_path).stdout)["rows"]["unlabelled"] > 50


def test_a_finished_study_is_left_alone_and_goes_on_with_more_trials(tuned: Path) -> None:
    common = ("tune", "iris", "--space", "space.yaml", "--out", "s", *FAST)
    before = (tuned / "s" / "study.json").read_bytes()
    assert "nothing was changed" in run(*common, "--resume", cwd=tuned).stdout
    assert (tuned / "s" / "study.json").read_bytes() == before
    assert "left untouched" in run(*common, cwd=tuned, check=2).stderr
    done = run(*common, "--resume", "--trials", "5", "--json", cwd=tuned)
    study = json.loads(done.stdout)
    assert len(study["trials"]) == 5 and study["trials"][:4] == json.loads(before)["trials"]


def test_others_join_by_the_storage_and_a_folder_warms_up(tuned: Path) -> None:
    common = ("tune", "iris", "--space", "space.yaml", "--storage", "all.journal", *FAST)
    first = run(
        *common, "--trials", "2", "--warm-start", "s", "--out", "a", "--json", cwd=tuned
    )  # fmt: skip
    second = run(*common, "--trials", "3", "--out", "b", "--json", cwd=tuned)
    one, two = json.loads(first.stdout), json.loads(second.stdout)
    assert two["trials"][:2] == one["trials"] and len(two["trials"]) == 3
    winner = Plan.load(tuned / "s" / "plan.yaml")
    assert one["trials"][1]["changes"]["recipe.lr"] == winner.recipe.lr


def test_a_default_space_is_chosen(tmp_path: Path) -> None:
    run("tune", "iris", "--trials", "1", "--out", "s", *FAST, cwd=tmp_path)
    space = yaml.safe_load((tmp_path / "s" / "space.yaml").read_text())
    assert {"recipe.lr", "recipe.weight_decay", "net.dropout"} <= set(space)


@pytest.mark.parametrize(
    ("text", "flags", "said"),
    [
        ("recipe.lrr: [1]", (), "Did you mean 'recipe.lr'"),
        ("recipe.lr: {log: [1, 0.1]}", (), "is empty"),
        ("recipe.lr: [0.1]", ("--metric", "acuracy"), "Did you mean 'accuracy'"),
        ("recipe.lr: [0.1]", ("--storage", "mysql://me:pw@127.0.0.1:1/x"), "cannot be reached"),
        ("recipe.lr: [0.1]", ("--method", "magic"), "There is no method 'magic'"),
    ],
)
def test_wrong_flags_are_one_sentence_and_leave_nothing(
    text: str, flags: tuple[str, ...], said: str, tmp_path: Path
) -> None:
    (tmp_path / "space.yaml").write_text(text)
    arguments = ("tune", "iris", "--space", "space.yaml", "--trials", "1", "--out", "s")
    done = run(*arguments, "--set", "net.name=mlp", *flags, cwd=tmp_path, check=2)
    last = done.stderr.strip().splitlines()[-1]
    assert last.startswith("netwright: ") and said in last and done.stderr.count("Traceback") == 0
    assert not (tmp_path / "s").exists()


def test_no_trial_with_a_score_is_exit_4_with_the_folder_written(tmp_path: Path) -> None:
    (tmp_path / "space.yaml").write_text("recipe.lr: [1e30]")
    done = run(
        "tune", "iris", "--space", "space.yaml", "--trials", "1", "--out", "s", *FAST,
        cwd=tmp_path, check=4,
    )  # fmt: skip
    assert "None of 1 trials has a score" in done.stderr
    assert "Failed trials" in (tmp_path / "s" / "report.html").read_text()
