"""Each remedy that a plan can take: on a net made sick, with one of its doses the finding goes and
the score rises. Those that only code can take have nothing to change on a plan."""

import math
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import pytest
from sick_plans import blobs, plan, waves
from sick_start import SICK, patched

from netwright.data.data import Data
from netwright.diagnose.diagnose import diagnose
from netwright.diagnose.finding import Finding
from netwright.evaluate.scores import higher_is_better
from netwright.plan.plan import Plan
from netwright.repair.ladder import alarms_of
from netwright.repair.remedy import changed, find_remedy, remedies
from netwright.train.fit import fit
from netwright.train.run import FailedTraining
from netwright.watch.trace import Trace

DATA = {
    "blobs": lambda: blobs(),
    "waves": lambda: waves(),
    "few": lambda: blobs(60, spread=1.6),
    "rare": lambda: blobs(600, spread=1.3, shares=(30, 30, 1)),
}


@dataclass(frozen=True)
class Sick:
    """start: of `sick_start`. baseline: a loss that a simple model reaches, for underfitting."""

    fault: str
    data: str
    changes: dict[str, Any]
    start: dict[str, float] = field(default_factory=dict)
    baseline: float | None = None


DEEP = Sick(
    "vanishing-gradient",
    "blobs",
    {"net.activation": "sigmoid", "net.depth": 8, "recipe.optimizer": "sgd", "recipe.lr": 0.1},
)
FAST = Sick(
    "learning-rate-too-high",
    "blobs",
    {"recipe.lr": 2.0, "recipe.optimizer": "sgd", "recipe.warmup": 0.0},
)
SLOW = Sick("learning-rate-too-low", "blobs", {"recipe.lr": 1e-5})
SHORT = Sick(
    "undertrained",
    "waves",
    {"recipe.epochs": 6, "recipe.schedule": "constant", "recipe.lr": 1e-3},
)
BY_HEART = Sick(
    "overfitting", "few", {"recipe.epochs": 40, "recipe.keep": "last", "net.width": 128}
)
RARE = Sick("class-imbalance", "rare", {"recipe.lr": 3e-3})
DECAYED = Sick("weight-decay-too-strong", "blobs", {"recipe.weight_decay": 30.0})
NARROW = Sick(
    "underfitting",
    "waves",
    {"net.width": 1, "net.depth": 1, "recipe.epochs": 60},
    baseline=0.3,
)
DEAD = Sick("dying-relu", "blobs", {"recipe.init": SICK}, start={"bias": -8.0})
WIDE = Sick("wrong-initialization", "blobs", {"recipe.init": SICK}, start={"std": 3.0})
WILD = Sick(
    "exploding-gradient",
    "waves",
    {
        "recipe.lr": 1.0, "recipe.optimizer": "sgd", "recipe.schedule": "constant",
        "recipe.epochs": 40,
    },
)  # fmt: skip

CASES: dict[str, list[Sick]] = {
    "add-normalization": [DEEP, DEAD],
    "add-skip-connections": [DEEP],
    "augmentation": [BY_HEART],
    "balanced-sampling": [RARE],
    "better-features": [NARROW],
    "class-weights": [RARE],
    "clip-gradient": [WILD, FAST],
    "dropout": [BY_HEART],
    "early-stopping": [BY_HEART],
    "epsilon": [Sick("numerical-instability", "blobs", {"recipe.eps": 0.0})],
    "label-smoothing": [BY_HEART],
    "leaky-relu": [DEAD],
    "less-regularization": [
        DECAYED,
        Sick("underfitting", "waves", {"net.dropout": 0.8, "recipe.epochs": 60}, baseline=0.3),
    ],
    "less-weight-decay": [DECAYED],
    "lower-lr": [FAST],
    "more-depth": [
        Sick(
            "underfitting",
            "waves",
            {"net.width": 8, "net.depth": 1, "recipe.epochs": 60},
            baseline=0.1,
        )
    ],
    "more-epochs": [SHORT],
    "more-width": [NARROW],
    "raise-lr": [SLOW],
    "range-test": [SLOW],
    "reinitialize": [WIDE, DEAD],
    "relu-activation": [DEEP],
    "robust-loss": [WILD],
    "smaller-net": [BY_HEART],
    "warm-up": [FAST],
    "weight-decay": [
        Sick(
            "overfitting",
            "few",
            {
                "recipe.epochs": 100,
                "recipe.keep": "last",
                "net.width": 64,
                "recipe.lr": 0.03,
            },
        )
    ],
}
BY_CODE_ALONE = {
    "balanced-metric", "compare-like-the-loss", "cross-entropy-loss", "drop-rows", "impute",
    "insert-zero-grad", "negate-loss", "mean-reduction", "same-transform", "split-first",
    "drop-column", "realign-labels",
    "keep-the-graph", "module-list", "more-data", "rebuild-optimizer", "register-parameter",
    "remove-output-activation", "replace-loss", "reshape-targets", "right-axis", "set-mode",
    "shuffle", "stable-operation", "standardize-inputs", "unfreeze",
}  # fmt: skip


@cache
def rows(name: str) -> Data:
    return DATA[name]()


def train(plan: Plan, sick: Sick) -> tuple[float, list[Finding], Trace]:
    """Return the score (-inf for a failure, larger is better), the alarms and the trace."""
    try:
        run = fit(plan, rows(sick.data), num_threads=1)
    except FailedTraining as failed:
        return -math.inf, alarms_of(failed.findings), failed.trace
    findings, primary = run.findings, run.validation.primary
    if sick.baseline is not None:
        run.trace.record("loss.baseline", "", 0, sick.baseline)
        findings = diagnose(run.trace)
    score = run.validation[primary].value * (1 if higher_is_better(primary) else -1)
    return score, alarms_of(findings), run.trace


SEEN: dict[int, tuple[Plan, float, list[Finding], Trace]] = {}


def trained_once(sick: Sick) -> tuple[Plan, float, list[Finding], Trace]:
    """Return the sick plan and what `train` gives: several remedies look at the same run."""
    if id(sick) not in SEEN:
        before = plan(rows(sick.data)).with_(sick.changes)
        SEEN[id(sick)] = before, *train(before, sick)
    return SEEN[id(sick)]


@pytest.mark.parametrize(
    ("name", "sick"),
    [pytest.param(name, one, id=f"{name}-{one.fault}") for name, s in CASES.items() for one in s],
)
def test_the_finding_goes_and_the_score_rises(
    name: str, sick: Sick, monkeypatch: pytest.MonkeyPatch
) -> None:
    if sick.start:
        monkeypatch.setattr(*patched(**sick.start))
    before, score, alarms, trace = trained_once(sick)
    assert sick.fault in [f.fault for f in alarms]
    doses = find_remedy(name)(before, trace)
    assert doses
    for dose in doses:
        assert all(dose.why.get(field) for field in changed(before, dose))  # each says why
        after, left, _ = train(dose, sick)
        if after > score and sick.fault not in [f.fault for f in left]:
            return
    pytest.fail(f"no dose of {name} helps against {sick.fault}")


def test_every_remedy_is_tried_or_is_for_code_alone() -> None:
    known = {remedy.name for remedy in remedies()}
    assert known == set(CASES) | BY_CODE_ALONE | {"full-precision"}
    sound = plan(rows("blobs"))
    for name in BY_CODE_ALONE:
        remedy = find_remedy(name)
        assert remedy(sound, Trace()) == [] and remedy.advice and remedy.about
    (dose,) = find_remedy("full-precision")(sound, Trace())
    assert changed(sound, dose) == {"recipe.precision": "float32"}
    assert find_remedy("full-precision")(dose, Trace()) == []


@pytest.mark.parametrize("name", ["blobs", "waves", "rare"])
def test_the_healthy_twin_has_no_alarm_to_treat(name: str) -> None:
    weighed = {"recipe.class_weights": "balanced"} if name == "rare" else {}
    _, alarms, _ = train(plan(rows(name)).with_(weighed), Sick("", name, {}))
    assert alarms == []
