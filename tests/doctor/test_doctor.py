"""`netwright doctor` from outside: what a script's user and a CI job rely on."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from netwright.cli.doctor import run_doctor
from netwright.errors import UsageError
from netwright.run_folder import write_json

TRAINING = """
import sys, torch
from torch import nn
print("args", sys.argv[1:], __name__, __file__)
torch.manual_seed(0)
x = torch.randn(200, 4)
y = (x[:, :1] * 2 + 1)
net = nn.Linear(4, 1)
opt = torch.optim.SGD(net.parameters(), lr=0.05)
for step in range(60):
    loss = nn.functional.mse_loss(net(x), y)
    opt.zero_grad()
    loss.backward()
    opt.step()
print(loss.item())
"""
SICK = TRAINING.replace("    opt.zero_grad()\n", "")


def python(*arguments: str, cwd: Path, text: str = "") -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    return subprocess.run(
        [sys.executable, *arguments], cwd=cwd, env=environment, input=text, text=True,
        capture_output=True, timeout=120,
    )  # fmt: skip


def doctor(*arguments: str, cwd: Path, text: str = "") -> subprocess.CompletedProcess[str]:
    return python("-m", "netwright.cli.main", "doctor", *arguments, cwd=cwd, text=text)


def test_a_sick_script_its_json_its_sarif_and_its_folder(tmp_path: Path) -> None:
    (tmp_path / "train.py").write_text(SICK)
    options = ("--json", "f.json", "--sarif", "f.sarif", "--out", "kept")
    done = doctor(*options, "train.py", "--json", "theirs", cwd=tmp_path)
    assert done.returncode == 10
    assert done.stdout == python("train.py", "--json", "theirs", cwd=tmp_path).stdout
    found = json.loads((tmp_path / "f.json").read_text())
    assert found["verdict"] == "faulty" and found["steps"] == 60 and found["script_exit"] == 0
    first = found["findings"][0]
    assert first["fault"] == "missing-zero-grad" and "opt.zero_grad()" in first["patch"]
    assert first["where"]["file"].endswith("train.py")
    assert SICK.splitlines()[first["where"]["line"] - 1].strip() == "loss.backward()"
    assert "missing-zero-grad" in done.stderr
    log = json.loads((tmp_path / "f.sarif").read_text())
    assert log["version"] == "2.1.0"
    result = log["runs"][0]["results"][0]
    assert (result["ruleId"], result["level"]) == ("missing-zero-grad", "error")
    again = doctor("kept", cwd=tmp_path)
    assert again.returncode == 10 and "missing-zero-grad" in again.stderr
    assert sorted(p.name for p in tmp_path.iterdir()) == [
        "f.json", "f.sarif", "kept", "train.py",
    ]  # fmt: skip


def test_a_run_folder_is_read_and_not_run(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_json(tmp_path / "findings.json", {"verdict": "healthy", "findings": []})
    write_json(tmp_path / "metrics.json", {"verdict": "Nothing was learned."})
    (tmp_path / "history.csv").write_text("epoch,step\n1,12\n2,24\n")
    none: Any = dict(is_module=False, steps=None, out=None, sarif_file=None)
    assert run_doctor([str(tmp_path)], json_file=str(tmp_path / "f.json"), **none) == 0
    said = capsys.readouterr().err
    assert "(24 steps); nothing was run" in said and "watching cost" not in said
    assert "note: on the test rows: Nothing was learned." in said
    assert json.loads((tmp_path / "f.json").read_text())["steps"] == 24
    with pytest.raises(UsageError, match="stand before it"):
        run_doctor([str(tmp_path), "--json", "f.json"], json_file=None, **none)


@pytest.mark.slow
def test_a_healthy_module_stopped_early(tmp_path: Path) -> None:
    (tmp_path / "pack").mkdir()
    (tmp_path / "pack" / "__init__.py").write_text("")
    (tmp_path / "pack" / "go.py").write_text(TRAINING)
    done = doctor("--json", "f.json", "--steps", "20", "-m", "pack.go", "--lr", "3", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "args ['--lr', '3'] __main__" in done.stdout
    assert json.loads((tmp_path / "f.json").read_text())["steps"] == 20


@pytest.mark.slow
def test_scripts_that_fail_leave_or_never_train(tmp_path: Path) -> None:
    crash = "import torch\nnet = torch.nn.Linear(3, 1)\nnet(torch.ones(2, 4))\n"
    (tmp_path / "crash.py").write_text(crash)
    done, plain = doctor("crash.py", cwd=tmp_path), python("crash.py", cwd=tmp_path)
    assert done.returncode == 11
    assert done.stderr.startswith(plain.stderr)
    (tmp_path / "leave.py").write_text(
        "import sys, os\nos.chdir('/')\nprint(input())\nsys.exit('said why')\n"
    )
    done = doctor("--json", "f.json", "leave.py", cwd=tmp_path, text="hello\n")
    assert (done.returncode, done.stdout) == (11, "hello\n")
    assert done.stderr.startswith("said why\n") and "No training was seen" in done.stderr
    assert json.loads((tmp_path / "f.json").read_text())["script_exit"] == 1
    assert doctor("nowhere.py", cwd=tmp_path).returncode == 2


@pytest.mark.slow
def test_children_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / "fork.py").write_text(
        "import os, torch\n" + TRAINING + "if os.fork() == 0:\n    print('child')\n"
        "else:\n    os.wait()\n    print('parent')\n"
    )
    done = doctor("fork.py", cwd=tmp_path)
    assert done.returncode == 0 and done.stderr.count("netwright doctor") == 1
    assert "child" in done.stdout and done.stdout.count("parent") == 1
