"""Scores of embeddings on classes that training never saw: one-shot accuracy and verification.

One-shot: a row is compared with one row of its own class and one of each of n_way - 1 others, all
drawn; it is right where its own is nearest. n_way is 20, or as many classes as there are; each row
is asked EPISODES times. Verification: ROC AUC of telling pairs of one class from pairs of two by
their distance. What is drawn depends on classes and seed alone, so that two embeddings of the same
rows are asked the same. Intervals resample classes, since it is classes that are new.

Lake, Salakhutdinov and Tenenbaum 2015 (Science 350); Vinyals et al. 2016, arXiv:1606.04080.
"""

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from netwright.data.task import Task
from netwright.errors import DataError
from netwright.evaluate.bootstrap import FEW_ROWS, Array, Measure, replicate
from netwright.evaluate.metrics import check_rows, collect_scores
from netwright.evaluate.scores import Scores, primary_metric

__all__ = ["MOST_WAYS", "score_embeddings", "worst_queries"]

MOST_WAYS = 20
EPISODES = 10
MOST_QUERIES = 2_000
PAIRS = 4_000  # of each kind

Index = NDArray[np.int64]


@dataclass(frozen=True)
class _Drawn:
    """queries (Q,), supports (Q, n_way): rows, the query's own class first. pairs (P, 2): rows, the
    first half of one class. codes: class of each row, from 0."""

    queries: Index
    supports: Index
    pairs: Index
    codes: Index
    classes: int


def score_embeddings(
    vectors: Tensor,
    targets: Tensor,
    task: Task,
    *,
    metric: str | None = None,
    only: Collection[str] | None = None,
    resamples: int = 1000,
    seed: int = 0,
) -> Scores:
    """Score embeddings (rows, dim) against class ids (rows,)."""
    check_rows(len(targets))
    drawn = _draw(targets.numpy(), seed)
    right = _right(vectors, drawn)
    near = _distances(vectors, drawn.pairs[:, 0], drawn.pairs[:, 1])
    sums = np.zeros((2, drawn.classes))
    np.add.at(sums[0], drawn.codes[drawn.queries], right)
    np.add.at(sums[1], drawn.codes[drawn.queries], 1.0)
    order = np.argsort(near, kind="stable")
    ends = drawn.codes[drawn.pairs][order]
    same = order < len(order) // 2
    ties = np.unique(near[order], return_inverse=True)[1]

    def measure_of(part: Index | None) -> Measure:
        def measure(weights: Array) -> dict[str, Array]:
            hits, asked = sums @ weights
            return {
                "one_shot_accuracy": hits / np.maximum(asked, 1),
                "roc_auc": _area(same, ties, weights[ends[:, 0]] * weights[ends[:, 1]]),
            }

        return measure

    # Classes are few (or a part of them is enough): no part is taken of them.
    point, replicates = replicate(
        measure_of, drawn.classes, resamples=resamples, seed=seed, limit=drawn.classes
    )
    ways = drawn.supports.shape[1]
    notes = [f"one-shot among {ways} classes, a row each; {drawn.classes} classes never seen"]
    if resamples and drawn.classes < FEW_ROWS:
        notes.append(f"intervals from fewer than {FEW_ROWS} classes are rough, mostly too narrow")
    primary = primary_metric(task, metric=metric)
    table = [
        {"class": str(k), "one_shot_accuracy": float(hits / asked), "queries": int(asked)}
        for k, (hits, asked) in enumerate(sums.T)
    ]
    return collect_scores(
        point, replicates, primary, metric, len(targets), notes,
        only=only, per_class=table if resamples else (),
    )  # fmt: skip


def worst_queries(vectors: Tensor, targets: Tensor, *, count: int) -> list[tuple[int, int, float]]:
    """Return (row, nearest other row, how much nearer it is than the nearest of the row's own
    class) of the rows whose nearest is of another class, the worst first; of many rows the first
    MOST_QUERIES are looked at."""
    rows = min(len(targets), MOST_QUERIES)
    apart = torch.cdist(vectors[:rows].float(), vectors[:rows].float())
    apart.fill_diagonal_(torch.inf)
    same = targets[:rows, None] == targets[None, :rows]
    own = apart.masked_fill(~same, torch.inf).min(1).values
    other, nearest = apart.masked_fill(same, torch.inf).min(1)
    gap = torch.where(torch.isfinite(own), own - other, -torch.inf)
    order = gap.argsort(descending=True)[:count].tolist()
    return [(at, int(nearest[at]), float(gap[at])) for at in order if gap[at] > 0]


def _draw(targets: Index, seed: int) -> _Drawn:
    rng = np.random.default_rng(seed)
    _, codes = np.unique(targets, return_inverse=True)
    codes = codes.astype(np.int64)
    classes = int(codes.max()) + 1
    by_class = np.argsort(codes, kind="stable")
    sizes = np.bincount(codes)
    starts = np.cumsum(sizes) - sizes
    able = np.flatnonzero(sizes[codes] > 1)
    if classes < 2 or not len(able):
        raise DataError(
            f"There are {classes} classes, {int((sizes > 1).sum())} of them with two rows or more; "
            "expected at least two classes, and a second row of one of them."
        )
    if len(able) > MOST_QUERIES:
        able = np.sort(rng.permutation(able)[:MOST_QUERIES])
    queries = np.repeat(able, EPISODES)
    own = codes[queries]
    place = np.empty(len(codes), np.int64)  # of each row within its class
    place[by_class] = np.arange(len(codes)) - starts[codes[by_class]]
    # Another row of the same class: any place but its own.
    step = 1 + (rng.random(len(queries)) * (sizes[own] - 1)).astype(np.int64)
    positive = by_class[starts[own] + (place[queries] + step) % sizes[own]]
    ways = min(MOST_WAYS, classes)
    keys = rng.random((len(queries), classes))
    keys[np.arange(len(queries)), own] = np.inf
    others = np.argsort(keys, axis=1)[:, : ways - 1]
    chance = (rng.random(others.shape) * sizes[others]).astype(np.int64)
    supports = np.concatenate([positive[:, None], by_class[starts[others] + chance]], axis=1)
    picked = rng.integers(0, len(queries), PAIRS)
    same = np.stack([queries[picked], positive[picked]], axis=1)
    apart = np.stack([queries[picked], supports[picked, -1]], axis=1)
    return _Drawn(queries, supports, np.concatenate([same, apart]), codes, classes)


def _right(vectors: Tensor, drawn: _Drawn) -> Array:
    """Return 1 where a query's own class is nearest; of equally near ones each counts its share."""
    x = vectors.double()
    pieces = []
    for start in range(0, len(drawn.queries), 1024):
        piece = slice(start, start + 1024)
        query, support = x[drawn.queries[piece]], x[torch.from_numpy(drawn.supports[piece])]
        apart = (query[:, None] - support).square().sum(2).numpy()
        least = apart.min(1, keepdims=True)
        nearest = apart <= least + 1e-12
        pieces.append(nearest[:, 0] / nearest.sum(1))
    return np.concatenate(pieces)


def _distances(vectors: Tensor, first: Index, second: Index) -> Array:
    x = vectors.double()
    return (x[torch.from_numpy(first)] - x[torch.from_numpy(second)]).norm(dim=1).numpy()


def _area(same: NDArray[np.bool_], ties: Index, weights: Array) -> Array:
    """Return the chance that a pair of one class is nearer than one of two: pairs sorted by
    distance, weights (pairs, resamples); equal distances count half."""
    near = np.where(same[:, None], weights, 0.0)
    far = weights - near
    starts = np.flatnonzero(np.diff(ties, prepend=-1))
    near, far = np.add.reduceat(near, starts), np.add.reduceat(far, starts)
    farther = far.sum(0) - far.cumsum(0) + far / 2
    total = near.sum(0) * far.sum(0)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(total > 0, (near * farther).sum(0) / total, np.nan)
