"""Baselines of speech recognisers: the commonest text, and the text of the training sound that is
nearest in pitch over time. Neither puts symbols together."""

from collections import Counter

import torch
from torch import Tensor

from netwright.evaluate.baseline_inputs import Sample
from netwright.evaluate.baseline_sounds import bands_of

__all__ = ["commonest", "nearest"]


def commonest(train: Sample, test: Sample) -> list[tuple[int, ...]]:
    """Return for each test row the symbols that most training rows have."""
    counts = Counter(_symbols(train))
    best = max(counts, key=lambda row: (counts[row], row))
    return [best] * len(test)


def nearest(train: Sample, test: Sample) -> list[tuple[int, ...]]:
    """Return the symbols of the training sound that is nearest in bands of pitch, by quarters."""
    known, asked = bands_of(train), bands_of(test)
    mean, std = known.mean(0), known.std(0, correction=0).clamp_min(1e-6)
    known, asked = (known - mean) / std, (asked - mean) / std
    texts = _symbols(train)
    places: list[Tensor] = [torch.cdist(piece, known).argmin(1) for piece in asked.split(512)]
    return [texts[at] for at in torch.cat(places).tolist()]


def _symbols(sample: Sample) -> list[tuple[int, ...]]:
    return [tuple(symbol for symbol in row if symbol >= 0) for row in sample.targets.tolist()]
