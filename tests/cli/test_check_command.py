"""netwright check as users meet it: a readable table, one JSON object, exit codes, a folder."""

import json
import os
import subprocess
import sys
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


SCRIPT = """
import os, sys, torch
from torch import nn
torch.manual_seed(0)
print("args", sys.argv[1:], sys.stdin.readline())
os.system("echo a child")
x = torch.randn(200, 4)
y = x @ torch.randn(4, 1)
net = nn.Sequential(nn.Linear(4, 16), nn.Tanh(), nn.Linear(16, 1))
opt = torch.optim.SGD(net.parameters(), lr=0.05)
for step in range(90):
    rows = torch.randint(200, (20,))
    loss = nn.functional.mse_loss(net(x[rows]), y[rows])
    opt.zero_grad()
    loss.backward()
    opt.step()
sys.exit(3)
"""


def _spawn(*arguments: str, cwd: Path, text: str = "") -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "netwright.cli.main", "check", *arguments]
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    return subprocess.run(
        command, cwd=cwd, env=environment, input=text, text=True, capture_output=True, timeout=120
    )


@pytest.mark.slow
def test_a_script_is_stopped_early_and_its_words_go_to_stderr(tmp_path: Path) -> None:
    (tmp_path / "train.py").write_text(SCRIPT)
    options = ("train.py", "--steps", "30", "--json", "--out", "o", "--", "--epochs", "2")
    done = _spawn(*options, cwd=tmp_path, text="typed")
    found = json.loads(done.stdout)
    assert done.returncode == 0 and found["verdict"] == "passed", done.stdout
    assert (found["steps"], found["script_exit"]) == (30, 0)  # it never came to sys.exit(3)
    assert "args ['--epochs', '2'] typed" in done.stderr and "a child" in done.stderr
    assert json.loads((tmp_path / "o" / "checks.json").read_text()) == found
    assert sorted(p.name for p in tmp_path.iterdir()) == ["o", "train.py"]
    status = {check["name"]: check["status"] for check in found["checks"]}
    assert status["gradients"] == status["overfit-one-batch"] == "passed"


@pytest.mark.slow
def test_a_script_that_fails_is_exit_11_with_what_was_seen(tmp_path: Path) -> None:
    (tmp_path / "train.py").write_text(SCRIPT.replace("range(90)", "range(12)"))
    done = _spawn("train.py", cwd=tmp_path)
    assert done.returncode == 11 and "exit 3" in done.stdout
    assert "12 steps" in done.stdout.splitlines()[0]


def test_a_fault_in_a_script_is_exit_10_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "train.py").write_text(SCRIPT.replace("    opt.zero_grad()\n", ""))
    done = _spawn("train.py", "--json", cwd=tmp_path)
    assert done.returncode == 10
    finding = json.loads(done.stdout)["findings"][0]
    assert finding["fault"] == "missing-zero-grad" and "opt.zero_grad()" in finding["patch"]
    line = SCRIPT.replace("    opt.zero_grad()\n", "").splitlines()[finding["where"]["line"] - 1]
    assert line.strip() == "loss.backward()"


@pytest.mark.slow
def test_scripts_that_do_not_train(tmp_path: Path) -> None:
    (tmp_path / "broken.py").write_text("print('x')\nraise ValueError('no data')\n")
    done = _spawn("broken.py", cwd=tmp_path)
    assert done.returncode == 11 and "No training was seen" in done.stdout
    assert "ValueError: no data" in done.stderr and "netwright/" not in done.stderr
    (tmp_path / "plain.py").write_text("print('x')\n")
    done = _spawn("plain.py", cwd=tmp_path)
    assert done.returncode == 0 and "nothing could be checked" in done.stdout


def test_flags_that_do_not_fit_are_usage_errors(tmp_path: Path) -> None:
    (tmp_path / "train.py").write_text(SCRIPT)
    table = _table(tmp_path, leak=False)
    for wrong in (
        ["absent.py"],
        ["train.py", "--target", "y"],
        ["train.py", "--steps", "0"],
        [table, "--steps", "5"],
        [table, "more"],
    ):
        assert run("check", *wrong, cwd=tmp_path, check=2).stderr
