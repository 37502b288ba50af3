"""Interval: how far around a predicted number its target lies, in a given share of rows.

    [low - below, high + above]

low and high are the prediction itself, or a quantile net's outer quantiles. below and above are
found on validation rows, for each output (each step ahead of a forecast) by itself: the
ceil((n + 1) (1 - tail)) smallest of the n amounts by which targets lay beyond. Rows drawn like
those are then inside at least as often as was asked.

Split conformal prediction: Lei et al. 2018, Journal of the American Statistical Association 113; of
quantiles, each end by itself: Romano, Patterson and Candes 2019, arXiv:1905.03222. What comes later
than the validation rows need not be drawn like them: how often test rows are inside is measured.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import torch
from torch import Tensor

__all__ = ["LEVEL", "Interval", "fit_interval", "middle_of", "quantiles_of"]

LEVEL = 0.9  # where no quantiles say otherwise; of a few hundred rows the ends of 95 % are noise


@dataclass(frozen=True)
class Interval:
    """level: the share of targets that is to be inside. below, above: one an output, in the unit of
    outputs."""

    level: float
    below: tuple[float, ...]
    above: tuple[float, ...]

    def ends(self, outputs: Tensor, quantiles: Sequence[float] = ()) -> tuple[Tensor, Tensor]:
        """Return low and high (rows, outputs) around raw outputs; the prediction is never
        outside."""
        low, high = _outer(outputs, quantiles)
        middle = middle_of(outputs, quantiles)
        low = low - low.new_tensor(self.below)
        high = high + high.new_tensor(self.above)
        return torch.minimum(low, middle), torch.maximum(high, middle)

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON form."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> "Interval":
        """Read the JSON form."""
        return cls(values["level"], tuple(values["below"]), tuple(values["above"]))


def fit_interval(outputs: Tensor, targets: Tensor, *, quantiles: Sequence[float] = ()) -> Interval:
    """Return the interval that holds targets (rows, outputs) as often as it should: LEVEL of them,
    or as many as the quantiles say. outputs: raw, (rows, outputs) or (rows, outputs x quantiles).
    Targets that are not finite are left out."""
    low, high = _outer(outputs.double(), quantiles)
    tails = (quantiles[0], 1 - quantiles[-1]) if len(quantiles) > 1 else ((1 - LEVEL) / 2,) * 2
    targets = targets.reshape(low.shape).double()
    return Interval(
        round(1 - sum(tails), 6),
        _beyond(low - targets, tails[0]),
        _beyond(targets - high, tails[1]),
    )


def quantiles_of(outputs: Tensor, quantiles: Sequence[float]) -> Tensor:
    """(rows, outputs x quantiles) -> (rows, outputs, quantiles) in rising order: sorted where they
    cross (Chernozhukov, Fernandez-Val and Galichon 2010, Econometrica 78)."""
    return outputs.unflatten(1, (-1, len(quantiles))).sort(-1).values


def middle_of(outputs: Tensor, quantiles: Sequence[float]) -> Tensor:
    """Return the prediction, (rows, outputs): of quantiles the median."""
    if not quantiles:
        return outputs
    return quantiles_of(outputs, quantiles)[..., list(quantiles).index(0.5)]


def _outer(outputs: Tensor, quantiles: Sequence[float]) -> tuple[Tensor, Tensor]:
    if not quantiles:
        return outputs, outputs
    found = quantiles_of(outputs, quantiles)
    return found[..., 0], found[..., -1]


def _beyond(amounts: Tensor, tail: float) -> tuple[float, ...]:
    """Return for each column of amounts (rows, outputs) what a share `tail` of rows goes beyond."""
    found = []
    for column in amounts.unbind(1):
        known = column[torch.isfinite(column)].sort().values
        place = min(math.ceil((len(known) + 1) * (1 - tail)), len(known))
        found.append(float(known[place - 1]) if len(known) else 0.0)
    return tuple(found)
