"""Losses of one net's outputs that torch does not have in this form: hinge, focal, quantile.

hinge: max(0, 1 - z_y + max of the other z), for two classes the margin of their difference
(Crammer and Singer 2001, JMLR 2); for labels max(0, 1 - s z) with s = 1 where the label holds, else
-1. It asks for margins: what softmax makes of its scores are probabilities only once a temperature
was fitted.

focal: -(1 - p)^gamma log p, p the probability of what is true (Lin et al. 2017, arXiv:1708.02002;
their alpha is `class_weights`). gamma 0 is the cross-entropy. Rows that are right already count
little, so that its probabilities are less sure than they should be until they are calibrated.

quantile: max(q e, (q - 1) e), e = target - output, least where a share q of the targets lies below
(Koenker and Bassett 1978, Econometrica 46). The outputs of each target are its quantiles, in order.
"""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

__all__ = ["focal_of_classes", "focal_of_labels", "hinge_of_classes", "hinge_of_labels", "pinball"]


def hinge_of_classes(outputs: Tensor, targets: Tensor, weight: Tensor | None = None) -> Tensor:
    """Return the mean over rows of scores (batch, classes). targets: ids (batch,), or shares
    (batch, classes). weight: (classes,); the mean is then weighted, as cross-entropy's."""
    best, second = outputs.topk(2, dim=1).values.unbind(1)
    others = torch.where(outputs == best[:, None], second[:, None], best[:, None])
    return _of_classes((1 - outputs + others).relu(), targets, weight)


def hinge_of_labels(outputs: Tensor, targets: Tensor, weight: Tensor | None = None) -> Tensor:
    """Return the mean over scores and 0/1 targets (batch, labels). weight: (labels,), of the
    labels that hold, as `pos_weight`."""
    holds, fails = (1 - outputs).relu(), (1 + outputs).relu()
    return (targets * _times(holds, weight) + (1 - targets) * fails).mean()


def focal_of_classes(
    outputs: Tensor, targets: Tensor, weight: Tensor | None = None, *, gamma: float
) -> Tensor:
    """Return the mean over rows of logits (batch, classes); targets and weight as of the hinge."""
    logs = outputs.log_softmax(1)
    return _of_classes((1 - logs.exp()) ** gamma * -logs, targets, weight)


def focal_of_labels(
    outputs: Tensor, targets: Tensor, weight: Tensor | None = None, *, gamma: float
) -> Tensor:
    """Return the mean over logits and 0/1 targets (batch, labels); weight as of the hinge."""
    p = outputs.sigmoid()
    holds = (1 - p) ** gamma * -F.logsigmoid(outputs)
    fails = p**gamma * -F.logsigmoid(-outputs)
    return (targets * _times(holds, weight) + (1 - targets) * fails).mean()


def pinball(outputs: Tensor, targets: Tensor, quantiles: Sequence[float]) -> Tensor:
    """Return the mean over targets (batch, outputs) and their quantiles, outputs (batch, outputs x
    quantiles)."""
    if outputs.shape[1] != targets.shape[1] * len(quantiles):
        raise ValueError(
            f"{len(quantiles)} quantiles of targets {tuple(targets.shape)} need outputs (batch, "
            f"{targets.shape[1] * len(quantiles)}), but got {tuple(outputs.shape)}."
        )
    q = outputs.new_tensor(quantiles)
    error = targets.unsqueeze(-1) - outputs.unflatten(1, (-1, len(quantiles)))
    return torch.maximum(q * error, (q - 1) * error).mean()


def _of_classes(losses: Tensor, targets: Tensor, weight: Tensor | None) -> Tensor:
    """Return the mean of the losses (batch, classes) that rows would have were a class theirs."""
    if not targets.is_floating_point():
        own = losses.gather(1, targets[:, None])[:, 0]
        if weight is None:
            return own.mean()
        shares = weight[targets]
        return (own * shares).sum() / shares.sum()
    return (_times(losses, weight) * targets).sum(1).mean()


def _times(losses: Tensor, weight: Tensor | None) -> Tensor:
    return losses if weight is None else losses * weight
