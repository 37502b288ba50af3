"""Intervals agree with a plain loop over resamples and hold the truth as often as they say."""

import numpy as np
import pytest
from sklearn import metrics as sk

from netwright.data.task import Task
from netwright.evaluate.bootstrap import draw_weights, interval, replicate
from netwright.evaluate.metrics import score_classes, score_values

BINARY = Task(
    name="classification", form="binary", target="y", classes=("no", "yes"), positive="yes"
)
NUMBER = Task(name="regression", form="regression", target="y")
FORECAST = Task(name="forecasting", form="forecasting", target="y", horizon=1)


def test_each_resample_draws_as_many_rows_as_there_are() -> None:
    weights = np.concatenate(list(draw_weights(200_000, 7, seed=0)), axis=1)
    assert weights.shape == (200_000, 7)
    np.testing.assert_array_equal(weights.sum(0), 200_000)
    assert 0.36 < (weights == 0).mean() < 0.376  # exp(-1)


def test_blocks_are_runs_of_neighbours() -> None:
    (weights,) = draw_weights(12, 500, seed=0, block=4)
    np.testing.assert_array_equal(weights.sum(0), 12)
    # Every drawn run is of length 4, so the circular weights change by at most 3 runs' edges.
    changes = np.abs(np.diff(weights, axis=0, append=weights[:1])).sum(0)
    assert changes.max() <= 6 and weights.mean() == 1


def test_every_replicate_is_the_metric_of_its_resample() -> None:
    rng = np.random.default_rng(0)
    t = (rng.random(60) < 0.3).astype(int)
    p = np.round(np.clip(0.3 * t + 0.7 * rng.random(60), 0, 1), 1)
    scores = score_classes(p, t, BINARY, resamples=50, seed=5)
    weights = np.concatenate(list(draw_weights(60, 50, seed=5)), axis=1)
    for r in range(50):
        w = weights[:, r]
        rows = np.repeat(np.arange(60), w.astype(int))
        tt, pp = t[rows], p[rows]
        called = (pp > 0.5).astype(int)
        expected = {
            "roc_auc": sk.roc_auc_score(tt, pp),
            "pr_auc": sk.average_precision_score(tt, pp),
            "f1": sk.f1_score(tt, called),
            "balanced_accuracy": sk.balanced_accuracy_score(tt, called),
            "log_loss": sk.log_loss(tt, np.stack([1 - pp, pp], 1)),
        }
        # scikit-learn's own weights must say the same as the repeated rows
        assert sk.roc_auc_score(t, p, sample_weight=w) == pytest.approx(expected["roc_auc"])
        for name, value in expected.items():
            assert scores.replicates[name][r] == pytest.approx(value, abs=1e-9), name


def test_resamples_of_one_class_are_left_out_of_the_interval() -> None:
    t = np.array([1] + [0] * 9)
    p = np.linspace(0.9, 0.1, 10)
    scores = score_classes(p, t, BINARY, seed=1)
    missing = ~np.isfinite(scores.replicates["roc_auc"])
    assert 0.25 < missing.mean() < 0.45  # (9/10)^10 = 0.35 hold no positive
    assert scores["roc_auc"].low is not None
    assert interval(np.array([np.nan, np.nan])) is None


@pytest.mark.parametrize("rows", [60, 300])
def test_intervals_hold_the_truth_nineteen_times_in_twenty(rows: int) -> None:
    rng = np.random.default_rng(0)
    held = {"accuracy": 0, "roc_auc": 0, "brier": 0}
    # z | y ~ N(y, 1): the truth is known in closed form, or from very many rows.
    many = rng.random(400_000) < 0.4
    z = rng.normal(size=many.size) + many
    p = 1 / (1 + np.exp(-(z - 0.5) - np.log(0.4 / 0.6)))
    truth = {
        "accuracy": ((p > 0.5) == many).mean(),
        "roc_auc": 0.760250,  # Phi(1 / sqrt 2)
        "brier": ((p - many) ** 2).mean(),
    }
    times = 250
    for _ in range(times):
        t = rng.random(rows) < 0.4
        z = rng.normal(size=rows) + t
        p = 1 / (1 + np.exp(-(z - 0.5) - np.log(0.4 / 0.6)))
        scores = score_classes(p, t.astype(int), BINARY, only=tuple(held), resamples=200)
        for name in held:
            low, high = scores[name].low, scores[name].high
            assert low is not None and high is not None
            held[name] += low <= truth[name] <= high
    for name, count in held.items():
        assert 0.90 <= count / times <= 0.985, (name, count / times)


def test_blocks_widen_the_interval_of_dependent_rows() -> None:
    rng = np.random.default_rng(0)
    noise = rng.normal(size=620)
    error = np.convolve(
        noise, np.ones(20) / np.sqrt(20), "valid"
    )  # neighbours share 19 of 20 steps
    t = np.zeros_like(error) + 9.0
    alone = score_values(t + error, t, FORECAST, mase_scale=1.0)["mae"]
    runs = score_values(t + error, t, FORECAST, mase_scale=1.0, block=20)["mae"]
    assert alone.value == runs.value
    assert (runs.high or 0) - (runs.low or 0) > 2 * ((alone.high or 0) - (alone.low or 0))


def test_a_part_of_very_many_rows_gives_the_interval_of_all() -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=8000)

    def measure_of(part):  # type: ignore[no-untyped-def]
        values = x if part is None else x[part]
        return lambda weights: {"mean": values @ weights / weights.sum(0)}

    point, full = replicate(measure_of, 8000, resamples=1000, seed=0)
    same, part = replicate(measure_of, 8000, resamples=1000, seed=0, limit=800)
    assert point == same and point["mean"] == pytest.approx(x.mean())
    low, high = interval(full["mean"]) or (0, 0)
    part_low, part_high = interval(part["mean"]) or (0, 0)
    assert part_high - part_low == pytest.approx(high - low, rel=0.12)
    assert high - low == pytest.approx(2 * 1.96 / np.sqrt(8000), rel=0.08)
    assert part_low < x.mean() < part_high


def test_ece_interval_is_not_shifted_by_the_noise_of_resamples() -> None:
    rng = np.random.default_rng(0)
    p = rng.random(300)
    t = (rng.random(300) < p).astype(
        int
    )  # perfectly calibrated: resamples look worse than the rows
    ece = score_classes(p, t, BINARY)["ece"]
    assert ece.low is not None and ece.high is not None
    assert ece.low < ece.value < ece.high


def test_the_same_seed_gives_the_same_interval() -> None:
    rng = np.random.default_rng(0)
    t = rng.normal(size=100)
    first, again, other = (
        score_values(t + 1 + rng.normal(size=100) * 0 + t**2, t, NUMBER, seed=s) for s in (0, 0, 1)
    )
    assert first["mae"] == again["mae"] and first["mae"] != other["mae"]
