"""Puts `check_cases` within reach of the tests below, and takes time out of what they see: a busy
machine must not change an answer."""

import pytest

from netwright.check import case
from netwright.watch import learner


@pytest.fixture(autouse=True)
def no_hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(case, "OUT_OF_FOLD_SECONDS", 120.0)
    monkeypatch.setattr(learner, "_ALLOWANCE", 120.0)  # of sampling
