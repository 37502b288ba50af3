"""Energy distance: how far two samples are from being drawn alike.

D = 2 E|X - Y| - E|X - X'| - E|Y - Y'|, 0 where X and Y are alike and above 0 otherwise (Szekely and
Rizzo 2013, doi:10.1016/j.jspi.2013.03.018); it is the kernel MMD of -|x - y| and has no bandwidth
to choose. Estimated without bias: no row is compared with itself, so by chance D may be below 0.
"""

import torch
from torch import Tensor

__all__ = ["energy_distance", "energy_terms"]


def energy_distance(samples: Tensor, real: Tensor) -> Tensor:
    """samples, real (rows, numbers) -> the distance, in the numbers' unit (root mean square of
    their differences). Row i of one is not compared with row i of the other, which may have been
    drawn for it (of its class)."""
    terms = energy_terms(samples, real)
    return terms.sum() / (len(terms) * (len(terms) - 1))


def energy_terms(samples: Tensor, real: Tensor) -> Tensor:
    """samples, real (rows, numbers) -> (rows, rows): 2|x_i - y_j| - |x_i - x_j| - |y_i - y_j|, its
    diagonal 0."""
    if len(samples) != len(real) or len(samples) < 2:
        raise ValueError(
            f"There are {len(samples)} samples and {len(real)} real rows; expected as many of "
            "each, at least 2."
        )
    apart = torch.cdist(samples, real)
    terms = apart + apart.t() - torch.cdist(samples, samples) - torch.cdist(real, real)
    return terms.fill_diagonal_(0.0) / samples.shape[1] ** 0.5
