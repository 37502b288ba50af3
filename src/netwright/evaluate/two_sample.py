"""score_samples: drawn rows beside real rows that no net was trained on.

energy_distance: see objectives/_energy.py; 0 where both are drawn alike. coverage: share of the
real rows that have a drawn row within their NEIGHBOURS-th nearest real one (Naeem et al. 2020,
arXiv:2002.09797): low where kinds of rows are never drawn, about 1 - 2^-NEIGHBOURS where both are
drawn alike. Both are measured on the numbers as the net has them.
"""

from collections.abc import Collection

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from netwright.data.data import Encoding, Rows, Split
from netwright.data.task import Task
from netwright.errors import DataError, TrainingError
from netwright.evaluate.bootstrap import FEW_ROWS, Array, Measure, interval, replicate
from netwright.evaluate.scores import METRICS, Score, Scores, primary_metric
from netwright.model.drawing import draw
from netwright.model.model import Model
from netwright.objectives._energy import energy_terms

__all__ = ["NEIGHBOURS", "drawn_beside", "real_rows", "score_samples"]

NEIGHBOURS = 5  # as the paper
MOST_ROWS = 2_000  # each is compared with each
MOST_NUMBERS = 8_000_000  # of the rows together: 32 MB
HALVINGS = 200
NOISE_SEED = 0  # the same noise for every net and epoch


def drawn_beside(model: Model, split: Split) -> Tensor:
    """Return (rows, 2, numbers): rows drawn from fixed noise, each beside a real row of the split,
    of whose class it was drawn where the net is given one. At most MOST_ROWS, evenly taken."""
    real, classes = real_rows(model.encoding, split)
    drawn = draw(model, len(real), seed=NOISE_SEED, classes=classes)
    return torch.stack([drawn.flatten(1), real], 1)


def real_rows(encoding: Encoding, split: Split) -> tuple[Tensor, Tensor]:
    """Return real rows as the net has them, (rows, numbers), and their targets."""
    if len(split) < 2:
        raise DataError(
            f"The {split.name} part has {len(split)} row; at least 2 are needed to compare drawn "
            "rows with. Add rows."
        )
    first = next(iter(split.batches(1))).inputs[0]
    most = min(MOST_ROWS, max(MOST_NUMBERS // first.numel(), 100), len(split))
    chosen = torch.linspace(0, len(split) - 1, most).long()
    if isinstance(split, Rows):
        inputs = (split.inputs[0].cpu()[chosen],)
        targets = split.targets.cpu()[chosen]
    else:
        wanted, found, at = set(chosen.tolist()), [], 0
        for batch in split.batches(256):
            own = [i for i in range(len(batch.targets)) if at + i in wanted]
            found.append((batch.inputs[0][own].cpu(), batch.targets[own].cpu()))
            at += len(batch.targets)
        inputs = (torch.cat([x for x, _ in found]),)
        targets = torch.cat([y for _, y in found])
    return encoding.prepare(inputs)[0].float().flatten(1), targets


def score_samples(
    outputs: Tensor,
    task: Task,
    *,
    metric: str | None = None,
    only: Collection[str] | None = None,
    resamples: int = 1000,
    seed: int = 0,
) -> Scores:
    """Score drawn rows beside real ones. outputs: (rows, 2, numbers), as `drawn_beside` gives."""
    drawn, real = outputs[:, 0].float(), outputs[:, 1].float()
    if not bool(torch.isfinite(drawn).all()):
        raise TrainingError(
            "Drawn rows hold numbers that are not finite. Training has diverged: lower recipe.lr."
        )
    terms = energy_terms(drawn, real).numpy().astype(np.float64)
    covered = _covered(drawn, real)
    primary = primary_metric(task, metric=metric)

    def measure_of(part: NDArray[np.int64] | None) -> Measure:
        kept = slice(None) if part is None else part
        own, inside = terms[kept][:, kept], covered[kept]

        def measure(weights: Array) -> dict[str, Array]:
            total = weights.sum(0)
            pairs = total**2 - (weights**2).sum(0)  # no row is paired with itself, however often
            return {
                "energy_distance": (weights * (own @ weights)).sum(0) / pairs,
                "coverage": inside @ weights / total,
            }

        return measure

    point, replicates = replicate(measure_of, len(drawn), resamples=resamples, seed=seed)
    found = {}
    for name in METRICS:
        if name in point and (not only or name in (*only, primary)):
            ends = interval(replicates[name]) if name in replicates else None
            found[name] = Score(point[name], *(ends or ()))
    notes = _notes(real, seed) if resamples else []
    return Scores(found, primary, len(drawn), notes=tuple(notes), replicates=replicates)


def _covered(drawn: Tensor, real: Tensor) -> Array:
    """Return 1 for each real row that has a drawn one among its neighbours, else 0."""
    near = min(NEIGHBOURS, len(real) - 1)
    apart = torch.cdist(real, real).fill_diagonal_(float("inf"))
    reach = apart.kthvalue(near, dim=1).values
    found: Array = (torch.cdist(real, drawn).min(1).values <= reach).numpy().astype(np.float64)
    return found


def _notes(real: Tensor, seed: int) -> list[str]:
    notes = []
    if len(real) >= 4:
        floor = noise_floor(real, seed=seed)
        notes.append(
            f"two halves of the {len(real):,} real rows differ by up to {floor:.2g} in energy "
            f"distance (95 of 100 halvings): less says nothing"
        )
    if len(real) < FEW_ROWS:
        notes.append(f"only {len(real)} rows: intervals from fewer than {FEW_ROWS} are rough")
    return notes


def noise_floor(real: Tensor, *, seed: int = 0) -> float:
    """Return what the energy distance of two random halves of real rows is below, 95 times in
    100."""
    rng = np.random.default_rng(seed)
    half = len(real) // 2
    apart = torch.cdist(real, real).numpy().astype(np.float64) / real.shape[1] ** 0.5
    orders = np.argsort(rng.random((HALVINGS, len(real))), axis=1)
    first, second = (np.zeros((len(real), HALVINGS)) for _ in range(2))
    np.put_along_axis(first, orders[:, :half].T, 1.0, axis=0)
    np.put_along_axis(second, orders[:, half : 2 * half].T, 1.0, axis=0)
    between = (first * (apart @ second)).sum(0) / half**2
    within = (first * (apart @ first) + second * (apart @ second)).sum(0) / (half * (half - 1))
    return float(np.quantile(2 * between - within, 0.95))
