"""The verdict says who wins beyond chance, and pairs the rows to see small differences."""

import numpy as np
import pytest

from netwright.data.task import Task
from netwright.evaluate.baselines import Baseline
from netwright.evaluate.metrics import Scores, score_classes, score_values
from netwright.evaluate.verdict import compare, verdict

NUMBER = Task(name="regression", form="regression", target="y")
BINARY = Task(
    name="classification", form="binary", target="y", classes=("no", "yes"), positive="yes"
)


def regression(noise: float, *, seed: int = 0, rows: int = 300, extra: float = 0.0) -> Scores:
    rng = np.random.default_rng(0)
    t = rng.normal(size=rows)
    error = rng.normal(size=rows)
    other = np.random.default_rng(seed + 1).normal(size=rows)
    return score_values(t + noise * error + extra * other, t, NUMBER)


def test_pairing_sees_what_the_intervals_alone_do_not() -> None:
    net, rival = regression(1.0), regression(1.03, extra=0.02)
    assert net["rmse"].high is not None and net["rmse"].high > rival["rmse"].value
    lead = compare(net, rival)
    assert lead.low is not None and lead.value > 0 and lead.low > 0
    assert verdict(net, {"linear": rival}).startswith("The net beats the linear model")
    assert compare(rival, net).value == pytest.approx(-lead.value)


def test_a_winning_baseline_is_named_and_told_to_be_used() -> None:
    net = regression(1.0)
    rivals = {"trivial": regression(3.0), "linear": regression(0.9), "trees": regression(0.5)}
    sentence = verdict(net, rivals)
    assert sentence.startswith("Gradient-boosted trees beat the net by 0.4")
    assert "RMSE" in sentence and "Use them" in sentence and sentence.endswith(".")
    rivals["trees"] = None  # type: ignore[assignment]
    assert verdict(net, rivals).startswith("The linear model beats the net by")


def test_a_win_over_a_baseline_that_was_held_back_says_so() -> None:
    trees = Baseline("trees", regression(2.0), "stopped at 5 of 100 rounds", cut=True)
    linear = Baseline("linear", regression(3.0))
    sentence = verdict(regression(1.0), {"linear": linear, "trees": trees})
    assert sentence.endswith("The bound on time cut short gradient-boosted trees.")
    assert "Held back" not in verdict(regression(1.0), {"linear": linear})


def test_a_naive_forecast_is_called_by_its_name() -> None:
    season = Baseline("seasonal naive", regression(0.5))
    assert verdict(regression(1.0), {"trivial": season}).startswith(
        "Repeating the last season beats the net by"
    )


def test_a_difference_of_chance_is_called_so() -> None:
    net, rival = regression(1.0, extra=0.3), regression(1.0, extra=0.31, seed=7)
    sentence = verdict(net, {"trees": rival})
    assert sentence.startswith("The net is no better than gradient-boosted trees beyond chance")
    assert verdict(net, {"trees": net}).count("level with") == 1


def test_other_rows_are_compared_unpaired() -> None:
    net, rival = regression(1.0), regression(2.0, rows=200)
    lead = compare(net, rival)
    assert lead.low is not None and lead.high is not None and lead.low < lead.value < lead.high


def test_without_intervals_or_baselines() -> None:
    p = np.array([0.9, 0.2, 0.8, 0.4])
    t = np.array([1, 0, 1, 1])
    net = score_classes(p, t, BINARY, resamples=0)
    worse = score_classes(1 - p, t, BINARY, resamples=0)
    assert "better than the trivial guess" in verdict(net, {"trivial": worse})
    assert "No baseline could be measured" in verdict(net, {"trees": None})


def test_lower_is_better_where_it_is() -> None:
    rng = np.random.default_rng(0)
    t = (rng.random(400) < 0.5).astype(int)
    good = np.clip(0.5 + 0.3 * (2 * t - 1) + 0.1 * rng.normal(size=400), 0.01, 0.99)
    flat = np.full(400, 0.5)
    net = score_classes(good, t, BINARY, metric="log_loss")
    rival = score_classes(flat, t, BINARY, metric="log_loss")
    assert compare(net, rival).value > 0
    assert "The net beats the trivial guess" in verdict(net, {"trivial": rival})
