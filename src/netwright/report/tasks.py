"""task_results, conflicts: of a net with several tasks, how good each is and how they got on."""

from collections.abc import Mapping
from typing import Any

import torch

from netwright.evaluate.baselines import Baselines
from netwright.evaluate.scores import Scores
from netwright.train.conflict import BETWEEN, SIGNAL
from netwright.train.run import Run

__all__ = ["conflicts", "task_results"]


def task_results(run: Run, test: Scores, beside: Baselines) -> dict[str, dict[str, Any]]:
    """Return by target, in metrics.json's form: the form, the metric that decides, scores, those of
    the baselines, and the weight exp(-s) that was learned; {} where there is one task."""
    s = getattr(run.model.net, "log_variances", None)
    names = [task.target for task in run.model.task.tasks]
    weights = {} if s is None else dict(zip(names, torch.exp(-s.detach()).tolist(), strict=True))
    forms = {task.target: task.form for task in run.model.task.tasks}
    return {
        name: {
            "form": forms[name],
            "primary": {
                "name": own.primary,
                "value": own[own.primary].value,
                "higher_is_better": own.higher_is_better(),
            },
            "weight": weights.get(name),
            "validation": _of(run.validation, name),
            "test": own.to_dict(),
            "baselines": {
                other: None if one.scores is None else _of(one.scores, name)
                for other, one in beside.items()
            },
        }
        for name, own in test.tasks.items()
    }


def conflicts(run: Run) -> list[dict[str, Any]]:
    """Return for each two tasks how their gradients on the trunk stood to each other in training:
    the mean cosine, the share of measured steps where it was below 0, and how many were measured.
    """
    found = []
    for place in run.trace.places(SIGNAL):
        values = run.trace.values(SIGNAL, place)
        found.append(
            {
                "tasks": place.split(BETWEEN),
                "mean_cosine": float(values.mean()),
                "conflicting": float((values < 0).mean()),
                "steps": len(values),
            }
        )
    return found


def _of(scores: Scores, name: str) -> Mapping[str, Any] | None:
    return scores.tasks[name].to_dict() if name in scores.tasks else None
