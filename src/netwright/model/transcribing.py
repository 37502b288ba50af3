"""transcribe: what a recogniser hears, each frame's best symbol collapsed into a text."""

from typing import Any

import torch
from torch import Tensor, nn

from netwright.data.speech_encoding import SpeechEncoding
from netwright.nets.ctc import collapse, real_frames

__all__ = ["transcribe"]

AT_ONCE = 64  # sounds


@torch.no_grad()
def transcribe(net: nn.Module, encoding: SpeechEncoding, inputs: tuple[Tensor, ...]) -> list[str]:
    """Return the texts of stored inputs, samples int16 (rows, samples) and lengths (rows,)."""
    place = next(net.parameters()).device
    was_training = net.training
    net.eval()
    texts: list[str] = []
    try:
        for start in range(0, len(inputs[0]), AT_ONCE):
            piece: Any = tuple(x[start : start + AT_ONCE].to(place) for x in inputs)
            outputs = net(*encoding.prepare(piece))
            said = collapse(outputs.argmax(2).cpu(), real_frames(outputs).cpu())
            texts += [encoding.text_of(row) for row in said]
    finally:
        net.train(was_training)
    return texts
