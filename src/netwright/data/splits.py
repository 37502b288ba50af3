"""Splits: which rows train, which validate, which are kept for the end.

The test rows are held out first and read once, at the end. Classes keep their shares, rows of one
group stay together, and where time matters the latest rows are the test.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from netwright.data.ledger import Ledger
from netwright.errors import DataError

__all__ = ["split_rows", "split_there", "validation_share"]

Index = NDArray[np.int64]
MOST_VALIDATION_ROWS = 20_000  # a score over these has an interval of under a percent


def validation_share(num_rows: int) -> float:
    """Return the share of the rows not tested that validate: a fifth of few, 10 % of many, at most
    20,000 rows."""
    share = 0.2 if num_rows < 5000 else 0.15 if num_rows < 20_000 else 0.1
    return min(share, MOST_VALIDATION_ROWS / max(num_rows, 1))


def split_rows(
    num_rows: int,
    *,
    labels: NDArray[Any] | None = None,
    groups: NDArray[Any] | None = None,
    times: NDArray[np.float64] | None = None,
    given: Mapping[str, Index] | None = None,
    seed: int = 0,
    test: float = 0.2,
    validation: float | None = None,
    ledger: Ledger | None = None,
) -> dict[str, Index]:
    """Return sorted row positions of "train", "validation" and "test".

    labels: one a row, kept in proportion. groups: a group is never cut. times: the latest rows are
    tested, the next latest validate. given: splits that the source fixes; rows of none of them are
    divided into those that are missing.
    """
    rng = np.random.default_rng(seed)
    found = {
        name: np.sort(np.asarray(rows, dtype=np.int64)) for name, rows in (given or {}).items()
    }
    taken = np.zeros(num_rows, dtype=bool)
    for rows in found.values():
        taken[rows] = True
    rest = np.flatnonzero(~taken).astype(np.int64)
    if not len(rest) and "train" in found:
        rest = found.pop("train")
    if "test" not in found:
        found["test"] = _hold_out(rest, test, labels, groups, times, rng, ledger, "test")
        rest = _less(rest, found["test"], num_rows)
    if "train" in found and "validation" not in found:
        rest = np.concatenate([rest, found.pop("train")])
    if "validation" not in found:
        share = validation_share(len(rest)) if validation is None else validation
        found["validation"] = _hold_out(
            rest, share, labels, groups, times, rng, ledger, "validation"
        )
        rest = _less(rest, found["validation"], num_rows)
    found["train"] = np.sort(np.concatenate([rest, found.get("train", rest[:0])]))
    for name in ("train", "validation", "test"):
        if not len(found[name]):
            raise DataError(
                f"No row is left for the {name} split: {num_rows:,} rows are too few to divide. "
                "Add rows."
            )
    return {name: found[name] for name in ("train", "validation", "test")}


def split_there(
    there: NDArray[np.bool_],
    *,
    labels: NDArray[Any] | None = None,
    groups: NDArray[Any] | None = None,
    times: NDArray[np.float64] | None = None,
    given: Mapping[str, Index] | None = None,
    seed: int = 0,
    ledger: Ledger | None = None,
) -> dict[str, Index]:
    """Divide the rows that are `there` alone, as `split_rows`; positions are those in all rows."""
    kept = np.flatnonzero(there).astype(np.int64)
    place = np.cumsum(there) - 1
    inside = split_rows(
        len(kept),
        labels=labels[kept] if labels is not None else None,
        groups=groups[kept] if groups is not None else None,
        times=times[kept] if times is not None else None,
        given={n: place[rows[there[rows]]].astype(np.int64) for n, rows in (given or {}).items()},
        seed=seed,
        ledger=ledger,
    )
    return {name: kept[rows] for name, rows in inside.items()}


def _less(rows: Index, taken: Index, num_rows: int) -> Index:
    kept = np.ones(num_rows, dtype=bool)
    kept[taken] = False
    return rows[kept[rows]]


def _hold_out(
    rows: Index,
    share: float,
    labels: NDArray[Any] | None,
    groups: NDArray[Any] | None,
    times: NDArray[np.float64] | None,
    rng: np.random.Generator,
    ledger: Ledger | None,
    name: str,
) -> Index:
    count = max(round(share * len(rows)), 1)
    if times is not None:
        # NaN sorts last: a row without a time must not pass for the latest.
        key = np.where(np.isnan(times[rows]), -np.inf, times[rows])
        order = np.argsort(key, kind="stable")
        return np.sort(rows[order[len(rows) - count :]])
    if groups is not None:
        return _hold_out_groups(rows, count, groups, labels, rng)
    if labels is None:
        return np.sort(rng.permutation(rows)[:count])
    return _hold_out_classes(rows, share, labels, rng, ledger, name)


def _hold_out_classes(
    rows: Index,
    share: float,
    labels: NDArray[Any],
    rng: np.random.Generator,
    ledger: Ledger | None,
    name: str,
) -> Index:
    """Take the share of every class; a class of one row stays in training, and of few at least one
    is left there."""
    codes, found = _codes(labels[rows])
    sizes = np.bincount(codes)
    exact = share * sizes
    counts = np.floor(exact).astype(np.int64)
    # The rows that rounding down leaves go to the largest remainders, ties in random order.
    order = rng.permutation(len(found))
    order = order[np.argsort(-(exact - counts)[order], kind="stable")]
    counts[order[: round(share * len(rows)) - counts.sum()]] += 1
    counts = np.maximum(counts, sizes >= 5)
    counts = np.minimum(counts, sizes - 1)
    mixed = rng.permutation(len(rows))
    held = [rows[mixed[codes[mixed] == code][:count]] for code, count in enumerate(counts) if count]
    single = found[sizes == 1]
    if len(single) and ledger is not None:
        shown = ", ".join(single[:5]) + (", ..." if len(single) > 5 else "")
        what = f"classes of a single row ({shown}) are in training only"
        ledger.note("warned", f"{name} split", what, len(single))
    return np.sort(np.concatenate(held)) if held else np.sort(rng.permutation(rows)[:1])


def _codes(words: NDArray[Any]) -> tuple[NDArray[np.int64], NDArray[Any]]:
    """Return (code of each row, words in sorted order); words that are spelled alike are one."""
    codes, found = pd.factorize(words)
    spelled = np.array([str(word) for word in found], dtype=object)
    order, places = np.unique(spelled, return_inverse=True)
    return places[codes].astype(np.int64), order


def _hold_out_groups(
    rows: Index,
    count: int,
    groups: NDArray[Any],
    labels: NDArray[Any] | None,
    rng: np.random.Generator,
) -> Index:
    """Take whole groups, in random order, until `count` rows are held; with labels, the best of 20
    draws.

    Best: class shares nearest to those of all rows, for groups may be of one class each.
    """
    codes, found = _codes(groups[rows])
    if len(found) < 2:
        raise DataError(
            f"All rows belong to one group ({found[0]!r}): they cannot be divided by group. Leave "
            "--group out."
        )
    sizes = np.bincount(codes)
    classes = (
        np.unique(labels[rows].astype(str), return_inverse=True)[1] if labels is not None else None
    )
    best: NDArray[np.bool_] | None = None
    least = np.inf
    for _ in range(20 if classes is not None else 1):
        order = rng.permutation(len(found))
        total = np.cumsum(sizes[order])
        # As many groups as come nearest to the count, never all of them.
        last = int(np.argmin(np.abs(total[:-1] - count))) + 1
        held = np.isin(codes, order[:last])
        far = abs(held.sum() - count) / len(rows)
        if classes is not None:
            num = int(classes.max()) + 1
            all_shares = np.bincount(classes, minlength=num) / len(rows)
            far += np.abs(np.bincount(classes[held], minlength=num) / held.sum() - all_shares).sum()
        if far < least:
            best, least = held, far
    assert best is not None
    return np.sort(rows[best])
