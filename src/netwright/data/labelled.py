"""One label a row (a picture, a text, a series): class ids, the Task, and the three splits as
positions.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from torch import Tensor

from netwright.data.data import Data, Encoding, Kind, Rows, Source, Split
from netwright.data.ledger import Ledger
from netwright.data.options import ReadOptions
from netwright.data.set_aside import WITHOUT_LABELS, set_aside
from netwright.data.splits import split_rows, split_there
from netwright.data.table_splits import told_splits
from netwright.data.targets import Targets, build_task
from netwright.data.task import Form, Task, parse_task
from netwright.data.unlabelled import rows_to_learn, without_class
from netwright.errors import DataError, UsageError

__all__ = [
    "Given",
    "Labels",
    "in_order",
    "join_labelled",
    "label_rows",
    "labelled_data",
    "labelled_rows",
    "note_splits",
    "refuse_columns",
    "renumbered",
]

# Rows of the splits that the source itself names.
Index = NDArray[np.int64]
Given = Mapping[str, Index]


@dataclass(frozen=True)
class Labels:
    """ids: class id of each row (int64), or of each of its pixels. train, validation, test:
    positions of each split's rows, sorted. unlabelled: of the rows without a class that train.
    """

    task: Task
    ids: Tensor
    train: Tensor
    validation: Tensor
    test: Tensor
    counts: tuple[int, ...]
    unlabelled: Tensor | None = None

    def splits(self) -> dict[str, Tensor]:
        """Return {"train", "validation", "test"}, and "unlabelled" where there are such rows."""
        found = {"train": self.train, "validation": self.validation, "test": self.test}
        return found if self.unlabelled is None else found | {"unlabelled": self.unlabelled}

    def fitted(self) -> Tensor:
        """Return the positions of the rows that encodings are fitted on: all that train."""
        return self.train if self.unlabelled is None else torch.cat([self.train, self.unlabelled])


def labelled_rows(tensors: Sequence[Tensor], labels: Labels, raw: Sequence[Any]) -> dict[str, Rows]:
    """Return the splits in memory. tensors: the inputs of all rows; raw: as they were read."""
    return {
        name: Rows(
            name,
            tuple(tensor[index] for tensor in tensors),
            labels.ids[index],
            [raw[at] for at in index.tolist()],
            index,
        )
        for name, index in labels.splits().items()
    }


def labelled_data(
    kind: Kind,
    labels: Labels,
    splits: Mapping[str, Split],
    encoding: Encoding,
    *,
    source: Source,
    ledger: Ledger,
) -> Data:
    """Return Data of one label a row."""
    unlabelled = splits.get("unlabelled")
    if unlabelled is not None and not isinstance(unlabelled, Rows):
        raise DataError(
            f"{len(unlabelled):,} rows without a class are learned from in memory, but this data "
            "does not fit into it. Leave --unlabelled out, or give fewer of them."
        )
    return Data(
        kind=kind,
        task=labels.task,
        encoding=encoding,
        train=splits["train"],
        validation=splits["validation"],
        test=splits["test"],
        source=source,
        ledger=ledger,
        class_counts=labels.counts,
        unlabelled=unlabelled,
    )


def join_labelled(parts: Mapping[str, Sequence[str]]) -> tuple[list[str], Given]:
    """Put the labels of a source's parts one below the other, with the rows of the fixed splits."""
    shared = _shared_folders([label for part in parts.values() for label in part])
    labels: list[str] = []
    given = {}
    for name, part in parts.items():
        if name != "all":
            given[name] = np.arange(len(labels), len(labels) + len(part), dtype=np.int64)
        labels += [label[shared:] for label in part]
    return labels, given


def renumbered(given: Given | None, kept: Sequence[int]) -> Given | None:
    """Positions among all rows -> positions among those kept."""
    if given is None:
        return None
    place = {old: new for new, old in enumerate(kept)}
    return {
        name: np.array([place[at] for at in index.tolist() if at in place], dtype=np.int64)
        for name, index in given.items()
    }


def _shared_folders(labels: Sequence[str]) -> int:
    """Return how many characters of folders all labels begin with: those say nothing."""
    first, last = min(labels), max(labels)
    same = next((at for at, (a, b) in enumerate(zip(first, last, strict=False)) if a != b), 0)
    return first[:same].rfind("/") + 1


def refuse_columns(options: ReadOptions, source: str) -> None:
    """A source without columns cannot be asked for one: a UsageError, not silence."""
    for name in ("target", "time_column", "group"):
        value = getattr(options, name)
        if value is not None:
            raise UsageError(
                f"--{name.replace('_', '-')} {value!r} names a column, but {source} has none: the "
                "class "
                "is the name of a folder, a file or in the data itself. Leave the option out."
            )
    if options.horizon is not None:
        raise UsageError(
            f"--horizon {options.horizon} asks for a forecast, which needs a table with a row a "
            "step; "
            f"{source} is none. Leave it out."
        )


def label_rows(
    labels: Sequence[str],
    *,
    given: Given | None,
    target: str,
    name: str,
    options: ReadOptions,
    ledger: Ledger,
    told: bool = False,
) -> Labels:
    """Number the classes in order (of numbers where all are) and split the rows, keeping the splits
    that are given.

    name: the task's, such as "text-classification". told: the classes and the splits stand in the
    ledger already.
    """
    if options.task in WITHOUT_LABELS:
        return _set_aside(labels, given, target, options, ledger)
    if options.task is not None:
        asked, form_asked = parse_task(options.task)
        if asked not in ("classification", name) or form_asked not in (
            None,
            "binary",
            "multiclass",
        ):
            raise UsageError(
                f"--task {options.task} does not fit data with one class a row. Leave it out, or "
                "use "
                f"--task {name}."
            )
    values = np.array([str(label) for label in labels], dtype=object)
    there = ~without_class(labels, target, options, ledger)
    if len(set(values[there])) < 2:
        only = values[there][0] if there.any() else "none"
        raise DataError(
            f"All {int(there.sum()):,} rows have the label {only!r}; a classifier needs at least "
            "two classes. Check the folder or the label column."
        )
    named = dict(given or {})
    given = told_splits(pd.DataFrame(index=range(len(values))), options, named, ledger)
    splits = split_there(there, labels=values, given=given, seed=options.seed, ledger=ledger)
    more = rows_to_learn(there, given, target, options, ledger)
    train = splits["train"]
    counted = Counter(values[train])
    classes = in_order(counted)
    if len(classes) < 2:
        raise DataError(
            f"The training rows all have the label {classes[0]!r}. Add rows of other classes."
        )
    number = {label: at for at, label in enumerate(classes)}
    known = np.array([label in number for label in values])
    new = there & ~known
    if new.any():
        strange = sorted(set(values[new]))
        ledger.note(
            "dropped",
            target,
            f"rows with a label that training does not have: {', '.join(strange[:5])}",
            int(new.sum()),
        )
    form: Form = "binary" if len(classes) == 2 else "multiclass"
    if not told:
        shown = ", ".join(classes[:6]) + (", ..." if len(classes) > 6 else "")
        ledger.note("guessed", "task", f"{name}, {len(classes)} classes: {shown}")
        with_class = {key: rows[there[rows]] for key, rows in given.items()}
        note_splits(splits, named, with_class, options.seed, ledger)
    targets = Targets(
        task_name=name, form=form, names=(target,), labels=values[train], classes=classes
    )
    parts = {key: torch.from_numpy(np.sort(index[known[index]])) for key, index in splits.items()}
    for key, index in parts.items():
        if not len(index):
            raise DataError(
                f"No row of the {key} part has a label that training has "
                f"({', '.join(classes[:6])}). "
                "Check how its labels are spelled."
            )
    return Labels(
        build_task(targets, ledger),
        torch.tensor([number.get(label, -1) for label in values], dtype=torch.int64),
        parts["train"],
        parts["validation"],
        parts["test"],
        tuple(counted[label] for label in classes),
        torch.from_numpy(more) if len(more) else None,
    )


def _set_aside(
    labels: Sequence[str], given: Given | None, target: str, options: ReadOptions, ledger: Ledger
) -> Labels:
    """Divide rows that are rebuilt or drawn anew, and set their labels aside."""
    rows = set_aside(labels, str(options.task), target=target, ledger=ledger)
    named = dict(given or {})
    given = told_splits(pd.DataFrame(index=range(len(labels))), options, named, ledger)
    splits = split_rows(
        len(labels), labels=rows.strata, given=given, seed=options.seed, ledger=ledger
    )
    how = "at random" if rows.strata is None else "at random, each class in proportion"
    note_splits(splits, named, given, options.seed, ledger, how=how)
    splits = rows.trained_on(splits, ledger)
    parts = {key: torch.from_numpy(index) for key, index in splits.items()}
    return Labels(rows.task, rows.ids, **parts, counts=rows.counts(splits["train"]))


def note_splits(
    splits: Mapping[str, Index],
    named: Given,
    given: Given,
    seed: int,
    ledger: Ledger,
    *,
    how: str = "at random, each class in proportion",
) -> None:
    """Note where each split comes from. named: splits of the source; given: also those that
    --split tells. how: the others are held out."""
    for name, rows in splits.items():
        if name in given and len(given[name]) == len(rows):
            if name in named:  # what --split tells is noted where it is read
                ledger.note("split", name, "given by the source", len(rows))
        elif name == "train":
            ledger.note("split", name, "the rest", len(rows))
        else:
            ledger.note("split", name, f"held out: {how} (seed {seed})", len(rows))


def in_order(labels: Iterable[str]) -> tuple[str, ...]:
    """Sort as numbers where all are, so that "10" comes after "9"."""
    words = sorted(labels)
    if all(word.lstrip("-").isdecimal() for word in words):
        words.sort(key=int)
    return tuple(words)
