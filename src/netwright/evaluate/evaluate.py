"""evaluate: run a model over a split and score it."""

from typing import Any

from netwright.data.data import Split
from netwright.errors import UsageError
from netwright.evaluate.judge import outputs_of, score_outputs
from netwright.evaluate.scores import Scores, primary_metric
from netwright.model.model import Model

__all__ = ["evaluate"]


def evaluate(
    model: Any,
    split: Split,
    *,
    metric: str | None = None,
    resamples: int = 1000,
    seed: int = 0,
    batch_size: int = 1024,
) -> Scores:
    """Score a Model (or what has one as `.model`, such as a Run) on all rows of a split.

    metric: which one decides; an unknown name is a UsageError. resamples: of the 95 % intervals; 0
    leaves them out.
    """
    used = getattr(model, "model", model)
    if not isinstance(used, Model):
        raise UsageError(
            f"evaluate needs a Model or a Run, but got {type(model).__name__}. "
            "Open one with netwright.load(FOLDER), or use what fit returned."
        )
    if metric is not None:
        primary_metric(used.task, metric=metric)  # refused before the work, not after it
    outputs = outputs_of(used, split, batch_size=batch_size)
    return score_outputs(used, outputs, split, metric=metric, resamples=resamples, seed=seed)
