"""Importance finds the field that decides, and says nothing of a handful of trials."""

import random
from typing import Any

import netwright as nw
from netwright.plan.plan import Plan
from netwright.tune.importance import FEWEST_TRIALS, importance
from netwright.tune.study import Study, Trial


def _study(count: int) -> Study:
    space = nw.Space({"recipe.lr": nw.log(1e-4, 1), "recipe.clip": [None, 1.0], "net.width": [8]})
    rng, trials = random.Random(0), []
    for number in range(count):
        changes = space.sample(rng)
        found: dict[str, Any] = {"score": -abs(changes["recipe.lr"] - 0.1)}
        trials.append(Trial(number=number, changes=changes, state="complete", **found))
    return Study(
        plan=Plan(net={"name": "mlp"}), space=space, metric="accuracy", higher_is_better=True,
        trials=tuple(trials), method="random", seed=0, seconds=1.0,
    )  # fmt: skip


def test_the_field_that_decides_is_first() -> None:
    found = importance(_study(40))
    assert next(iter(found)) == "recipe.lr" and found["recipe.lr"] > 0.8


def test_too_few_trials_say_nothing() -> None:
    assert importance(_study(FEWEST_TRIALS - 1)) == {}
