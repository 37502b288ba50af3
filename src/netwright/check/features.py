"""Rows as vectors whose distances mean something, by kind of data."""

from typing import Any

import numpy as np
import pandas as pd
import torch
import torch.nn.functional as F
from numpy.typing import NDArray

from netwright.check.case import Case, Part
from netwright.evaluate.baseline_inputs import Sample, one_hot_features, text_features
from netwright.evaluate.baseline_sounds import bands_of

__all__ = ["distance_features", "summary_columns"]

Matrix = NDArray[np.float32]
SIDE = 16  # pixels of a picture that is only to be recognised
STEPS = 64  # of a series
IN_TOKENS = ("text", "sentence", "text-pair")  # kinds whose first input is ids of tokens
WORDS = 128  # directions in which texts are compared
MOST_WORDS = 0.1  # different ones, of the training rows


def distance_features(case: Case, part: Part) -> tuple[Matrix, Matrix] | None:
    """Return (training rows, the part's rows), each (rows, columns) on one scale. None where no
    distance is of use."""
    train, other = case.train.sample, part.sample
    if case.kind == "table":
        # Nearness in a column or two is no likeness.
        if sum(x.shape[1] for x in train.inputs if x.dtype.kind == "f") < 3:
            return None
        features = one_hot_features(train)
        return _dense(features.train), _dense(features.of(other))
    if case.kind == "text":
        texts = text_features(train)
        way = np.random.default_rng(case.seed).normal(size=(texts.train.shape[1], WORDS))
        way = (way / np.sqrt(WORDS)).astype(np.float32)
        return np.asarray(texts.train @ way), np.asarray(texts.of(other) @ way)
    if case.kind in IN_TOKENS:  # with many targets a row, near ones are no copies
        return None
    if case.kind == "audio":
        return _bands(train), _bands(other)
    if case.kind == "video":  # its mean frame would be alike where motions differ
        return None
    shrink = _small_pictures if case.kind == "image" else _short_series
    return shrink(train), shrink(other)


def _dense(x: Any) -> Matrix:
    return np.asarray(x.toarray() if hasattr(x, "toarray") else x, dtype=np.float32)


def _small_pictures(sample: Sample) -> Matrix:
    """Grey, 16 x 16, mean 0 and length 1: brightness and contrast do not count."""
    pieces = []
    for start in range(0, len(sample), 1024):
        x = torch.from_numpy(sample.inputs[0][start : start + 1024]).float().mean(1, keepdim=True)
        side = (min(SIDE, x.shape[2]), min(SIDE, x.shape[3]))
        pieces.append(_unit(F.adaptive_avg_pool2d(x, side).flatten(1)))
    return torch.cat(pieces).numpy()


def _bands(sample: Sample) -> Matrix:
    """Bands of pitch, mean 0 and length 1."""
    return _unit(bands_of(sample)).numpy()


def _short_series(sample: Sample) -> Matrix:
    """(rows, time, channels) -> each channel averaged down, mean 0 and length 1."""
    x = torch.from_numpy(sample.inputs[0]).float().transpose(1, 2)
    short = F.adaptive_avg_pool1d(x, min(STEPS, x.shape[2]))
    return _unit(short).flatten(1).numpy()


def _unit(x: torch.Tensor) -> torch.Tensor:
    centred = x - x.mean(-1, keepdim=True)
    return centred / centred.norm(dim=-1, keepdim=True).clamp_min(1e-6)


def summary_columns(case: Case, part: Part) -> dict[str, NDArray[Any]]:
    """Return columns (rows,) that tell splits apart, by name: a table's own, as read; of pictures
    and series each channel's mean and spread; of sounds their length and how often they cross zero;
    of texts and sentences (of pairs: the source) their
    length and share of unknown words.
    Integers are codes."""
    inputs = part.sample.inputs
    if part.frame is not None:
        return _cells(case.train.frame, part.frame)
    if case.kind == "table":
        columns: dict[str, NDArray[Any]] = {}
        for x, names in zip(inputs, case.names, strict=False):
            named = names if len(names) == x.shape[1] else [f"input {k}" for k in range(x.shape[1])]
            columns.update({name: x[:, k] for k, name in enumerate(named)})
        return columns
    if case.kind in IN_TOKENS:
        tokens = inputs[0]
        there = tokens != 0
        length = there.sum(1)
        unknown = (tokens == 1).sum(1) / np.maximum(length, 1)
        return {"length": length.astype(np.float32), "unknown words": unknown.astype(np.float32)}
    if case.kind == "audio":
        samples, lengths = inputs
        crossings = (np.diff(np.signbit(samples), axis=1) != 0).sum(1) / np.maximum(lengths, 1)
        return {"length": lengths.astype(np.float32), "pitch": crossings.astype(np.float32)}
    x = (
        inputs[0].reshape(*inputs[0].shape[:2], -1)
        if case.kind in ("image", "video")
        else np.swapaxes(inputs[0], 1, 2)
    )
    columns = {}
    for channel in range(x.shape[1]):
        values = x[:, channel].astype(np.float32)
        columns[f"mean of channel {channel}"] = values.mean(1)
        columns[f"spread of channel {channel}"] = values.std(1)
    return columns


def _cells(train: pd.DataFrame | None, frame: pd.DataFrame) -> dict[str, NDArray[Any]]:
    """Return numbers as they are, and words as codes that mean the same in all splits. Words that
    hardly any rows share (names, dates) are new in every split, and left out."""
    columns: dict[str, NDArray[Any]] = {}
    for name in frame.columns:
        cells = frame[name]
        if isinstance(cells.dtype, np.dtype) and cells.dtype.kind in "fiub":
            columns[str(name)] = cells.to_numpy(np.float64)
        elif train is not None:
            known = pd.unique(train[name].astype(str))
            if len(known) > MOST_WORDS * len(train):
                continue
            # 0 is every word that training lacks.
            columns[str(name)] = pd.Index(known).get_indexer(pd.Index(cells.astype(str))) + 1
    return columns
