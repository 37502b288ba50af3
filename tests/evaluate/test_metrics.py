"""Every metric equals scikit-learn's, or a case computed by hand; errors name what is wrong."""

import time

import numpy as np
import pytest
import torch
from sklearn import metrics as sk

from netwright.data.task import Task
from netwright.errors import DataError, TrainingError, UsageError
from netwright.evaluate.metrics import (
    METRICS,
    primary_metric,
    score_classes,
    score_tokens,
    score_values,
    seasonal_naive_error,
)

BINARY = Task(
    name="classification", form="binary", target="y", classes=("no", "yes"), positive="yes"
)
NUMBER = Task(name="regression", form="regression", target="y")
FORECAST = Task(name="forecasting", form="forecasting", target="y", horizon=3, outputs=3)


def classes_task(count: int, form: str = "multiclass") -> Task:
    return Task(
        name="classification",
        form=form,  # type: ignore[arg-type]
        target="y",
        classes=tuple("abcdefgh"[:count]),
        outputs=count,
    )


def draw(rows: int, classes: int, seed: int = 0, digits: int = 6) -> tuple[np.ndarray, np.ndarray]:
    """Uneven classes; few digits make ties."""
    rng = np.random.default_rng(seed)
    targets = rng.choice(
        classes, rows, p=np.arange(1, classes + 1) / np.arange(1, classes + 1).sum()
    )
    logits = rng.normal(size=(rows, classes))
    logits[np.arange(rows), targets] += 1
    p = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    p = np.round(p, digits) + 1e-9
    return p / p.sum(1, keepdims=True), targets


def values(scores: dict) -> dict[str, float]:
    return {name: score.value for name, score in scores.items()}


@pytest.mark.parametrize("digits", [6, 1])
@pytest.mark.parametrize("positive", ["yes", "no"])
def test_binary_metrics_are_scikit_learns(digits: int, positive: str) -> None:
    p, t = draw(400, 2, digits=digits)
    task = Task(
        name="classification", form="binary", target="y", classes=("no", "yes"), positive=positive
    )
    k = task.classes.index(positive)
    called = p.argmax(1)
    expected = {
        "accuracy": sk.accuracy_score(t, called),
        "balanced_accuracy": sk.balanced_accuracy_score(t, called),
        "roc_auc": sk.roc_auc_score(t == k, p[:, k]),
        "pr_auc": sk.average_precision_score(t == k, p[:, k]),
        "log_loss": sk.log_loss(t, p),
        "brier": sk.brier_score_loss(t == k, p[:, k]),
    }
    for name in ("precision", "recall", "f1"):
        measure = getattr(sk, f"{name}_score")
        expected[name] = measure(t, called, pos_label=k)
        expected[f"{name}_macro"] = measure(t, called, average="macro")
        expected[f"{name}_weighted"] = measure(t, called, average="weighted")
    found = values(score_classes(p, t, task, resamples=0))
    assert found.keys() - expected.keys() == {"ece"}
    for name, value in expected.items():
        assert found[name] == pytest.approx(value, abs=1e-12), name


@pytest.mark.parametrize("digits", [6, 1])
def test_multiclass_metrics_are_scikit_learns(digits: int) -> None:
    p, t = draw(500, 5, digits=digits)
    called = p.argmax(1)
    expected = {
        "accuracy": sk.accuracy_score(t, called),
        "balanced_accuracy": sk.balanced_accuracy_score(t, called),
        "roc_auc": sk.roc_auc_score(t, p, multi_class="ovr"),
        "pr_auc": sk.average_precision_score(np.eye(5)[t], p, average="macro"),
        "log_loss": sk.log_loss(t, p),
        "brier": sk.brier_score_loss(t, p, labels=np.arange(5)),
    }
    for name in ("precision", "recall", "f1"):
        measure = getattr(sk, f"{name}_score")
        expected[name] = measure(t, called, average="macro")
        expected[f"{name}_weighted"] = measure(t, called, average="weighted")
    scores = score_classes(p, t, classes_task(5))
    for name, value in expected.items():
        assert scores[name].value == pytest.approx(value, abs=1e-12), name
    np.testing.assert_array_equal(scores.confusion, sk.confusion_matrix(t, called))
    each = sk.precision_recall_fscore_support(t, called)
    for k, row in enumerate(scores.per_class):
        assert (row["precision"], row["recall"], row["f1"], row["support"]) == pytest.approx(
            [column[k] for column in each]
        )
        assert row["roc_auc"] == pytest.approx(sk.roc_auc_score(t == k, p[:, k]))
        assert row["pr_auc"] == pytest.approx(sk.average_precision_score(t == k, p[:, k]))


def test_multilabel_metrics_are_scikit_learns() -> None:
    rng = np.random.default_rng(3)
    t = (rng.random((300, 4)) < [0.5, 0.3, 0.2, 0.1]).astype(int)
    p = np.clip(np.round(0.4 * t + 0.6 * rng.random(t.shape), 2), 0, 1)
    called = p > 0.5
    found = values(score_classes(p, t, classes_task(4, "multilabel"), resamples=0))
    expected = {
        "accuracy": sk.accuracy_score(t, called),
        "roc_auc": sk.roc_auc_score(t, p),
        "pr_auc": sk.average_precision_score(t, p),
        "log_loss": np.mean([sk.log_loss(t[:, k], p[:, k]) for k in range(4)]),
        "brier": np.mean([sk.brier_score_loss(t[:, k], p[:, k]) for k in range(4)]),
        "balanced_accuracy": np.mean(
            [sk.balanced_accuracy_score(t[:, k], called[:, k]) for k in range(4)]
        ),
    }
    for name in ("precision", "recall", "f1"):
        measure = getattr(sk, f"{name}_score")
        expected[name] = measure(t, called, average="macro")
        expected[f"{name}_weighted"] = measure(t, called, average="weighted")
    for name, value in expected.items():
        assert found[name] == pytest.approx(value, abs=1e-12), name


def test_ordinal_adds_grades() -> None:
    p, t = draw(300, 5, digits=2)
    scores = score_classes(p, t, classes_task(5, "ordinal"))
    called = np.array([np.flatnonzero(row.cumsum() >= 0.5)[0] for row in p])  # the median grade
    assert (called != p.argmax(1)).any()
    assert scores.primary == "mae"
    assert scores["accuracy"].value == pytest.approx((called == t).mean())
    np.testing.assert_array_equal(scores.confusion, sk.confusion_matrix(t, called))
    assert [row["called"] for row in scores.per_class] == np.bincount(called, minlength=5).tolist()
    bins = scores.curves["reliability"]
    right = sum(one["accuracy"] * one["share"] for one in bins)
    assert right == pytest.approx((called == t).mean())
    assert scores["mae"].value == pytest.approx(sk.mean_absolute_error(t, called))
    near = scores["accuracy_within_one"].value
    assert near == pytest.approx((abs(t - called) <= 1).mean()) and near > scores["accuracy"].value
    kappa = sk.cohen_kappa_score(t, called, weights="quadratic")
    assert scores["kappa_quadratic"].value == pytest.approx(kappa)
    low, high = scores["kappa_quadratic"].low, scores["kappa_quadratic"].high
    assert low is not None and high is not None and low < kappa < high


def test_ece_and_brier_by_hand() -> None:
    # Confidences 0.95, 0.9, 0.6, 0.55: the last two share the bin (8/15, 9/15].
    yes = np.array([0.95, 0.1, 0.6, 0.45])
    t = np.array([1, 1, 1, 0])
    scores = score_classes(yes, t, BINARY)
    gaps = [abs(0.95 - 1), abs(0.9 - 0), abs((0.6 - 1) + (0.55 - 1))]
    assert scores["ece"].value == pytest.approx(sum(gaps) / 4)
    assert scores["brier"].value == pytest.approx((0.05**2 + 0.9**2 + 0.4**2 + 0.45**2) / 4)
    assert any("only 4 rows" in note for note in scores.notes)


def test_regression_metrics_are_scikit_learns() -> None:
    rng = np.random.default_rng(0)
    t = rng.normal(5, 2, size=(200, 3)) * [1, 10, 100]
    p = t + rng.normal(size=t.shape) * [1, 5, 20]
    for targets, guesses in ((t, p), (t[:, 0], p[:, 0])):
        found = values(score_values(guesses, targets, NUMBER))
        expected = {
            "mae": sk.mean_absolute_error(targets, guesses),
            "rmse": sk.root_mean_squared_error(targets, guesses),
            "r2": sk.r2_score(targets, guesses),
            "mape": sk.mean_absolute_percentage_error(targets, guesses),
            "smape": np.mean(2 * abs(guesses - targets) / (abs(guesses) + abs(targets))),
        }
        assert found == pytest.approx(expected, rel=1e-12)


def test_mase_by_hand() -> None:
    train = np.array([1.0, 5.0, 2.0, 7.0, 4.0, 8.0])
    assert seasonal_naive_error(train, 2) == pytest.approx((1 + 2 + 2 + 1) / 4)
    assert seasonal_naive_error(train, 1) == pytest.approx((4 + 3 + 5 + 3 + 4) / 5)
    t = np.array([[1.0, 2.0, 3.0], [2.0, 3.0, 4.0]])
    p = np.array([[2.0, 2.0, 3.0], [2.0, 5.0, 4.0]])
    scores = score_values(p, t, FORECAST, mase_scale=1.5)
    assert scores.primary == "mase"
    assert scores["mase"].value == pytest.approx(3 / 6 / 1.5)
    assert scores["rmse"].value == pytest.approx(np.sqrt(5 / 6))  # steps are pooled
    assert [row["mae"] for row in scores.per_class] == pytest.approx([0.5, 1.0, 0.0])


def test_one_origin_resamples_its_steps() -> None:
    rng = np.random.default_rng(0)
    t = rng.normal(size=(1, 40))
    scores = score_values(t + rng.normal(size=t.shape), t, FORECAST, mase_scale=2.0)
    mase = scores["mase"]
    assert mase.low is not None and mase.high is not None and mase.low < mase.value < mase.high
    assert scores.rows == 1 and len(scores.per_class) == 40
    assert any("one origin" in note for note in scores.notes)


def test_forecast_without_a_scale_says_so() -> None:
    scores = score_values(np.ones((50, 3)), np.zeros((50, 3)) + 2.0, FORECAST)
    assert scores.primary == "mae" and "mase" not in scores
    assert any("mase is left out" in note for note in scores.notes)
    assert any("r2 is left out" in note for note in scores.notes)


def test_zero_targets_leave_out_mape() -> None:
    t = np.arange(40.0)
    scores = score_values(t + 1, t, NUMBER)
    assert "mape" not in scores and "smape" in scores
    assert "mape is left out: 1 targets are 0" in scores.notes


def test_tokens() -> None:
    rng = np.random.default_rng(0)
    nats = rng.gamma(2.0, size=(50, 20))
    mask = rng.random(nats.shape) < 0.7
    task = Task(name="language-modelling", form="language-modelling", target="text")
    scores = score_tokens(nats, task, mask=mask)
    assert scores["nats"].value == pytest.approx(nats[mask].mean())
    assert scores["perplexity"].value == pytest.approx(np.exp(nats[mask].mean()))
    stream = score_tokens(nats.ravel(), task)
    assert stream["nats"].value == pytest.approx(nats.mean()) and stream.rows == 8
    nats[0, 0], mask[0, 0] = np.nan, True
    with pytest.raises(TrainingError, match="1 of"):
        score_tokens(nats, task, mask=mask)


def test_primary_metric_rules() -> None:
    assert primary_metric(BINARY, class_counts=[70, 30]) == "accuracy"
    assert primary_metric(BINARY, class_counts=[90, 10]) == "roc_auc"
    assert primary_metric(classes_task(4), class_counts=[30, 20, 20, 30]) == "accuracy"
    assert primary_metric(classes_task(4), class_counts=[60, 20, 18, 2]) == "balanced_accuracy"
    assert primary_metric(NUMBER) == "rmse"
    assert primary_metric(NUMBER, metric="mae") == "mae"
    assert primary_metric(classes_task(4), metric="f1_macro") == "f1"
    assert primary_metric(BINARY, metric="f1_macro") == "f1_macro"
    with pytest.raises(UsageError, match="Did you mean 'accuracy'"):
        primary_metric(BINARY, metric="acuracy")
    with pytest.raises(UsageError, match="not measured for binary"):
        primary_metric(BINARY, metric="rmse")


def test_one_class_only() -> None:
    p = np.linspace(0.1, 0.9, 40)
    t = np.zeros(40, dtype=int)
    scores = score_classes(p, t, BINARY)
    assert scores.primary == "accuracy" and "roc_auc" not in scores
    assert any("roc_auc decides" not in note and "roc_auc" in note for note in scores.notes)
    with pytest.raises(DataError, match="'roc_auc' cannot be measured"):
        score_classes(p, t, BINARY, metric="roc_auc")


def test_class_without_rows_is_named_and_left_out_of_the_averages() -> None:
    p, t = draw(200, 3)
    keep = t > 0
    p, t = p[keep], t[keep]
    scores = score_classes(p, t, classes_task(3))
    assert "1 of 3 classes has no row here: 'a'" in scores.notes
    areas = [sk.roc_auc_score(t == k, p[:, k]) for k in (1, 2)]
    assert scores["roc_auc"].value == pytest.approx(np.mean(areas))
    assert scores.per_class[0]["roc_auc"] is None


def test_all_right_gets_the_rule_of_three() -> None:
    scores = score_classes(np.tile([0.2, 0.9], 30), np.tile([0, 1], 30), BINARY)
    assert scores["accuracy"].value == scores["accuracy"].low == 1.0
    assert any("above 0.950" in note for note in scores.notes)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_diverged_nets_are_training_errors(bad: float) -> None:
    p, t = draw(50, 3)
    p[7, 1] = bad
    with pytest.raises(TrainingError, match=r"1 of 50 rows .*first: row 7"):
        score_classes(p, t, classes_task(3))
    with pytest.raises(TrainingError, match="lower recipe"):
        score_values(np.array([1.0, bad]), np.zeros(2), NUMBER)


def test_wrong_shapes_and_targets() -> None:
    p, t = draw(50, 3)
    with pytest.raises(ValueError, match="expected 0 to 1"):
        score_classes(p * 3, t, classes_task(3))
    with pytest.raises(ValueError, match="sum to 1"):
        score_classes(p / 2, t, classes_task(3))
    with pytest.raises(ValueError, match="one column for each class"):
        score_classes(p[:, :2], t, classes_task(3))
    with pytest.raises(ValueError, match="class ids 0 to 2"):
        score_classes(p, t + 1, classes_task(3))
    with pytest.raises(DataError, match="no rows"):
        score_classes(p[:0], t[:0], classes_task(3))
    with pytest.raises(DataError, match="targets of 1 of 3 rows are missing"):
        score_values(np.ones(3), np.array([1.0, np.nan, 2.0]), NUMBER)
    with pytest.raises(ValueError, match="one prediction for each target"):
        score_values(np.ones(3), np.ones(4), NUMBER)


def test_float32_tensors_and_certain_probabilities() -> None:
    p = torch.tensor([[1.0, 0.0], [0.0, 1.0], [1.0, 0.0]])
    scores = score_classes(p, torch.tensor([0, 1, 1]), BINARY, resamples=0)
    expected = sk.log_loss([0, 1, 1], p.numpy())
    assert np.isfinite(expected) and scores["log_loss"].value == pytest.approx(expected, rel=1e-5)


def test_quick_form_has_no_intervals_and_only_what_was_asked() -> None:
    p, t = draw(100, 3)
    scores = score_classes(p, t, classes_task(3), only=("log_loss",), resamples=0)
    assert set(scores) == {"log_loss", "accuracy"} and scores["log_loss"].low is None
    assert not scores.curves and scores.confusion is None
    full = score_classes(p, t, classes_task(3))
    assert full["log_loss"].value == scores["log_loss"].value


def test_curves_are_thin_and_end_where_they_should() -> None:
    p, t = draw(5000, 2)
    curves = score_classes(p, t, BINARY).curves
    roc, pr = curves["roc"]["yes"], curves["pr"]["yes"]
    assert len(roc["fpr"]) <= 200 and len(pr["recall"]) <= 200
    assert (roc["fpr"][0], roc["tpr"][0], roc["fpr"][-1], roc["tpr"][-1]) == (0, 0, 1, 1)
    assert np.trapezoid(roc["tpr"], roc["fpr"]) == pytest.approx(
        sk.roc_auc_score(t, p[:, 1]), abs=0.01
    )
    assert sum(point["share"] for point in curves["reliability"]) == pytest.approx(1)
    top = curves["reliability"][-1]
    held = p.max(1) > 14 / 15
    assert top["confidence"] == pytest.approx(p.max(1)[held].mean())
    assert top["accuracy"] == pytest.approx((p.argmax(1) == t)[held].mean())


def test_to_dict_is_the_contracts() -> None:
    p, t = draw(100, 3)
    scores = score_classes(p, t, classes_task(3))
    assert set(scores.to_dict()["accuracy"]) == {"value", "low", "high"}
    assert set(scores) <= set(METRICS) and scores.higher_is_better()
    assert not scores.higher_is_better("log_loss")
    assert set(scores.details()) == {
        "rows", "primary", "per_class", "confusion", "curves", "notes",
    }  # fmt: skip
    assert str(scores).startswith("accuracy ")


def test_sixteen_thousand_rows_are_scored_within_two_seconds() -> None:
    p, t = draw(16_000, 2)
    start = time.process_time()
    score_classes(p, t, BINARY)
    assert time.process_time() - start < 2


def test_a_huge_error_is_not_taken_for_targets_that_do_not_vary() -> None:
    targets = np.random.default_rng(0).normal(size=(45, 1))
    task = Task(name="regression", form="regression", target="y")
    far = score_values(1e20 * targets, targets, task, resamples=0, metric="r2", only=("r2",))
    assert far["r2"].value < -1e30
    still = np.full((45, 1), 1e6 + 0.1)
    assert "r2" not in score_values(targets, still, task, resamples=20)
