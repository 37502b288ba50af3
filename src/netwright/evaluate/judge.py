"""outputs_of, score_outputs: what a net answers on a split, scored by the task's metrics in the
target's own units.

For most tasks the answers are the net's raw outputs, (rows, outputs). Over a vocabulary those would
be too many to keep: of such tasks (IN_TOKENS) only nats a token are kept, (rows, time), 0 where
nothing is asked. Of recognised speech each row's nats, edits and symbols are kept, (rows, 3). Of
rows that are rebuilt their errors are kept, (rows, 2); of a net that draws rows, drawn ones beside
real ones, (rows, 2, numbers); of pictures the boxes found (box_metrics.py).
"""

from collections.abc import Collection
from functools import partial
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from netwright.data.data import Encoding, Rows, Split
from netwright.data.environments import Episodes
from netwright.data.forecast_encoding import ForecastEncoding
from netwright.data.image_stream import ImageStream
from netwright.data.several_targets import targets_of_task
from netwright.data.task import Form, Task
from netwright.evaluate.box_metrics import box_facts, loss_of_boxes, score_boxes
from netwright.evaluate.map_metrics import facts_of_logits, loss_of_facts, score_maps
from netwright.evaluate.masked_nats import masked_nats
from netwright.evaluate.metrics import score_classes, score_tokens, score_values
from netwright.evaluate.reconstruction_metrics import score_errors
from netwright.evaluate.returns import play, score_returns
from netwright.evaluate.score_tags import score_tags
from netwright.evaluate.score_translations import score_translations
from netwright.evaluate.scores import Scores
from netwright.evaluate.similarity_metrics import score_embeddings
from netwright.evaluate.speech_metrics import facts_of_speech, score_speech
from netwright.evaluate.task_scores import OneTask, join_scores, metric_of_skill
from netwright.evaluate.two_sample import drawn_beside, score_samples
from netwright.evaluate.view_metrics import score_views, views_of
from netwright.evaluate.word_scores import embedding_outputs, score_words
from netwright.model.model import Model
from netwright.objectives._energy import energy_distance
from netwright.objectives._objective import Objective
from netwright.objectives.detection import Detection
from netwright.objectives.segmentation import Segmentation

__all__ = [
    "IN_TOKENS",
    "NOT_ASKED",
    "inputs_of",
    "kept_of",
    "loss_of",
    "metric_of",
    "outputs_of",
    "overlap",
    "predictions_of",
    "rows_of_maps",
    "score_outputs",
    "targets_of",
    "tasks_of",
]

IN_TOKENS = ("language-modelling", "masked-language-modelling", "translation")
NOT_ASKED = -100  # a target of a step that is padding, as in torch's cross-entropy
MAP_PIXELS = 1 << 19  # that are read at once where each has an answer
TOKEN_ROWS = 64  # that are read at once where each step has a vocabulary's logits


def outputs_of(model: Model, split: Split, *, batch_size: int = 1024) -> Tensor:
    """Return what the scores of a whole split are made of, on the CPU."""
    if model.task.form == "generation":
        return drawn_beside(model, split)
    if isinstance(split, Episodes):
        return play(model, split)
    if model.task.form == "contrastive":
        return views_of(model, split)
    if model.task.form == "embedding":
        return embedding_outputs(model, split, batch_size=batch_size)
    if model.task.form == "masked-language-modelling":
        return masked_nats(model, split)
    size = min(batch_size, TOKEN_ROWS) if model.task.form in IN_TOKENS else batch_size
    if model.task.form == "detection":
        return box_facts(model, split, batch_size=rows_of_maps(model.encoding))
    if model.task.form == "segmentation":
        size = rows_of_maps(model.encoding)
    return model.forward_rows(split, batch_size=size, reduce=partial(kept_of, model.task.form))


def kept_of(form: Form, outputs: Tensor, targets: Tensor) -> Tensor:
    """Return what is kept of a batch's outputs: nats a token (rows, time) of logits (rows, time,
    vocab), 0 where nothing is asked; counts of maps (see map_metrics); all of other tasks'."""
    if form in IN_TOKENS:
        return _token_nats(outputs, targets)
    if form == "tagging":  # a batch ends with its own longest sentence
        return F.pad(outputs, (0, 0, 0, targets.shape[1] - outputs.shape[1]))
    if form == "segmentation":
        return facts_of_logits(outputs, targets)
    if form == "speech-recognition":
        return facts_of_speech(outputs, targets)
    return outputs


def _token_nats(logits: Tensor, targets: Tensor) -> Tensor:
    steps = logits.shape[1]  # beyond them is padding of all rows
    nats = F.cross_entropy(
        logits.flatten(0, 1),
        targets[:, :steps].flatten(),
        reduction="none",
        ignore_index=NOT_ASKED,
    )
    return F.pad(nats.view(-1, steps), (0, targets.shape[1] - steps))


def loss_of(objective: Objective, outputs: Tensor, targets: Tensor, task: Task) -> float | None:
    """Return the mean loss of `outputs_of` a whole split; None where what is judged is not what
    is minimised: episodes have a return and no loss, held-out words are asked otherwise."""
    if task.form in ("control", "embedding"):
        return None
    if task.form in IN_TOKENS:
        return float(outputs.sum() / (targets != NOT_ASKED).sum())
    if task.form == "speech-recognition":
        return float(outputs[:, 0].sum() / outputs[:, 2].sum().clamp_min(1))
    if task.form == "generation":  # of whatever net and objective
        return energy_distance(outputs[:, 0], outputs[:, 1]).item()
    if isinstance(objective, Segmentation):
        return loss_of_facts(outputs, task.outputs, dice=objective.dice)
    if isinstance(objective, Detection):
        return loss_of_boxes(objective, outputs)
    return objective.compute(outputs, targets, smooth=False).item()


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
    """Score outputs, as `outputs_of(model, split)` gives them, against the split's targets.

    only: the metrics wanted; resamples 0 leaves out intervals and curves (between epochs).
    """
    task = model.task
    if task.form == "control":
        return score_returns(outputs, task, metric=metric, resamples=resamples, seed=seed)
    if task.form == "contrastive":
        return score_views(outputs, task, metric=metric, resamples=resamples, seed=seed)
    if task.form == "embedding":
        return score_words(outputs, split, task, metric=metric, resamples=resamples, seed=seed)
    if task.form == "language-modelling":
        return score_tokens(outputs, task, metric=metric, resamples=resamples, seed=seed)
    if task.form == "masked-language-modelling":
        asked = targets_of(split) != NOT_ASKED
        return score_tokens(
            outputs, task, mask=asked, metric=metric, resamples=resamples, seed=seed
        )
    if task.form == "reconstruction":
        return score_errors(
            outputs, targets_of(split), task, metric=metric, only=only, resamples=resamples,
            seed=seed,
        )  # fmt: skip
    if task.form == "generation":
        return score_samples(
            outputs, task, metric=metric, only=only, resamples=resamples, seed=seed
        )
    if task.form == "translation":
        # Between epochs nats alone: writing translations takes longer than an epoch.
        said = model.translate(inputs_of(split)[0]) if resamples else None
        return score_translations(
            outputs,
            targets_of(split),
            task,
            said=said,
            references=[target for _, target in getattr(split, "raw", ())],
            metric=metric,
            resamples=resamples,
            seed=seed,
        )
    if task.form == "speech-recognition":
        said = model.transcribe(inputs_of(split)) if resamples else None
        return score_speech(
            outputs, task, said=said, references=[text for _, text in getattr(split, "raw", ())],
            metric=metric, only=only, resamples=resamples, seed=seed,
        )  # fmt: skip
    if task.form == "tagging":
        return score_tags(
            outputs,
            targets_of(split),
            task,
            outside=model.outside,
            metric=metric,
            only=only,
            resamples=resamples,
            seed=seed,
        )
    if task.form == "segmentation":
        return score_maps(outputs, task, metric=metric, only=only, resamples=resamples, seed=seed)
    if task.form == "detection":
        return score_boxes(
            outputs, targets_of(split), task, metric=metric, only=only, resamples=resamples,
            seed=seed,
        )  # fmt: skip
    if task.form == "similarity":
        return score_embeddings(
            outputs, targets_of(split), task, metric=metric, only=only, resamples=resamples,
            seed=seed,
        )  # fmt: skip
    if task.form == "multi-task":
        each = [
            _one_task(*one, resamples=resamples, seed=seed)
            for one in tasks_of(model, outputs, split)
        ]
        return join_scores(task, each, metric=metric, rows=len(split))
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
        ends=_ends_of(model, outputs, split),
        level=model.interval.level if model.interval else 0.0,
        block=overlap(task, split),
        resamples=resamples,
        seed=seed,
    )


def tasks_of(model: Model, outputs: Tensor, split: Split) -> list[tuple[Model, Tensor, Rows]]:
    """Return for each of several tasks a Model that answers it alone, and the outputs and targets
    of the rows whose target is known; tasks without such rows are left out."""
    targets = targets_of(split)
    found = []
    for number, (one, own) in enumerate(model.of_tasks(outputs)):
        known, asked = targets_of_task(targets, model.task, number)
        if len(known):
            found.append((one, own[known], Rows(split.name, (torch.empty(len(known), 0),), asked)))
    return found


def _one_task(model: Model, outputs: Tensor, rows: Rows, *, resamples: int, seed: int) -> OneTask:
    name = metric_of_skill(model.task)
    quick: dict[str, Any] = {} if resamples else {"metric": name, "only": (name,)}
    scores = score_outputs(model, outputs, rows, resamples=resamples, seed=seed, **quick)
    return OneTask(model.task, scores, rows.targets.numpy())


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
    predicted = model.values(model.middle(outputs), inputs)
    return predicted.numpy(), model.values(targets, inputs).numpy()


def _ends_of(
    model: Model, outputs: Tensor, split: Split
) -> tuple[NDArray[np.floating], NDArray[np.floating]] | None:
    inputs = inputs_of(split) if model.task.form == "forecasting" and model.interval else None
    ends = model.ends(outputs, inputs)
    return None if ends is None else (ends[0].numpy(), ends[1].numpy())


def rows_of_maps(encoding: Encoding) -> int:
    """Return how many pictures of this size are read at once."""
    shapes = encoding.shapes()
    return max(MAP_PIXELS // (int(shapes["height"]) * int(shapes["width"])), 1)


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
