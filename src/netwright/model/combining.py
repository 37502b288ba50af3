"""The answers of an ensemble's members as one."""

import torch
from torch import Tensor

from netwright.model.boxes import mean_of_detectors

__all__ = ["mean_of_members"]


def mean_of_members(outputs: Tensor, form: str, weights: Tensor | None = None) -> Tensor:
    """Return the outputs (batch, outputs) of an ensemble whose members gave `outputs` (batch,
    members, outputs): logits of the mean probability, or the mean value. weights (members,) add up
    to 1; None: equal."""
    if weights is None:
        weights = outputs.new_full((outputs.shape[1],), 1 / outputs.shape[1])
    shares = weights.view(-1, *[1] * (outputs.dim() - 2))
    if form in ("binary", "multiclass", "language-modelling", "tagging", "translation"):
        return (outputs.log_softmax(-1) + shares.log()).logsumexp(1)
    if form == "segmentation":  # (batch, members, classes, height, width)
        return (outputs.log_softmax(2) + shares.log()).logsumexp(1)
    if form == "detection":
        return mean_of_detectors(outputs, shares)
    if form in ("multilabel", "ordinal"):
        return torch.logit((outputs.sigmoid() * shares).sum(1), eps=1e-7)
    return (outputs * shares).sum(1)
