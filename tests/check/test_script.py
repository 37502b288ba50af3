"""check_training: every question is asked, several nets are one answer, nothing seen is said."""

import time
from pathlib import Path

import pytest
from script_cases import WELL, changed, seen, watch

from netwright.check import script
from netwright.check import seen as module
from netwright.check.on_scripts import overfit_one_batch
from netwright.check.result import Check
from netwright.check.script import SCRIPT_CHECKS, check_training, run_script_checks
from netwright.check.text import to_text

GAN = """
import torch
from torch import nn
torch.manual_seed(0)
make = nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Linear(16, 6))
judge = nn.Sequential(nn.Linear(6, 16), nn.LeakyReLU(0.2), nn.Linear(16, 1))
first = torch.optim.Adam(make.parameters(), lr=1e-3)
second = torch.optim.Adam(judge.parameters(), lr=1e-3)
bce = nn.BCEWithLogitsLoss()
for step in range(30):
    real, fake = torch.randn(32, 6) * 2 + 1, make(torch.randn(32, 4))
    second.zero_grad()
    loss = bce(judge(real), torch.ones(32, 1)) + bce(judge(fake.detach()), torch.zeros(32, 1))
    loss.backward()
    second.step()
    first.zero_grad()
    bce(judge(fake), torch.ones(32, 1)).backward()
    first.step()
"""


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PROBE_SECONDS", 2.0)
    monkeypatch.setattr(overfit_one_batch, "STEPS", 200)


def test_a_gan_raises_no_alarm(tmp_path: Path) -> None:
    observer = watch(GAN, tmp_path)
    found = check_training(observer, name="gan.py", began=time.perf_counter())
    assert not found.of("failed", "warning"), str(found)
    assert [one.name for one in found] == [c.__name__.replace("_", "-") for c in SCRIPT_CHECKS]
    assert found.steps == 40 and found.verdict == "passed"


def test_the_gravest_of_several_trainings_counts(tmp_path: Path) -> None:
    twice = WELL + changed(("        optimizer.zero_grad()\n", ""))
    observer = watch(changed(("range(4)", "range(2)"), code=twice), tmp_path, steps=60)
    assert len(observer.learners) == 2
    found = check_training(observer, name="twice.py", began=time.perf_counter())
    assert found["zero-grad"].status == "failed" and found.exit_code == 10
    text = to_text(found)
    assert "train.py:" in text and "optimizer.zero_grad()" in text  # the line, and the patch
    assert found.findings[0].patch


def test_no_training_is_said() -> None:
    found = check_training(None, name="plot.py", script_exit=1, began=time.perf_counter())
    assert found.verdict == "unchecked" and found.exit_code == 11 and len(found) == 0
    assert "No training was seen" in to_text(found)
    assert found.to_dict()["script_exit"] == 1


def test_a_question_that_fails_is_told_and_the_others_are_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(seen: object) -> Check:
        raise RuntimeError("no such batch")

    monkeypatch.setattr(script, "SCRIPT_CHECKS", (broken, SCRIPT_CHECKS[0]))
    found = run_script_checks(seen(WELL, tmp_path, steps=2))
    assert [one.status for one in found] == ["skipped", "passed"]
    assert "no such batch" in found[0].words
