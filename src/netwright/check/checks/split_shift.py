"""Are validation and test rows like the training rows? Where they are not, the score speaks of
other data than the net has learned."""

import numpy as np
from numpy.typing import NDArray

from netwright.check.case import Case, Part
from netwright.check.features import summary_columns
from netwright.check.result import Check
from netwright.check.words import listed
from netwright.quality.shift import Shift, code_shift, number_shift

__all__ = ["split_shift"]

NAME = "split-shift"
MOST_COLUMNS = 500
MOST_ROWS = 10_000


def split_shift(case: Case) -> Check:
    """Warn of inputs and targets that are spread otherwise in a scored split than in training."""
    if case.form == "language-modelling":
        return Check(name=NAME, status="skipped", words="a text's parts differ by their nature")
    found: list[tuple[str, str, Shift]] = []
    largest = 0.0
    train = summary_columns(case, case.train)
    names = list(train)[:MOST_COLUMNS]
    for part in case.others:
        other = summary_columns(case, part)
        for name in names:
            shift = _compare(train[name], other[name])
            largest = max(largest, shift.distance)
            if shift.notable:
                found.append((part.name, name, shift))
        target = _target_shift(case, part)
        if target is not None and target.notable:
            found.append((part.name, "the target", target))
    numbers = {"largest distance": largest, "shifted": len(found)}
    if not found:
        words = f"no input is spread otherwise (largest distance {largest:.2f} of 1)"
        return Check(name=NAME, status="passed", words=words, numbers=numbers)
    found.sort(key=lambda one: -one[2].distance)
    split, name, shift = found[0]
    columns = tuple(dict.fromkeys(column for _, column, _ in found))
    return Check(
        name=NAME,
        status="info" if case.form == "forecasting" else "warning",
        fault="train-test-mismatch",
        words=f"{listed(columns)} {'are' if len(columns) > 1 else 'is'} spread otherwise than in "
        f"training; most of all {name!r} in the {split} rows: {_said(case, name, shift)}",
        advice="If the splits were encoded apart, encode them alike. If they come from other times "
        "or places, the score tells how well the net carries over; for one of like rows divide "
        "at random.",
        numbers=numbers | {"train": shift.train, split: shift.other},
        columns=columns,
    )


def _compare(train: NDArray[np.generic], other: NDArray[np.generic]) -> Shift:
    train, other = train[:MOST_ROWS], other[:MOST_ROWS]
    return (code_shift if train.dtype.kind in "iu" else number_shift)(train, other)


def _target_shift(case: Case, part: Part) -> Shift | None:
    a, b = case.train.sample.targets, part.sample.targets
    if case.one_class:
        return code_shift(a, b)
    if case.form == "regression" and (a.ndim == 1 or a.shape[1] == 1):
        return number_shift(a.reshape(-1), b.reshape(-1))
    return None


def _said(case: Case, name: str, shift: Shift) -> str:
    if shift.code is None:
        return f"mean {shift.other:.3g}, in training {shift.train:.3g}"
    what = "value" if name != "the target" else f"class {case.class_name(shift.code)!r}"
    return f"one {what} has {shift.other:.0%} of the rows, in training {shift.train:.0%}".replace(
        "one class", "class"
    )
