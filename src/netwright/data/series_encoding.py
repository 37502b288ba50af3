"""SeriesEncoding: time series become float32 (rows, time, channels), z-normalised with the training
rows' statistics.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from netwright.data.data import Kind
from netwright.data.ledger import Ledger
from netwright.errors import DataError

__all__ = ["SeriesEncoding", "fit_series_encoding", "unequal_series"]

FloatArray = NDArray[np.float32]

# Series of lengths this far apart are padded, not stretched: the time scale may carry the class.
MAX_LENGTH = 2048


@dataclass(frozen=True, kw_only=True)
class SeriesEncoding:
    """length: steps a row has. mean, std: one a channel, over the training rows. varied: training
    series were of unequal length, so that each row's own length is a second input.

    Shorter series are padded at their end with the mean (0 after normalisation), longer ones cut;
    gaps are bridged by a straight line.
    """

    length: int
    channels: int
    mean: tuple[float, ...]
    std: tuple[float, ...]
    varied: bool = False

    @property
    def kind(self) -> Kind:
        return "series"

    def encode(self, raw: Any, ledger: Ledger | None = None) -> tuple[Tensor, ...]:
        """Turn arrays (rows, time, channels), (rows, time), or a list of (time, channels) into
        (rows, time, channels), and of series of unequal length their lengths, int64 (rows,).
        """
        rows = as_series(raw)
        out = np.zeros((len(rows), self.length, self.channels), dtype=np.float32)
        mean = np.array(self.mean, dtype=np.float32)
        std = np.array(self.std, dtype=np.float32)
        gaps = cut = padded = 0
        for at, row in enumerate(rows):
            if row.shape[1] != self.channels:
                raise DataError(
                    f"Series {at + 1} has {row.shape[1]} channels; the training series have "
                    f"{self.channels}. "
                    "Give the same channels in the same order."
                )
            cut += len(row) > self.length
            padded += len(row) < self.length
            row = row[: self.length]
            missing = int(np.isnan(row).sum())
            if missing:
                gaps += missing
                row = bridge(row, mean)
            out[at, : len(row)] = (row - mean) / std
        if ledger is not None:
            if gaps:
                ledger.note(
                    "imputed",
                    "series",
                    "missing or infinite values bridged by a straight line",
                    gaps,
                )
            if padded:
                ledger.note(
                    "encoded",
                    "series",
                    f"shorter than {self.length} steps, padded at the end",
                    padded,
                )
            if cut:
                ledger.note(
                    "clipped", "series", f"longer than {self.length} steps, end cut off", cut
                )
        if not self.varied:
            return (torch.from_numpy(out),)
        lengths = [min(max(len(row), 1), self.length) for row in rows]
        return torch.from_numpy(out), torch.tensor(lengths, dtype=torch.int64)

    def prepare(self, inputs: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        """Return the inputs: they are stored normalised."""
        return inputs

    def shapes(self) -> Mapping[str, Any]:
        return {"in_channels": self.channels, "length": self.length}

    def to_dict(self) -> dict[str, Any]:
        return {
            "type": "series",
            "kind": "series",
            "length": self.length,
            "channels": self.channels,
            "mean": list(self.mean),
            "std": list(self.std),
            **({"varied": True} if self.varied else {}),
        }

    def tensors(self) -> dict[str, Tensor]:
        return {}

    @classmethod
    def from_dict(
        cls, values: Mapping[str, Any], tensors: Mapping[str, Tensor]
    ) -> "SeriesEncoding":
        """Read the JSON form."""
        return cls(
            length=values["length"],
            channels=values["channels"],
            mean=tuple(values["mean"]),
            std=tuple(values["std"]),
            varied=values.get("varied", False),
        )


def fit_series_encoding(raw: Any, ledger: Ledger | None = None) -> SeriesEncoding:
    """Take length (the longest, at most 2,048) and each channel's mean and deviation from training
    series.
    """
    rows = as_series(raw)
    channels = rows[0].shape[1]
    values = np.concatenate(rows).astype(np.float64)
    empty = np.isnan(values).all(0)
    if empty.all():
        raise DataError(
            "The training series hold no value at all, only missing ones. Check the file."
        )
    values[:, empty] = 0.0
    std = np.nanstd(values, axis=0)
    constant = std < 1e-12
    if ledger is not None and constant.any():
        names = ", ".join(str(c + 1) for c in np.flatnonzero(constant))
        ledger.note(
            "warned", "series", f"channel {names} is constant in training", int(constant.sum())
        )
    lengths = np.array([len(row) for row in rows])
    varied = len(set(lengths.tolist())) > 1
    if ledger is not None and varied:
        ledger.note(
            "guessed",
            "series",
            f"lengths differ ({lengths.min()} to {lengths.max()}): padded at the end, not "
            "stretched; the net is told each row's length",
        )
    return SeriesEncoding(
        length=int(min(lengths.max(), MAX_LENGTH)),
        channels=channels,
        mean=tuple(np.nanmean(values, axis=0).tolist()),
        std=tuple(np.where(constant, 1.0, std).tolist()),
        varied=varied,
    )


def unequal_series(encoding: object) -> bool:
    """Say whether rows are series of unequal length."""
    return isinstance(encoding, SeriesEncoding) and encoding.varied


def as_series(raw: Any) -> Sequence[FloatArray]:
    """Return a list of float32 (time, channels) arrays; what is infinite counts as missing."""
    rows = [_finite(np.asarray(row, dtype=np.float32)) for row in raw]
    return [row[:, None] if row.ndim == 1 else row for row in rows]


def _finite(row: FloatArray) -> FloatArray:
    return np.where(np.isinf(row), np.float32(np.nan), row)


def bridge(row: FloatArray, mean: FloatArray) -> FloatArray:
    """Fill NaN by linear interpolation along time, ends by their nearest value, an empty channel by
    its mean.
    """
    out = row.copy()
    for channel in range(row.shape[1]):
        known = np.flatnonzero(~np.isnan(row[:, channel]))
        if len(known) == 0:
            out[:, channel] = mean[channel]
        elif len(known) < len(row):
            out[:, channel] = np.interp(np.arange(len(row)), known, row[known, channel])
    return out
