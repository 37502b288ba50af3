"""The best constant answer, as a net would give it: what any net that has learned something beats.

Classes: the shares of the training rows. Numbers and forecasts: the mean, which is 0 in the units
that nets are trained in. Tokens: all alike. Rows to be rebuilt, or drawn: the mean training row.
Where a loss asks for something else, that: quantiles, the median, the side of a margin.
Boxes: none.
"""

import math
from collections.abc import Iterator

import torch
from torch import Tensor, nn

from netwright.data.data import Data, Split
from netwright.data.several_targets import data_of_task
from netwright.evaluate.box_metrics import facts_of_found
from netwright.evaluate.judge import IN_TOKENS, NOT_ASKED, metric_of, targets_of
from netwright.evaluate.map_metrics import facts_of_constant
from netwright.evaluate.two_sample import real_rows
from netwright.model.model import Model
from netwright.nets._coding import rows_of
from netwright.nets.detector import Detections
from netwright.objectives.supervised import Supervised

__all__ = ["constant_outputs", "constant_score"]

ASKING_OTHERWISE = ("hinge", "mae", "huber", "quantile")
MOST_ROWS = 20_000  # of training, whose quantiles are taken
NOTHING = Detections(torch.zeros(0, 4), torch.zeros(0), torch.zeros(0, dtype=torch.int64))


def constant_outputs(data: Data, objective: object = None) -> Tensor:
    """Return what `outputs_of` a net gives that answers every validation row alike. objective: by
    which the answer is best, where its loss has a best one of its own."""
    task, rows = data.task, len(data.validation)
    if isinstance(objective, Supervised) and objective.loss in ASKING_OTHERWISE:
        return _best_by(objective, data).expand(rows, -1)
    if task.form == "multi-task":
        each = [data_of_task(data, number) for number in range(len(task.tasks))]
        return torch.cat([_constant_row(one).expand(rows, -1) for one in each], 1)
    if task.form in IN_TOKENS:
        asked = targets_of(data.validation) != NOT_ASKED
        return asked * math.log(int(data.encoding.shapes()["vocab"]))
    if task.form == "reconstruction":
        off = torch.cat(list(_whole_rows(data, data.validation))) - _mean_row(data)
        return torch.stack([off.square().mean(1), off.abs().mean(1)], 1)
    if task.form == "generation":
        real, _ = real_rows(data.encoding, data.validation)
        return torch.stack([_mean_row(data).expand_as(real), real], 1)
    if task.form == "segmentation":
        counts = torch.tensor(data.class_counts, dtype=torch.float64)
        return facts_of_constant(counts / counts.sum(), targets_of(data.validation))
    if task.form == "detection":  # the same boxes everywhere find nothing, and so do none
        return facts_of_found([NOTHING] * rows)
    if task.form == "speech-recognition":  # blanks alone: every symbol is missing
        asked = (targets_of(data.validation) != NOT_ASKED).sum(1).float()
        return torch.stack([asked * math.log(task.outputs), asked, asked], 1)
    one = _constant_row(data)
    if task.form == "tagging":
        return one.expand(*targets_of(data.validation).shape, -1)
    return one.expand(rows, -1)


def _constant_row(data: Data) -> Tensor:
    """Return the best constant answer, (outputs,), by the usual loss of the task."""
    task = data.task
    if not (task.is_classification or task.form == "tagging"):
        return torch.zeros(task.outputs)
    counts = torch.tensor(data.class_counts, dtype=torch.float32).clamp_min(0.5)
    if task.form == "multilabel":
        return (counts / len(data.train)).clamp(1e-6, 1 - 1e-6).logit()
    if task.form == "ordinal":
        above = 1 - (counts / counts.sum()).cumsum(0)[:-1]  # P(grade > k)
        return above.clamp(1e-6, 1 - 1e-6).logit()
    return (counts / counts.sum()).log()


def _best_by(objective: Supervised, data: Data) -> Tensor:
    """Return the best constant answer (outputs,) by the loss on training rows."""
    if objective.loss == "hinge":
        shares = torch.tensor(data.class_counts, dtype=torch.float32) / len(data.train)
        if data.task.form == "multilabel":
            return (shares - 0.5).sign()
        # Alike for all it costs 1; for the commonest it costs 2 where a row is of another.
        return torch.where(shares == shares.max(), 1.0, 0.0) * (shares.max() > 0.5)
    targets = next(iter(data.train.batches(MOST_ROWS))).targets.cpu().flatten(1)
    asked = objective.quantiles if objective.loss == "quantile" else (0.5,)
    return targets.nanquantile(torch.tensor(asked), dim=0).T.flatten()


def _mean_row(data: Data) -> Tensor:
    """Return the mean of the training rows, as nets have them, (numbers,)."""
    sums = [rows.double().sum(0) for rows in _whole_rows(data, data.train)]
    return (torch.stack(sums).sum(0) / len(data.train)).float()


def _whole_rows(data: Data, split: Split) -> Iterator[Tensor]:
    """Yield the rows that are to be rebuilt, (some rows, numbers)."""
    whole = rows_of(data.encoding.shapes())
    for batch in split.batches(1024):
        yield whole(*data.encoding.prepare(batch.inputs)).float().flatten(1).cpu()


def constant_score(data: Data, metric: str) -> float:
    """Return what the best constant answer scores on the validation rows."""
    model = Model(nn.Identity(), {}, data.encoding, data.task)
    return metric_of(model, constant_outputs(data), data.validation, metric)
