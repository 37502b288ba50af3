"""Splits of classes, for learning what is alike: no class of the validation and test rows is seen
in training, so that a score tells of classes that are new.

Lake, Salakhutdinov and Tenenbaum 2015 (Science 350) judge so: one example of each of twenty new
characters.
"""

from collections import Counter
from collections.abc import Sequence

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray

from netwright.data.labelled import Given, Labels, in_order
from netwright.data.ledger import Ledger
from netwright.data.options import ReadOptions
from netwright.data.table_splits import told_splits
from netwright.data.task import Task
from netwright.errors import DataError

__all__ = ["split_classes"]

FEWEST = 2  # classes in a split, to tell apart; and rows of a class, to be a pair
SHARE = 0.2  # of the classes are tested, and of the others validate
SHOWN = 5


def split_classes(
    labels: Sequence[str],
    *,
    given: Given | None,
    target: str,
    options: ReadOptions,
    ledger: Ledger,
) -> Labels:
    """Number all classes, those of training first, and divide them. Classes of one row are left
    out; rows of training's classes in a validation or test part that the source names, too."""
    values = np.array([str(label) for label in labels], dtype=object)
    told = told_splits(pd.DataFrame(index=range(len(values))), options, dict(given or {}), ledger)
    part = np.full(len(values), "", dtype=object)
    for name, index in told.items():
        part[index] = name
    if told and not (part == "train").any():
        part[part == ""] = "train"
    kept = np.ones(len(values), dtype=bool)
    _leave_out_seen(values, part, kept, ledger)
    _leave_out_single(values, part, kept, ledger)
    _divide(values, part, kept, options.seed, ledger)
    rows = {
        name: torch.from_numpy(np.flatnonzero(kept & (part == name)))
        for name in ("train", "validation", "test")
    }
    for name, positions in rows.items():
        count = len(set(values[positions.numpy()]))
        if count < FEWEST:
            raise DataError(
                f"The {name} part has {count} classes of two rows and more that no other part has; "
                "expected at least two in each of train, validation and test. Add classes."
            )
        ledger.note("split", name, f"{count:,} classes, in no other part", len(positions))
    counted = Counter(values[rows["train"].numpy()])
    classes = in_order(counted)
    others = in_order(set(values[kept]) - set(classes))
    number = {label: at for at, label in enumerate((*classes, *others))}
    ledger.note("guessed", "task", f"similarity: {len(classes):,} classes to learn from")
    return Labels(
        Task(name="similarity", form="similarity", target=target, classes=classes),
        torch.tensor([number.get(label, -1) for label in values], dtype=torch.int64),
        rows["train"],
        rows["validation"],
        rows["test"],
        tuple(counted[label] for label in classes),
    )


def _leave_out_seen(
    values: NDArray[np.object_], part: NDArray[np.object_], kept: NDArray[np.bool_], ledger: Ledger
) -> None:
    """Leave rows of a scored part out whose class an earlier part has."""
    seen: set[str] = set(values[part == "train"])
    for name in ("validation", "test"):
        here = part == name
        again = here & np.isin(values, list(seen))
        if again.any():
            known = sorted(set(values[again]))
            what = f"rows of {len(known)} classes that an earlier part has: {_shown(known)}"
            ledger.note("dropped", name, what, int(again.sum()))
            kept &= ~again
        seen |= set(values[here])


def _leave_out_single(
    values: NDArray[np.object_], part: NDArray[np.object_], kept: NDArray[np.bool_], ledger: Ledger
) -> None:
    counts = Counter(zip(part[kept], values[kept], strict=True))
    alone = {label for (_, label), count in counts.items() if count < FEWEST}
    single = kept & np.array([counts[pair] < FEWEST for pair in zip(part, values, strict=True)])
    if single.any():
        what = f"classes of one row, which make no pair: {_shown(sorted(alone))}"
        ledger.note("dropped", "classes", what, int(single.sum()))
        kept &= ~single


def _divide(
    values: NDArray[np.object_],
    part: NDArray[np.object_],
    kept: NDArray[np.bool_],
    seed: int,
    ledger: Ledger,
) -> None:
    """Give the classes of no part (or of training, where a part is missing) to the parts that the
    source does not name; changes `part`."""
    rng = np.random.default_rng(seed)
    for name in ("test", "validation"):
        if (part == name).any():
            continue
        free = kept & np.isin(part, ["", "train"])
        classes = np.array(sorted(set(values[free])), dtype=object)
        if len(classes) < 2 * FEWEST:
            raise DataError(
                f"{len(classes)} classes of two rows and more are too few to hold some back as "
                f"{name} classes that training never sees; expected at least six in all. Add "
                "classes, or give train/, val/ and test/ folders."
            )
        count = max(round(SHARE * len(classes)), FEWEST)
        held = rng.permutation(classes)[:count]
        part[free & np.isin(values, list(held))] = name
        ledger.note("split", f"{name} classes", f"held out: at random (seed {seed})", count)
    part[part == ""] = "train"


def _shown(names: Sequence[str]) -> str:
    return ", ".join(names[:SHOWN]) + (", ..." if len(names) > SHOWN else "")
