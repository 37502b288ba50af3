"""score_outputs: a net's raw outputs on a split, scored by the task's metrics in the target's own units."""

from collections.abc import Collection

import torch
from torch import Tensor

from netwright.data.data import Split
from netwright.evaluate.metrics import score_classes, score_tokens, score_values
from netwright.evaluate.scores import Scores
from netwright.model.model import Model

__all__ = ["score_outputs", "targets_of"]


def score_outputs(
    model: Model,
    outputs: Tensor,
    split: Split,
    *,
    metric: str | None = None,
    only: Collection[str] | None = None,
    resamples: int = 1000,
    seed: int = 0,
) -> Scores:
    """Score outputs (rows, outputs), as `model.forward_rows(split)` gives them, against the split's targets.

    only: the metrics wanted; resamples 0 leaves out intervals and curves (between epochs).
    """
    form = model.task.form
    targets = targets_of(split)
    if form == "language-modelling":
        nats = torch.nn.functional.cross_entropy(
            outputs.flatten(0, 1) / model.temperature, targets.flatten(), reduction="none"
        )
        return score_tokens(
            nats.view(targets.shape).numpy(),
            model.task,
            metric=metric,
            resamples=resamples,
            seed=seed,
        )
    if model.task.is_classification:
        return score_classes(
            model.probabilities(outputs).numpy(),
            targets.numpy(),
            model.task,
            metric=metric,
            only=only,
            resamples=resamples,
            seed=seed,
        )
    return score_values(
        model.values(outputs).numpy(),
        model.values(targets).numpy(),
        model.task,
        metric=metric,
        only=only,
        resamples=resamples,
        seed=seed,
    )


def targets_of(split: Split) -> Tensor:
    """Return a split's targets on the CPU, in row order."""
    whole = getattr(split, "targets", None)
    if isinstance(whole, Tensor):
        return whole.cpu()
    return torch.cat([batch.targets.cpu() for batch in split.batches(65536)])
