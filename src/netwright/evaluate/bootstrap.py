"""The bootstrap: how far would a metric move, had other test rows been drawn? (Efron 1979, Annals
of Statistics 7.)

Rows are drawn with replacement, as many as there are, `resamples` times; the 95 % interval runs
from the 2.5th to the 97.5th percentile of the metric. A resample is held as how often each row was
drawn, so that every metric is a function of weighted sums and many resamples are computed at once.
Rows that depend on their neighbours (forecasts from overlapping origins) are drawn in runs of
`block` rows (circular block bootstrap, Politis and Romano 1992).
"""

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

__all__ = ["FEW_ROWS", "MAX_ROWS", "Array", "Measure", "draw_weights", "interval", "replicate"]

Array = NDArray[np.float64]
# Weights (rows, resamples) -> each metric by name (resamples,); NaN where it is not defined.
Measure = Callable[[Array], dict[str, Array]]

# Below this a percentile interval is too narrow to be believed: it is given, and said.
FEW_ROWS = 30
# Above this, a random part of the rows is resampled and the interval narrowed by sqrt(part / rows),
# the rate at which the metrics converge ("m out of n", Bickel, Goetze and van Zwet 1997): 4 million
# test rows cost as 20,000 do.
MAX_ROWS = 20_000
_CELLS = 1 << 19  # weights held at once (4 MB): small enough to stay near the cache


def replicate(
    measure_of: Callable[[NDArray[np.int64] | None], Measure],
    rows: int,
    *,
    resamples: int,
    seed: int,
    block: int = 1,
    limit: int = MAX_ROWS,
) -> tuple[dict[str, float], dict[str, Array]]:
    """Return each metric on the rows, and on every resample of them.

    measure_of: prepares the measurement of some rows (None: of all).
    """
    measure = measure_of(None)
    point = {name: float(values[0]) for name, values in measure(np.ones((rows, 1))).items()}
    if resamples == 0:
        return point, {}
    part = _choose_part(rows, limit=limit, block=block, seed=seed)
    size = rows if part is None else len(part)
    if part is not None:
        measure = measure_of(part)
    pieces = [measure(w) for w in draw_weights(size, resamples, seed=seed, block=block)]
    found = {name: np.concatenate([piece[name] for piece in pieces]) for name in pieces[0]}
    if part is not None:
        centre = measure(np.ones((size, 1)))
        for name, values in found.items():
            found[name] = point[name] + (values - centre[name]) * np.sqrt(size / rows)
    return point, found


def draw_weights(rows: int, resamples: int, *, seed: int, block: int = 1) -> Iterator[Array]:
    """Yield how often each row was drawn, (rows, some resamples), until `resamples` columns have
    been given.
    """
    rng = np.random.default_rng(seed)
    runs = -(-rows // block)
    step = max(1, _CELLS // rows)
    for start in range(0, resamples, step):
        count = min(step, resamples - start)
        drawn = rng.integers(0, rows, size=(count, runs))
        if block > 1:
            drawn = ((drawn[:, :, None] + np.arange(block)) % rows).reshape(count, -1)[:, :rows]
        drawn += np.arange(count)[:, None] * rows
        weights = np.bincount(drawn.ravel(), minlength=count * rows).reshape(count, rows)
        yield np.ascontiguousarray(weights.T, dtype=np.float64)


def interval(replicates: Array, *, level: float = 0.95) -> tuple[float, float] | None:
    """Return the percentile interval of the resamples on which the metric is defined; None if it is
    on none.
    """
    defined = replicates[np.isfinite(replicates)]
    if not len(defined):
        return None
    tail = 50 * (1 - level)
    low, high = np.percentile(defined, [tail, 100 - tail])
    return float(low), float(high)


def _choose_part(rows: int, *, limit: int, block: int, seed: int) -> NDArray[np.int64] | None:
    if rows <= limit:
        return None
    rng = np.random.default_rng(seed + 1)
    # Whole runs are kept together, so that a part depends on itself as all the rows do.
    starts = rng.choice(rows // block, max(1, limit // block), replace=False) * block
    return np.sort((starts[:, None] + np.arange(block)).ravel()).astype(np.int64)
