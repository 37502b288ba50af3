"""Made-up studies for the tests of their report: no training."""

import random
from typing import Any

import netwright as nw
from netwright.plan.plan import Plan, Recipe
from netwright.tune.study import Study, Trial

SPACE = nw.Space(
    {
        "recipe.lr": nw.log(1e-4, 1e-1),
        "recipe.weight_decay": nw.zero_or(nw.log(1e-3, 0.3)),
        "net.activation": ["relu", "<script>alert(1)</script>"],
        "net.depth": [2, 3, 4],
        "recipe.betas": [[0.9, 0.99], [0.8, 0.9]],
    }
)


def made_up_study(count: int = 40, *, own: bool = True, **changed: Any) -> Study:
    """Trials whose score falls with the distance of lr from 0.01; every seventh failed, every fifth
    was dropped."""
    plan = Plan(
        net={"name": "mlp", "numeric": 3, "outputs": 2, "depth": 3, "activation": "relu"},
        recipe=Recipe(lr=0.01 if own else "auto", epochs=9, betas=(0.9, 0.99)),
        why={"net.depth": "a reason & more"},
    )
    rng, trials = random.Random(0), []
    for number in range(count):
        changes = SPACE.sample(rng)
        if number == 0 and own:
            changes = {
                "recipe.lr": 0.01, "recipe.weight_decay": 0.0, "net.activation": "relu",
                "net.depth": 3, "recipe.betas": [0.9, 0.99],
            }  # fmt: skip
        score = 0.9 - 0.1 * abs(SPACE["recipe.lr"].quantile(changes["recipe.lr"]) - 0.8)  # type: ignore[union-attr] # a Range
        facts: dict[str, Any] = {"state": "complete", "score": score, "epochs": 9}
        if number % 7 == 6:
            facts = {"state": "failed", "reason": "the loss is <not> finite"}
        elif number % 5 == 4:
            facts = {"state": "pruned", "score": score - 0.05, "epochs": 3}
        curve = tuple(
            facts.get("score", 0) * (1 - 0.5**e) for e in range(1, facts.get("epochs", 0))
        )
        trials.append(Trial(number=number, changes=changes, seconds=1.0, curve=curve, **facts))
    given: dict[str, Any] = {
        "plan": plan, "space": SPACE, "metric": "accuracy", "higher_is_better": True,
        "trials": tuple(trials), "method": "hyperband", "seed": 0, "seconds": 12.0,
        "requested": count,
    }  # fmt: skip
    return Study(**(given | changed))
