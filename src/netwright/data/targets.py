"""Targets: which column is to be learned, what kind of task that makes, and its cells as numbers.

No name given: a column named target, label, class or y, else the last. Numbers with more than 20
distinct values are a regression, whole numbers with up to 20 are classes; words are classes, and
words joined by "|" or ";" are several labels a row. The positive class of two is the rarer one.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from torch import Tensor

from netwright.data.cells import (
    MARKERS,
    PLAIN,
    WEAK_MARKERS,
    Distinct,
    NumberFormat,
    distinct,
    guess_numbers,
    parse_numbers,
)
from netwright.data.grades import order_grades, order_of_column
from netwright.data.labels import (
    LISTS,
    labels_in,
    multilabel_table,
    ordered,
    separator_of,
    unquoted,
    whole_label,
)
from netwright.data.ledger import Ledger
from netwright.data.task import Form, Task, parse_task
from netwright.errors import DataError, UsageError, did_you_mean

__all__ = [
    "MAX_INTEGER_CLASSES",
    "Targets",
    "build_task",
    "choose_targets",
    "class_ids",
    "encode_targets",
    "read_targets",
]

USUAL_NAMES = ("target", "label", "class", "y")
MAX_INTEGER_CLASSES = 20  # the contract's bound between classes and regression
MOSTLY = 0.9  # of the cells: more numbers than this are meant as numbers
FEWEST_ROWS = 10
_YES = ("1", "yes", "true", "y", "t", "positive", "pos")
TOGETHER = ("binary", "multiclass", "regression")  # what one of several targets may be


@dataclass(frozen=True, kw_only=True)
class Targets:
    """The target cells of all rows, read but not yet encoded.

    labels: (rows,) words, None where missing; of class tasks. values: (rows, outputs) float64, NaN
    where missing; of regressions, and 0/1 for multilabel. classes: in the order of the net's
    outputs. parts: of several tasks at once, the targets of each; the rest is then empty.
    """

    task_name: str
    form: Form
    names: tuple[str, ...]
    labels: NDArray[Any] | None = None
    values: NDArray[np.float64] | None = None
    classes: tuple[str, ...] = ()
    numbers: NumberFormat = PLAIN
    parts: tuple["Targets", ...] = ()

    @property
    def target(self) -> str:
        """The target as the user would name it."""
        return ",".join(self.names)

    def there(self) -> NDArray[np.bool_]:
        """Which rows have a target, or one of several."""
        if self.parts:
            return np.any([part.there() for part in self.parts], axis=0)
        if self.values is not None:
            return np.asarray(np.isfinite(self.values).all(1))
        assert self.labels is not None
        return np.array([label is not None for label in self.labels], dtype=bool)

    def take(self, rows: NDArray[Any]) -> "Targets":
        """Return the targets of some rows (positions or a mask)."""
        return replace(
            self,
            labels=None if self.labels is None else self.labels[rows],
            values=None if self.values is None else self.values[rows],
            parts=tuple(part.take(rows) for part in self.parts),
        )

    def strata(self) -> NDArray[Any] | None:
        """Return the labels by which rows are divided in proportion: of several targets those of
        the first that are classes; None where there are none."""
        if self.labels is not None or not self.parts:
            return self.labels
        found = next((part.labels for part in self.parts if part.labels is not None), None)
        if found is None:
            return None
        return np.array(["" if label is None else label for label in found], dtype=object)


def choose_targets(frame: pd.DataFrame, given: str | None, ledger: Ledger) -> tuple[str, ...]:
    """Return the target's columns: the given one ("a" or "a,b,c"), the usual name, or the last."""
    columns = [str(name) for name in frame.columns]
    if given is not None:
        names = [given] if given in columns else [part.strip() for part in given.split(",")]
        names = [name if name in columns else _by_number(name, columns) for name in names]
        for name in names:
            if name not in columns:
                shown = (
                    did_you_mean(name, columns)
                    if len(columns) <= 30 or _near(name, columns)
                    else (
                        f" The table has {len(columns)} columns, such as {', '.join(columns[:5])}."
                    )
                )
                raise DataError(f"There is no column {name!r} to learn.{shown}")
        return tuple(dict.fromkeys(names))
    if len(columns) < 2:
        raise DataError(
            f"The table has one column ({columns[0] if columns else 'none'!r}); to learn a target "
            "it "
            "needs at least one more. Check the separator and the header."
        )
    for usual in USUAL_NAMES:
        for name in columns:
            if name.strip().casefold() == usual:
                ledger.note("guessed", "target", f"{name!r}, by its name")
                return (name,)
    ledger.note("guessed", "target", f"{columns[-1]!r}, the last column")
    return (columns[-1],)


def _by_number(name: str, columns: Sequence[str]) -> str:
    """A column of a table without header may be told by its number: 0 is the first, -1 the last."""
    try:
        return columns[int(name)]
    except (ValueError, IndexError):
        return name


def _near(name: str, columns: Iterable[str]) -> bool:
    return "Did you mean" in did_you_mean(name, columns)


def read_targets(
    frame: pd.DataFrame,
    names: Sequence[str],
    task_name: str | None,
    ledger: Ledger,
    *,
    order: str | None = None,
) -> Targets:
    """Decide the task from the target's cells (or check what was asked for) and read them. order:
    of grades, which makes the task ordinal (see `order_grades`)."""
    name, form = parse_task(task_name) if task_name else (None, None)
    if order is not None:
        if form not in (None, "ordinal") or len(names) > 1:
            raise UsageError(
                "--order is of the grades of one column, learned by --task ordinal; this is "
                f"{task_name or f'of {len(names)} columns'}. Leave one of the two out."
            )
        name, form = "classification", "ordinal"
    if form == "multi-task" and len(names) < 2:
        raise UsageError(
            f"--task multi-task learns several targets, but --target names one, {names[0]!r}. "
            "Give more of them: --target price,sold."
        )
    if len(names) > 1:
        return _several(frame, tuple(names), name, form, ledger)
    column = distinct(frame[names[0]])
    known = column.without(MARKERS)
    if not len(known.words):
        raise DataError(
            f"The target {names[0]!r} has no value in any row. Choose another --target."
        )
    numbers, share, _ = guess_numbers(column.without(MARKERS + WEAK_MARKERS))
    if form in ("regression", "forecasting"):
        return _regression(frame, tuple(names), name or "regression", ledger)
    numeric = share == 1.0
    if form is None and name in (None, "regression") and numeric:
        values = parse_numbers(column.without(MARKERS + WEAK_MARKERS).words, numbers)
        whole = bool((values == np.floor(values)).all())
        levels = len(np.unique(values))
        if levels > MAX_INTEGER_CLASSES or (levels > 2 and not whole):
            ledger.note(
                "guessed", "task", f"regression: {names[0]!r} holds {levels:,} distinct numbers"
            )
            return _regression(frame, tuple(names), "regression", ledger)
    if form in (None, "multilabel") and not numeric:
        separator = separator_of(known)
        if separator:
            if form is None:
                how = "in lists" if separator == LISTS else f"joined by {separator!r}"
                what = f"multilabel: cells of {names[0]!r} hold several labels {how}"
                ledger.note("guessed", "task", what)
            return _multilabel(known, names[0], separator, name or "classification")
    if form == "multilabel":
        return _multilabel(known, names[0], "|", name or "classification")
    if form is None and MOSTLY <= share < 1 and len(known.words) > known.counts.sum() / 2:
        return _regression(frame, tuple(names), "regression", ledger)  # names the cell that is odd
    if form == "ordinal" and order is None:
        order = order_of_column(frame[names[0]])
    return _classes(
        known,
        names[0],
        name or "classification",
        form,
        ledger,
        told=task_name is not None,
        order=order,
    )


def _classes(
    known: Distinct,
    target: str,
    name: str,
    form: Form | None,
    ledger: Ledger,
    *,
    told: bool,
    order: str | None = None,
) -> Targets:
    words = unquoted(known.words)
    merged, found = pd.factorize(np.array([whole_label(word) for word in words], dtype=object))
    known = Distinct(
        np.asarray(found, dtype=object),
        known.take(merged.astype(np.int64), -1).astype(np.int64),
        np.bincount(merged, weights=known.counts).astype(np.int64),
    )
    classes = ordered(known.words)
    rows = int(known.counts.sum())
    if len(classes) == 1:
        raise DataError(
            f"The target {target!r} holds one class only, {classes[0]!r}, in all {rows:,} rows. "
            "At least two are needed; choose another --target or add rows of another class."
        )
    if len(classes) > rows / 2:
        raise DataError(
            f"The target {target!r} holds {len(classes):,} different classes in {rows:,} rows; at "
            "least "
            "two rows of each are expected. Choose another --target, or --task regression for "
            "numbers."
        )
    if form == "binary" and len(classes) != 2:
        raise DataError(
            f"--task binary needs two classes, but {target!r} holds {len(classes)}: "
            f"{', '.join(classes[:6])}. Use --task classification."
        )
    if form is None:
        form = "binary" if len(classes) == 2 else "multiclass"
        if not told:
            shown = ", ".join(classes[:6]) + (", ..." if len(classes) > 6 else "")
            ledger.note("guessed", "task", f"{form} classification of {target!r}: {shown}")
    if form == "ordinal":
        classes = order_grades(classes, target, order, ledger)
    labels = known.take(known.words, None)
    return Targets(
        task_name=name, form=form, names=(target,), labels=labels, classes=tuple(classes)
    )


def _regression(frame: pd.DataFrame, names: tuple[str, ...], name: str, ledger: Ledger) -> Targets:
    columns = []
    form = PLAIN
    for target in names:
        known = distinct(frame[target]).without(MARKERS + WEAK_MARKERS)
        form, share, _ = guess_numbers(known)
        values = parse_numbers(known.words, form)
        if share < 1:
            odd = np.flatnonzero(np.isnan(values))
            row = int(np.flatnonzero(np.isin(known.codes, odd))[0])
            raise DataError(
                f"The target {target!r} is to be a number, but row {row + 1:,} holds "
                f"{known.words[known.codes[row]]!r}. Correct or empty that cell, or use --task "
                "classification."
            )
        if form != PLAIN:
            ledger.note("guessed", target, f"numbers: {form}")
        columns.append(known.take(values, np.nan).astype(np.float64))
    return Targets(
        task_name=name,
        form="regression",
        names=names,
        values=np.stack(columns, axis=1),
        numbers=form,
    )


def _several(
    frame: pd.DataFrame, names: tuple[str, ...], name: str | None, form: Form | None, ledger: Ledger
) -> Targets:
    """Several target columns: all 0/1 is multilabel, all numbers a regression with several outputs,
    anything else a task for each."""
    if form == "multi-task" or (name is None and _unlike(frame, names)):
        parts = tuple(read_targets(frame, (one,), None, ledger) for one in names)
        other = [part for part in parts if part.form not in TOGETHER]
        if other:
            raise UsageError(
                f"{other[0].target!r} is {other[0].form}; of several targets each is to be a "
                "number or one of several classes. Learn it alone."
            )
        if form is None:
            what = "; ".join(f"{part.form} of {part.target!r}" for part in parts)
            ledger.note("guessed", "task", f"multi-task: {what}")
        return Targets(task_name="multi-task", form="multi-task", names=names, parts=parts)
    read = _regression(frame, names, name or "regression", ledger)
    assert read.values is not None
    there = read.values[np.isfinite(read.values)]
    binary = bool(np.isin(there, (0.0, 1.0)).all())
    if form == "multilabel" and not binary:
        raise DataError(
            f"--task multilabel needs columns of 0 and 1, but {', '.join(names)} hold other "
            "numbers. "
            "Use --task regression to learn them as numbers."
        )
    if form not in (None, "multilabel", "regression"):
        raise UsageError(
            f"--task {name} learns one column, but --target names {len(names)}: "
            f"{', '.join(names)}. "
            "Give one, or --task multilabel or regression."
        )
    if form == "multilabel" or (binary and form is None and name != "regression"):
        if form is None:
            ledger.note("guessed", "task", f"multilabel: {', '.join(names)} are columns of 0 and 1")
        return replace(read, form="multilabel", task_name=name or "classification", classes=names)
    if form is None:
        ledger.note("guessed", "task", f"regression with {len(names)} outputs: {', '.join(names)}")
    return read


def _unlike(frame: pd.DataFrame, names: Sequence[str]) -> bool:
    """Say whether columns are of different kinds: some numbers and some not, or of two values."""
    kinds = set()
    for name in names:
        known = distinct(frame[name]).without(MARKERS + WEAK_MARKERS)
        numeric = guess_numbers(known)[1] == 1.0
        kinds.add("number" if numeric and len(known.words) > 2 else "binary" if numeric else "word")
    return "word" in kinds or len(kinds) > 1


def _multilabel(known: Distinct, target: str, separator: str, name: str) -> Targets:
    parts = {label for word in known.words for label in labels_in(word, separator)}
    classes = tuple(ordered(parts - {""}))
    values = multilabel_table(known, classes, separator)
    return Targets(
        task_name=name, form="multilabel", names=(target,), values=values, classes=classes
    )


def build_task(targets: Targets, ledger: Ledger) -> Task:
    """Return the task, its figures taken from these targets: those of the training rows, all
    present."""
    form, classes = targets.form, targets.classes
    if form == "regression":
        assert targets.values is not None
        mean, std = targets.values.mean(0), targets.values.std(0)
        for name, value, spread in zip(targets.names, mean, std, strict=True):
            if spread <= 1e-12 * max(abs(value), 1e-300):
                raise DataError(
                    f"The target {name!r} is {value:g} in every training row: there is nothing to "
                    "learn. "
                    "Choose another --target."
                )
        return Task(
            name=targets.task_name,
            form=form,
            target=targets.target,
            outputs=len(mean),
            target_names=targets.names,
            target_mean=tuple(float(v) for v in mean),
            target_std=tuple(float(v) for v in std),
        )
    positive = None
    if form == "binary":
        assert targets.labels is not None
        counts = {c: int((targets.labels == c).sum()) for c in classes}
        positive = _positive(counts)
        ledger.note(
            "guessed", "positive class", f"{positive!r}, the rarer of the two", counts[positive]
        )
    return Task(
        name=targets.task_name,
        form=form,
        target=targets.target,
        classes=classes,
        positive=positive,
        outputs=len(classes) - 1 if form == "ordinal" else len(classes),
        target_names=targets.names,
    )


def _positive(counts: dict[str, int]) -> str:
    """The rarer class; of two equal ones the one that says yes, else the second."""
    first, second = counts
    if counts[first] != counts[second]:
        return min(counts, key=counts.__getitem__)
    return first if first.casefold() in _YES else second


def class_ids(labels: Iterable[Any], task: Task) -> Tensor:
    """Turn labels into (rows,) class ids; a label that the task lacks is a DataError naming it."""
    position = {label: at for at, label in enumerate(task.classes)}
    codes, words = pd.factorize(np.array([str(label) for label in labels], dtype=object))
    strange = [at for at, word in enumerate(words) if word not in position]
    if strange:
        row = int(np.flatnonzero(np.isin(codes, strange))[0])
        word = words[codes[row]]
        raise DataError(
            f"Row {row + 1:,} has the class {word!r} in {task.target!r}, which was not learned."
            f"{did_you_mean(word, task.classes)}"
        )
    ids = np.array([position[word] for word in words], dtype=np.int64)
    return torch.from_numpy(ids[codes])


def encode_targets(targets: Targets, task: Task) -> Tensor:
    """Return class ids (rows,), 0/1 of each label (rows, labels) or standardised numbers (rows,
    outputs)."""
    if targets.values is None:
        assert targets.labels is not None
        return class_ids(targets.labels, task)
    values = targets.values
    if task.form == "regression":
        values = (values - np.array(task.target_mean)) / np.array(task.target_std)
    return torch.from_numpy(values.astype(np.float32))
