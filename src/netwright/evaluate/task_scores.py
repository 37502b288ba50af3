"""join_scores: several tasks, each scored by its own metrics, become one Scores with a `skill`.

The skill of a task is the share of the constant answer's error that is gone: R^2 of numbers, and of
classes 1 - log loss / entropy of the rows' classes (McFadden 1974, "Conditional logit analysis of
qualitative choice behavior"). 0 is no better than the constant answer, 1 is without error; so tasks
of different units can be averaged, each alike.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from netwright.data.task import Task
from netwright.errors import DataError
from netwright.evaluate.metrics import collect_scores
from netwright.evaluate.scores import Scores, primary_metric

__all__ = ["OneTask", "join_scores", "metric_of_skill", "skill_of"]


@dataclass(frozen=True)
class OneTask:
    """A task, its scores, and the targets that these were measured on: (rows,) or (rows, 1)."""

    task: Task
    scores: Scores
    targets: NDArray[np.generic]


def metric_of_skill(task: Task) -> str:
    """Return what the skill is made of."""
    return "log_loss" if task.is_classification else "r2"


def skill_of(one: OneTask) -> tuple[float, NDArray[np.float64] | None]:
    """Return a task's skill, NaN where its targets do not vary, and that of each resample (None
    where there are none; the entropy is that of all rows)."""
    name = metric_of_skill(one.task)
    if name not in one.scores:
        return np.nan, None
    value, drawn = one.scores[name].value, one.scores.replicates.get(name)
    if name == "r2":
        return value, drawn
    counts = np.bincount(one.targets.astype(np.int64).ravel())
    shares = counts[counts > 0] / counts.sum()
    entropy = float(-(shares * np.log(shares)).sum())
    if entropy == 0:
        return np.nan, None
    return 1 - value / entropy, None if drawn is None else 1 - drawn / entropy


def join_scores(task: Task, each: Sequence[OneTask], *, metric: str | None, rows: int) -> Scores:
    """Return the scores of all tasks together: `skill`, their mean, and in `tasks` those of each.
    metric: the one asked for. rows: of the split, of which each task may know only some."""
    primary = primary_metric(task, metric=metric)
    found = {one.task.target: skill_of(one) for one in each}
    known = {name: pair for name, pair in found.items() if np.isfinite(pair[0])}
    if not known:
        raise DataError(
            f"None of {task.target} varies in these {rows:,} rows, so nothing can be scored. Hold "
            "out more rows, or divide them in another way."
        )
    point = {"skill": float(np.mean([value for value, _ in known.values()]))}
    drawn = [found for _, found in known.values() if found is not None]
    alike = len(drawn) == len(known) and len({len(one) for one in drawn}) == 1
    # Of the same rows the same seed draws the same resamples, so that tasks are added in pairs.
    replicates = {"skill": np.mean(drawn, axis=0)} if alike else {}
    notes = [f"{one.task.target}: {note}" for one in each for note in one.scores.notes]
    left = [name for name in found if name not in known]
    if left:
        notes.append(f"not in the skill, for they do not vary here: {', '.join(left)}")
    table = [
        {"output": one.task.target, "task": one.task.form, "skill": found[one.task.target][0]}
        for one in each
    ]
    scores = collect_scores(
        point, replicates, primary, metric, rows, notes, per_class=table
    )  # fmt: skip
    return replace(scores, tasks={one.task.target: one.scores for one in each})
