"""The command line as users and acceptance runs meet it: exit codes, JSON alone on stdout, one
clear sentence."""

import contextlib
import io
import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from netwright.cli.main import main
from netwright.cli.use import records_of


@dataclass
class Done:
    """What a command left: its exit code and what it wrote."""

    returncode: int
    stdout: str
    stderr: str


def run(*arguments: str, cwd: Path, check: int | None = 0) -> Done:
    """Run a command in this process, as `netwright ...` would in the folder `cwd`."""
    out, err, code = io.StringIO(), io.StringIO(), 0
    before = sys.argv
    sys.argv = ["netwright", *arguments]
    try:
        with (
            contextlib.chdir(cwd),
            contextlib.redirect_stdout(out),
            contextlib.redirect_stderr(err),
        ):
            main()
    except SystemExit as end:
        code = int(end.code or 0)
    finally:
        sys.argv = before
    assert check is None or code == check, err.getvalue()[-3000:]
    return Done(code, out.getvalue(), err.getvalue())


def spawn(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run a command in a process of its own, with warnings as errors."""
    environment = os.environ | {"OMP_NUM_THREADS": "1", "PYTHONWARNINGS": "error"}
    command = [sys.executable, "-m", "netwright.cli.main", *arguments]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, env=environment)


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.normal(size=(240, 3)), columns=["a", "b", "c"]).round(3)
    frame["colour"] = rng.choice(["red", "green"], 240)
    frame["label"] = np.where(frame["a"] + (frame["colour"] == "red") > 0.3, "yes", "no")
    path = tmp_path_factory.mktemp("table") / "data.csv"
    frame.to_csv(path, index=False)
    return path


@pytest.fixture(scope="module")
def trained(table: Path) -> Path:
    """One finished run that several tests look at."""
    run("train", "data.csv", "--epochs", "6", "--out", "run", "--threads", "1", cwd=table.parent)
    return table.parent / "run"


def test_help_lists_what_works_and_loads_nothing_heavy(tmp_path: Path) -> None:
    done = run("--help", cwd=tmp_path)
    for name in (
        "train", "doctor", "repair", "predict", "evaluate", "plan", "nets", "faults", "remedies",
        "data",
    ):  # fmt: skip
        assert f"  {name}" in done.stdout
    assert "studio" not in done.stdout
    code = (
        "import sys; sys.argv = ['netwright', '--help']\n"
        "from netwright.cli.main import main\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        "heavy = {'torch', 'numpy', 'pandas', 'sklearn', 'rich'} & sys.modules.keys()\n"
        "assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", code], check=True, stdout=subprocess.DEVNULL)


def test_a_run_folder_holds_what_the_contract_says(trained: Path) -> None:
    names = {path.name for path in trained.iterdir()}
    for name in (
        "plan.yaml", "run.yaml", "metrics.json", "ledger.json", "findings.json", "history.csv",
        "report.html", "model", "checkpoint",
    ):  # fmt: skip
        assert name in names, name
    assert any(name.startswith("events.out.tfevents") for name in names)
    assert any(name.startswith("trace.") for name in names)
    assert {path.name for path in (trained / "model").iterdir()} == {
        "model.safetensors", "config.json", "preprocessing.json", "README.md",
    }  # fmt: skip
    metrics = json.loads((trained / "metrics.json").read_text())
    assert {"task", "primary", "validation", "test", "baselines", "seconds"} <= metrics.keys()
    assert {"epochs", "parameters", "rows"} <= metrics.keys()
    assert metrics["rows"] == {"train": 154, "validation": 38, "test": 48}
    accuracy = metrics["test"]["accuracy"]
    assert accuracy["low"] <= accuracy["value"] <= accuracy["high"]
    assert set(metrics["baselines"]) == {"trivial", "linear", "trees"}
    assert {"verdict", "findings"} <= json.loads((trained / "findings.json").read_text()).keys()
    assert str(trained) not in "".join(p.read_text() for p in (trained / "model").glob("*.json"))


def test_json_is_alone_on_stdout(table: Path) -> None:
    done = spawn("train", "data.csv", "--epochs", "1", "--json", "--out", "j", cwd=table.parent)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["task"] == "classification"


def test_predictions_keep_the_rows_and_survive_strange_ones(trained: Path, table: Path) -> None:
    frame = pd.read_csv(table).head(4).drop(columns="label")
    frame["colour"] = frame["colour"].astype(object)
    frame.loc[1, "colour"] = "ultraviolet"
    frame.loc[2, "a"] = None
    frame["extra"] = 1
    frame.to_csv(table.parent / "new.csv", index=False)
    done = run("predict", "run", "new.csv", "--out", "p.csv", cwd=table.parent)
    predicted = pd.read_csv(table.parent / "p.csv")
    assert list(predicted.columns) == ["prediction", "probability_no", "probability_yes"]
    assert len(predicted) == 4
    np.testing.assert_allclose(predicted.filter(like="probability").sum(axis=1), 1, atol=1e-5)
    assert "ultraviolet" in done.stderr and "extra" in done.stderr


def test_a_missing_required_column_is_exit_3_naming_it(trained: Path, table: Path) -> None:
    pd.read_csv(table).drop(columns=["b"]).to_csv(table.parent / "short.csv", index=False)
    done = run("predict", "run", "short.csv", cwd=table.parent, check=3)
    assert "'b'" in done.stderr


def test_evaluate_scores_labelled_rows(trained: Path, table: Path) -> None:
    done = run("evaluate", "run", "data.csv", "--json", cwd=table.parent)
    found = json.loads(done.stdout)
    assert found["rows"] == 240 and 0.5 < found["scores"]["accuracy"]["value"] <= 1


def test_resume_leaves_a_finished_run_alone_and_refuses_other_arguments(
    trained: Path, table: Path
) -> None:
    before = {p: p.stat().st_mtime_ns for p in trained.rglob("*")}
    same = ("train", "data.csv", "--epochs", "6", "--out", "run", "--threads", "1", "--resume")
    run(*same, cwd=table.parent)
    assert {p: p.stat().st_mtime_ns for p in trained.rglob("*")} == before
    other = [*same[:3], "7", *same[4:]]
    done = run(*other, cwd=table.parent, check=2)
    assert "epochs: 6 then, 7 now" in done.stderr


def test_a_second_run_into_the_same_folder_is_refused_untouched(trained: Path, table: Path) -> None:
    before = sorted(trained.rglob("*"))
    done = run("train", "data.csv", "--out", "run", cwd=table.parent, check=2)
    assert "not empty" in done.stderr
    assert sorted(trained.rglob("*")) == before


@pytest.mark.slow
def test_without_out_runs_are_numbered(table: Path) -> None:
    for _ in range(2):
        run("train", "data.csv", "--epochs", "1", "--threads", "1", cwd=table.parent)
    assert (table.parent / "runs" / "data-002" / "metrics.json").is_file()


def test_the_plan_round_trips_through_the_command_line(trained: Path, table: Path) -> None:
    again = ("--plan", "run/plan.yaml", "--out", "again", "--epochs", "6", "--threads", "1")
    run("train", "data.csv", *again, cwd=table.parent)
    first, second = (
        (table.parent / n / "model" / "model.safetensors").read_bytes() for n in ("run", "again")
    )
    assert first == second


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["train", "nowhere.csv"], 3, "nowhere.csv"),
        (["train", "iriss"], 3, "iris"),
        (["train", "data.csv", "--target", "lable"], 3, "Did you mean 'label'"),
        (["train", "data.csv", "--task", "regression"], 3, "label"),
        (["train", "data.csv", "--task", "classificatoin"], 2, "Did you mean 'classification'"),
        (["train", "data.csv", "--metric", "acuracy"], 2, "Did you mean 'accuracy'"),
        (["train", "data.csv", "--set", "recipe.lrr=1"], 2, "Did you mean 'recipe.lr'"),
        (["train", "data.csv", "--set", "nonsense"], 2, "field=value"),
        (["train", "data.csv", "--time", "soon"], 2, "90s"),
        (["train", "data.csv", "--members", "0"], 2, "members.count is 0"),
        (["train", "data.csv", "--set", "members.cuont=3"], 2, "Did you mean 'members.count'"),
        (["train", "data.csv", "--plan", "absent.yaml"], 2, "absent.yaml"),
        (["train", "data.csv", "--device", "gpu"], 2, "device"),
        (["train", "data.csv", "--colour"], 2, "--colour"),
        (["train", "data.csv", "--resume"], 2, "--out"),
        (["predict", "nowhere", "data.csv"], 2, "nowhere"),
        (["evaluate", "data.csv", "data.csv"], 2, "data.csv"),
    ],
)
def test_mistakes_are_one_clear_sentence(
    arguments: list[str], code: int, said: str, table: Path
) -> None:
    done = run(*arguments, cwd=table.parent, check=code)
    assert said in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a,label\n" + "1,x\n" * 40, "one class"),
        ("a,label\n" + "1,\n" * 40, "no value"),
        ("", "empty"),
        ("a,label\n1,x\n2,y\n", "row"),
        ("a,label\n" + "".join(f"{i},c{i}\n" for i in range(30)), "class"),
    ],
)
def test_data_that_cannot_be_used_is_exit_3(text: str, said: str, tmp_path: Path) -> None:
    (tmp_path / "bad.csv").write_text(text)
    done = run("train", "bad.csv", "--task", "classification", cwd=tmp_path, check=3)
    assert said in done.stderr.lower()
    assert not (tmp_path / "runs" / "bad-001").exists()


def test_an_unwritable_output_folder_is_exit_2(table: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    done = run("train", str(table), "--out", str(tmp_path / "file" / "run"), cwd=tmp_path, check=2)
    assert "--out" in done.stderr


def test_a_full_disk_is_exit_2(trained: Path, table: Path) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("there is no /dev/full here")
    done = run("predict", "run", "data.csv", "--out", "/dev/full", cwd=table.parent, check=None)
    assert done.returncode == 2 and "No space left" in done.stderr


def test_catalogues_as_text_and_json(tmp_path: Path) -> None:
    assert "mlp" in run("nets", cwd=tmp_path).stdout
    assert {"id", "title"} <= json.loads(run("nets", "--json", cwd=tmp_path).stdout)[0].keys()
    assert "digits" in json.loads(run("data", "--json", cwd=tmp_path).stdout)["builtin"]


def test_faults_and_remedies_are_listed_and_explained(tmp_path: Path) -> None:
    for what, one, told in (
        ("faults", "dying-relu", "## Why is this bad?"),
        ("remedies", "leaky-relu", "Against: dying-relu"),
    ):
        listed = json.loads(run(what, "--json", cwd=tmp_path).stdout)
        assert {"id", "title"} <= listed[0].keys() and one in [item["id"] for item in listed]
        assert one in run(what, cwd=tmp_path).stdout
        assert told in run(what, one, cwd=tmp_path).stdout
        assert json.loads(run(what, one, "--json", cwd=tmp_path).stdout)["id"] == one
        done = run(what, f"{one}x", cwd=tmp_path, check=2)
        assert f"Did you mean '{one}'" in done.stderr


def test_plan_shows_reasons_and_trains_nothing(table: Path, tmp_path: Path) -> None:
    done = run("plan", str(table), cwd=tmp_path)
    assert "net.name" in done.stdout and "recipe.batch_size" in done.stdout
    assert list(tmp_path.iterdir()) == []


SMALL = ("--set", "net.name=mlp", "--set", "recipe.epochs=5", "--threads", "1")


@pytest.fixture(scope="module")
def ensemble(table: Path) -> Path:
    """A finished run of three members."""
    run("train", "data.csv", "--members", "3", *SMALL, "--out", "three", cwd=table.parent)
    return table.parent / "three"


def test_members_make_an_ensemble_that_opens_and_predicts_again(
    ensemble: Path, table: Path
) -> None:
    metrics = json.loads((ensemble / "metrics.json").read_text())
    assert metrics["members"] == {"trained": 3, "chosen": 3} and metrics["epochs"] == 5
    config = json.loads((ensemble / "model" / "config.json").read_text())
    assert config["net"]["name"] == "ensemble"
    assert [net["name"] for net in config["net"]["nets"]] == ["mlp"] * 3
    assert 'id="members"' in (ensemble / "report.html").read_text()
    assert (ensemble / "history.csv").read_text().count("\n") == 6
    for name in ("first", "second"):
        run("predict", "three", "data.csv", "--out", f"{name}.csv", cwd=table.parent)
    first, second = ((table.parent / f"{n}.csv").read_bytes() for n in ("first", "second"))
    assert first == second
    found = json.loads(run("evaluate", "three", "data.csv", "--json", cwd=table.parent).stdout)
    assert found["scores"]["accuracy"]["value"] > 0.5


def test_the_plan_of_an_ensemble_gives_it_again(ensemble: Path, table: Path) -> None:
    again = ("--plan", "three/plan.yaml", "--set", "members.count=3", "--threads", "1")
    run("train", "data.csv", *again, "--out", "thrice", cwd=table.parent)
    one, other = (
        (table.parent / n / "model" / "model.safetensors").read_bytes() for n in ("three", "thrice")
    )
    assert one == other


def test_one_member_is_the_plans_own_net(table: Path) -> None:
    run("train", "data.csv", "--members", "1", *SMALL, "--out", "one", cwd=table.parent)
    config = json.loads((table.parent / "one" / "model" / "config.json").read_text())
    assert config["net"]["name"] == "mlp"


def test_a_space_that_does_not_fit_leaves_nothing_behind(table: Path) -> None:
    space = "members.space={recipe.lrr: [1, 2]}"
    arguments = ("--members", "2", "--set", space, "--out", "nothing")
    done = run("train", "data.csv", *arguments, cwd=table.parent, check=2)
    assert "Did you mean 'recipe.lr'" in done.stderr
    assert not (table.parent / "nothing").exists()


@pytest.mark.parametrize("suffix", ["tsv", "jsonl", "parquet"])
def test_predictions_are_written_as_the_suffix_says(
    trained: Path, table: Path, suffix: str
) -> None:
    file = table.parent / f"p.{suffix}"
    run("predict", "run", "data.csv", "--out", file.name, cwd=table.parent)
    readers = {
        "tsv": lambda path: pd.read_csv(path, sep="\t"),
        "jsonl": lambda path: pd.read_json(path, lines=True),
        "parquet": pd.read_parquet,
    }
    assert len(readers[suffix](file)) == len(pd.read_csv(table))


def test_json_holds_the_predictions_or_says_where_they_are(trained: Path, table: Path) -> None:
    plain = run("predict", "run", "data.csv", cwd=table.parent)
    said = json.loads(run("predict", "run", "data.csv", "--json", cwd=table.parent).stdout)
    expected = pd.read_csv(io.StringIO(plain.stdout))
    pd.testing.assert_frame_equal(pd.DataFrame(said["predictions"]), expected)
    assert said["rows"] == len(expected) and said["out"] is None
    arguments = ("predict", "run", "data.csv", "--json", "--out", "elsewhere.csv")
    said = json.loads(run(*arguments, cwd=table.parent).stdout)
    assert said["out"] == "elsewhere.csv" and "predictions" not in said


def test_a_row_without_a_prediction_is_null_in_json() -> None:
    frame = pd.DataFrame({"prediction": ["é", None], "probability_é": np.float32([0.25, np.nan])})
    assert records_of(frame) == [
        {"prediction": "é", "probability_é": 0.25},
        {"prediction": None, "probability_é": None},
    ]


def test_an_unknown_suffix_for_predictions_is_refused_before_any_work(
    trained: Path, table: Path
) -> None:
    done = run("predict", "run", "data.csv", "--out", "p.xlsx", cwd=table.parent, check=2)
    assert ".parquet" in done.stderr
