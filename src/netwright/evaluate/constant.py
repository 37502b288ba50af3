"""The best constant answer, as a net would give it: what any net that has learned something beats.

Classes: the shares of the training rows. Numbers and forecasts: the mean, which is 0 in the units
that nets are trained in. Tokens: all alike.
"""

import math

import torch
from torch import Tensor, nn

from netwright.data.data import Data
from netwright.evaluate.judge import IN_TOKENS, NOT_ASKED, metric_of, targets_of
from netwright.evaluate.map_metrics import facts_of_constant
from netwright.model.model import Model

__all__ = ["constant_outputs", "constant_score"]


def constant_outputs(data: Data) -> Tensor:
    """Return what `outputs_of` a net gives that answers every validation row alike."""
    task, rows = data.task, len(data.validation)
    if task.form in IN_TOKENS:
        asked = targets_of(data.validation) != NOT_ASKED
        return asked * math.log(int(data.encoding.shapes()["vocab"]))
    if task.form == "segmentation":
        counts = torch.tensor(data.class_counts, dtype=torch.float64)
        return facts_of_constant(counts / counts.sum(), targets_of(data.validation))
    if not task.is_classification:
        return torch.zeros(rows, task.outputs)
    counts = torch.tensor(data.class_counts, dtype=torch.float32).clamp_min(0.5)
    if task.form == "multilabel":
        one = (counts / len(data.train)).clamp(1e-6, 1 - 1e-6).logit()
    elif task.form == "ordinal":
        above = 1 - (counts / counts.sum()).cumsum(0)[:-1]  # P(grade > k)
        one = above.clamp(1e-6, 1 - 1e-6).logit()
    else:
        one = (counts / counts.sum()).log()
    return one.expand(rows, -1)


def constant_score(data: Data, metric: str) -> float:
    """Return what the best constant answer scores on the validation rows."""
    model = Model(nn.Identity(), {}, data.encoding, data.task)
    return metric_of(model, constant_outputs(data), data.validation, metric)
