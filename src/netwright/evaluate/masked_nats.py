"""Nats of the tokens that a net of masked language modelling fills in, and of guesses that read
nothing."""

import torch
import torch.nn.functional as F
from torch import Tensor

from netwright.data.data import Rows, Split
from netwright.data.masked_texts import NOT_ASKED
from netwright.model.model import Model

__all__ = ["frequency_nats", "masked_nats"]

ROWS = 64  # that are read at once: each token asked for has a whole vocabulary's logits


@torch.no_grad()
def masked_nats(model: Model, split: Split) -> Tensor:
    """Return the nats of each token asked for, float32 (rows, time), 0 where none is."""
    device = next(model.net.parameters()).device
    was_training = model.net.training
    model.net.eval()
    pieces = []
    try:
        for batch in split.batches(ROWS, device=device):
            (tokens,) = model.encoding.prepare(batch.inputs)
            nats = torch.zeros(batch.targets.shape, device=device)
            asked = batch.targets != NOT_ASKED
            # A batch ends with its own longest row; beyond it nothing is asked.
            logits = model.net(tokens, asked[:, : tokens.shape[1]])
            nats[asked] = F.cross_entropy(logits.float(), batch.targets[asked], reduction="none")
            pieces.append(nats.cpu())
    finally:
        model.net.train(was_training)
    return torch.cat(pieces)


def frequency_nats(train: Rows, test: Rows, vocab: int) -> Tensor:
    """Return the nats of each token asked for by how often it occurs in training, (rows, time), 0
    where none is."""
    known = train.targets[train.targets != NOT_ASKED]
    counts = torch.bincount(known, minlength=vocab) + 1.0
    nats = -(counts / counts.sum()).log()
    asked = test.targets != NOT_ASKED
    return torch.where(asked, nats[test.targets.clamp_min(0)], 0.0)
