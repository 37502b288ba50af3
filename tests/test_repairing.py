"""`netwright repair`: a sick run folder becomes a mended one; what is not whole is refused."""

import contextlib
import io
import json
import shutil
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from netwright.cli.main import main
from netwright.plan.plan import Plan
from netwright.watch.trace import Trace

SMALL = ("--set", "net.name=mlp", "--set", "recipe.epochs=12", "--threads", "1")


def run(*arguments: str, cwd: Path, check: int = 0) -> tuple[str, str]:
    """Run a command in the folder `cwd`; return what it wrote to stdout and stderr."""
    out, err, code, before = io.StringIO(), io.StringIO(), 0, sys.argv
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
    assert code == check, out.getvalue()[-2000:] + err.getvalue()[-2000:]
    return out.getvalue(), err.getvalue()


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.normal(size=(300, 3)), columns=["a", "b", "c"]).round(3)
    frame["label"] = np.where(frame["a"] + frame["b"] > 0, "yes", "no")
    folder = tmp_path_factory.mktemp("table")
    frame.to_csv(folder / "data.csv", index=False)
    return folder


@pytest.fixture(scope="module")
def sick(table: Path) -> Path:
    rate = ("--set", "recipe.lr=30", "--set", "recipe.clip=null")
    run("train", "data.csv", *SMALL, *rate, "--out", "sick", cwd=table)
    return table / "sick"


@pytest.fixture(scope="module")
def mended(sick: Path) -> Path:
    before = {p: p.stat().st_mtime_ns for p in sick.rglob("*")}
    run("repair", "sick", "--out", "mended", "--threads", "1", cwd=sick.parent)
    assert {p: p.stat().st_mtime_ns for p in sick.rglob("*")} == before
    return sick.parent / "mended"


def test_a_sick_run_becomes_a_mended_one_with_its_proof(sick: Path, mended: Path) -> None:
    proof = json.loads((mended / "proof.json").read_text())
    assert proof["verdict"] == "repaired" and proof["kept"] == ["lower-lr"]
    assert proof["remedies"][0]["p_value"] <= 0.05 and len(proof["control"]["scores"]) == 5
    before, after = Plan.load(sick / "plan.yaml"), Plan.load(mended / "plan.yaml")
    assert after.recipe.lr != before.recipe.lr and "repaired by" in after.why["recipe.lr"]
    scores = [json.loads((f / "metrics.json").read_text())["primary"] for f in (sick, mended)]
    assert scores[1]["value"] > scores[0]["value"]
    assert 'id="repair"' in (mended / "report.html").read_text()
    for name in ("model", "findings.json", "history.csv", "run.yaml", "ledger.json"):
        assert (mended / name).exists(), name
    run("predict", "mended", "data.csv", "--out", "p.csv", cwd=mended.parent)


def test_a_healthy_run_is_left_alone(mended: Path) -> None:
    verdict = json.loads((mended / "findings.json").read_text())["verdict"]
    assert verdict == "healthy"
    out, _ = run("repair", "mended", "--json", cwd=mended.parent)
    assert json.loads(out)["verdict"] == "healthy" and json.loads(out)["folder"] is None
    assert not (mended.parent / "runs").exists()


def test_a_net_that_hardly_learned_is_not_called_healthy(mended: Path, tmp_path: Path) -> None:
    shutil.copytree(mended, tmp_path / "noise")
    trace = Trace.load(tmp_path / "noise")
    for name in ("least", "constant", "simple"):  # as of a target that nothing predicts
        trace.record(f"score.{name}", "", 1000, 0.5)
    trace.save(tmp_path / "noise")
    out, _ = run("repair", "noise", cwd=tmp_path)
    assert out.startswith("Nothing was trained: the net is no better on the test rows")
    assert "simple models do no better" in out and "Healthy" not in out
    proof = json.loads(run("repair", "noise", "--json", cwd=tmp_path)[0])
    assert proof["verdict"] == "not-repaired" and proof["untreated"] == out.strip()


def test_a_training_that_failed_is_mended(table: Path) -> None:
    rate = ("--set", "recipe.lr=1e30", "--set", "recipe.clip=null", "--set", "recipe.optimizer=sgd")
    _, err = run("train", "data.csv", *SMALL, *rate, "--out", "failed", cwd=table, check=4)
    assert "netwright repair failed" in err
    found = json.loads((table / "failed" / "findings.json").read_text())
    assert found["verdict"] == "faulty"
    out, _ = run("repair", "failed", "--threads", "1", "--json", cwd=table)
    proof = json.loads(out)
    assert proof["verdict"] == "repaired" and proof["control"]["failed"] == 5
    assert (table / proof["folder"] / "metrics.json").is_file()


def test_mistakes_are_one_clear_sentence(sick: Path, tmp_path: Path) -> None:
    table = sick.parent

    def refused(*arguments: str, code: int = 2) -> str:
        _, err = run("repair", *arguments, cwd=table, check=code)
        assert "Traceback" not in err
        return err

    assert "no run.yaml" in refused("nowhere")
    assert "5 to 16" in refused("sick", "--seeds", "3", "--out", str(tmp_path / "o"))
    assert "not empty" in refused("sick", "--out", "sick")
    half = tmp_path / "half"
    shutil.copytree(sick, half)
    (half / "findings.json").unlink()
    assert "not finished" in refused(str(half))
    (half / "run.yaml").write_text("a: [")
    assert "is broken" in refused(str(half))
    (half / "run.yaml").write_text("method: bayes\n")
    assert "no run of one plan" in refused(str(half))


def test_a_source_that_changed_is_refused(sick: Path, tmp_path: Path) -> None:
    shutil.copytree(sick, tmp_path / "sick")
    frame = pd.read_csv(sick.parent / "data.csv")
    frame.iloc[::-1].to_csv(tmp_path / "data.csv", index=False)
    _, err = run("repair", "sick", "--out", "new", cwd=tmp_path, check=3)
    assert "sha256" in err and "same rows" in err and not (tmp_path / "new").exists()
