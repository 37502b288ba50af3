"""score_outputs: a net's raw outputs on a split, scored by the task's metrics in the target's own
units."""

from collections.abc import Collection

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from netwright.data.data import Encoding, Rows, Split
from netwright.data.forecast_encoding import ForecastEncoding
from netwright.data.image_stream import ImageStream
from netwright.data.task import Task
from netwright.evaluate.metrics import score_classes, score_tokens, score_values
from netwright.evaluate.scores import Scores
from netwright.model.model import Model

__all__ = ["inputs_of", "metric_of", "overlap", "predictions_of", "score_outputs", "targets_of"]


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
    """Score outputs (rows, outputs), as `model.forward_rows(split)` gives them, against the split's
    targets.

    only: the metrics wanted; resamples 0 leaves out intervals and curves (between epochs).
    """
    task = model.task
    if task.form == "language-modelling":
        targets = targets_of(split)
        nats = F.cross_entropy(
            outputs.flatten(0, 1) / model.temperature, targets.flatten(), reduction="none"
        )
        return score_tokens(
            nats.view(targets.shape), task, metric=metric, resamples=resamples, seed=seed
        )
    predictions, truth = predictions_of(model, outputs, split)
    if task.is_classification:
        return score_classes(
            predictions, truth, task, metric=metric, only=only, resamples=resamples, seed=seed
        )
    return score_values(
        predictions,
        truth,
        task,
        metric=metric,
        only=only,
        mase_scale=mase_scale(model.encoding),
        block=overlap(task, split),
        resamples=resamples,
        seed=seed,
    )


def metric_of(model: Model, outputs: Tensor, split: Split, metric: str) -> float:
    """Return one metric's value, as `score_outputs` finds it: the quick form between epochs."""
    task = model.task
    if metric == "accuracy" and task.form in ("binary", "multiclass"):
        # A temperature or a softmax changes no order.
        return float((outputs.argmax(1) == targets_of(split)).double().mean())
    scores = score_outputs(model, outputs, split, metric=metric, only=(metric,), resamples=0)
    return scores[metric].value


def predictions_of(
    model: Model, outputs: Tensor, split: Split
) -> tuple[NDArray[np.floating], NDArray[np.generic]]:
    """Return predictions and targets that belong together: probabilities (rows, classes) and class
    ids, or values (rows, outputs) and values, both in the target's own unit.
    """
    targets = targets_of(split)
    if model.task.is_classification:
        return model.probabilities(outputs).numpy(), targets.numpy()
    # Forecasts are read from the windows they were made of; other values need no inputs.
    inputs = inputs_of(split) if model.task.form == "forecasting" else None
    if targets.dim() == 1:
        targets = targets[:, None]
    return model.values(outputs, inputs).numpy(), model.values(targets, inputs).numpy()


def targets_of(split: Split) -> Tensor:
    """Return a split's targets on the CPU, in row order."""
    if isinstance(split, Rows | ImageStream):  # known without reading a picture
        return split.targets.cpu()
    return torch.cat([batch.targets.cpu() for batch in split.batches(65536)])


def inputs_of(split: Split) -> tuple[Tensor, ...]:
    """Return a split's stored inputs on the CPU, in row order."""
    if isinstance(split, Rows):
        return tuple(x.cpu() for x in split.inputs)
    batches = [batch.inputs for batch in split.batches(4096)]
    return tuple(torch.cat(parts).cpu() for parts in zip(*batches, strict=True))


def mase_scale(encoding: Encoding) -> float | None:
    """Return MASE's unit, the seasonal naive error in training; None where nothing is forecast."""
    return encoding.scale if isinstance(encoding, ForecastEncoding) else None


def overlap(task: Task, split: Split) -> int:
    """Return how many neighbouring rows forecast a step in common: the run that intervals resample.

    Origins a step apart share all but one of their `horizon` steps; other tasks' rows stand alone.
    """
    if task.form != "forecasting" or len(split) < 2:
        return 1
    rows = getattr(split, "rows", None)
    if rows is None:
        return max(task.horizon, 1)
    stride = int(torch.as_tensor(rows).diff().abs().median())
    return max(1, -(-task.horizon // max(stride, 1)))
