"""The best constant answer, as a net would give it: what any net that has learned something beats.

Classes: the shares of the training rows. Numbers and forecasts: the mean, which is 0 in the units
that nets are trained in. Tokens: all alike. Rows to be rebuilt, or drawn: the mean training row.
Boxes: none.
"""

import math
from collections.abc import Iterator

import torch
from torch import Tensor, nn

from netwright.data.data import Data, Split
from netwright.evaluate.box_metrics import facts_of_found
from netwright.evaluate.judge import IN_TOKENS, NOT_ASKED, metric_of, targets_of
from netwright.evaluate.map_metrics import facts_of_constant
from netwright.evaluate.two_sample import real_rows
from netwright.model.model import Model
from netwright.nets._coding import rows_of
from netwright.nets.detector import Detections

__all__ = ["constant_outputs", "constant_score"]

NOTHING = Detections(torch.zeros(0, 4), torch.zeros(0), torch.zeros(0, dtype=torch.int64))


def constant_outputs(data: Data) -> Tensor:
    """Return what `outputs_of` a net gives that answers every validation row alike."""
    task, rows = data.task, len(data.validation)
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
    if not (task.is_classification or task.form == "tagging"):
        return torch.zeros(rows, task.outputs)
    counts = torch.tensor(data.class_counts, dtype=torch.float32).clamp_min(0.5)
    if task.form == "tagging":
        one = (counts / counts.sum()).log()
        return one.expand(*targets_of(data.validation).shape, -1)
    if task.form == "multilabel":
        one = (counts / len(data.train)).clamp(1e-6, 1 - 1e-6).logit()
    elif task.form == "ordinal":
        above = 1 - (counts / counts.sum()).cumsum(0)[:-1]  # P(grade > k)
        one = above.clamp(1e-6, 1 - 1e-6).logit()
    else:
        one = (counts / counts.sum()).log()
    return one.expand(rows, -1)


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
