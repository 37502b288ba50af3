"""Trials whose worker is gone."""

import optuna
import pytest

from netwright.tune import trials


def test_a_trial_that_nobody_signed_in_time_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    study = optuna.create_study()
    study.ask({"x": optuna.distributions.FloatDistribution(0, 1)})  # its worker died before signing
    assert trials.unsigned(study)
    assert trials.take_over(study) == 0 and trials.counted(study) == 1
    monkeypatch.setattr(trials, "UNSIGNED_SECONDS", -1.0)
    assert trials.take_over(study) == 1 and trials.counted(study) == 0
    assert not trials.unsigned(study)
