"""Scales of inputs: how unlike the features are, and how far they lie from zero.

LeCun et al. 1998, "Efficient BackProp": inputs of mean zero and like spread make the loss equally
steep in all directions.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Scales", "scales_of"]

RATIO = 10.0  # between the largest and the smallest standard deviation
SHIFT = 3.0  # standard deviations that a mean may lie from zero
SPREAD = 10.0  # the largest standard deviation


@dataclass(frozen=True)
class Scales:
    """mean, std: of each feature. ratio: largest over smallest std. shift: largest abs(mean) / std.
    Constant features count for none of them.
    """

    mean: NDArray[np.float64]
    std: NDArray[np.float64]
    ratio: float
    shift: float
    largest: float

    @property
    def unusual(self) -> bool:
        """Whether standardising would change much. That it helps is another question."""
        return self.ratio > RATIO or self.shift > SHIFT or self.largest > SPREAD


def scales_of(x: NDArray[Any]) -> Scales | None:
    """Return the scales of x: (rows, features), images (rows, channels, height, width) by channel,
    series (rows, time, features) by feature. None where every feature is constant."""
    axes = {2: (0,), 3: (0, 1)}.get(x.ndim, (0, *range(2, x.ndim)))
    mean, std = x.mean(axes, dtype=np.float64), x.std(axes, dtype=np.float64)
    live = std > 1e-9 * np.maximum(np.abs(mean), 1e-12)
    if not live.any():
        return None
    ratio = float(std[live].max() / std[live].min())
    shift = float((np.abs(mean[live]) / std[live]).max())
    return Scales(mean, std, ratio, shift, float(std[live].max()))
