"""Case: what the checks are given - some rows of each split as arrays, a net with its loss, and a
batch."""

import copy
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from netwright.check.result import Place
from netwright.data.data import Batch, Kind
from netwright.data.set_aside import SELF
from netwright.data.task import Form
from netwright.evaluate.baseline_inputs import Sample
from netwright.evaluate.out_of_fold import OutOfFold, out_of_fold

__all__ = ["SEQUENCES", "Case", "Part", "Step", "as_numbers", "width"]

Index = NDArray[np.int64]
OUT_OF_FOLD_SECONDS = 4.0
OUT_OF_FOLD_ROWS = 4_000
OUT_OF_FOLD_VALUES = 4_000_000  # entries of the features: a tree looks at each
# Forms whose rows hold many targets each.
SEQUENCES = (
    "language-modelling", "masked-language-modelling", "tagging", "translation",
    "speech-recognition",
)  # fmt: skip
LONGEST = 60  # characters that a row is shown by


@dataclass(frozen=True)
class Part:
    """Rows of a split. sample: stored inputs, targets and texts as arrays. prepared: the numeric
    inputs as the net gets them, of fewer rows where there are many. rows: positions in the source.
    raw: the same rows as read (DataFrame, list), where the split keeps them. total: how many rows
    the split has; `sample` holds a random choice where they are more.
    """

    name: str
    sample: Sample
    prepared: NDArray[np.float32] | None = None
    rows: Index | None = None
    raw: Any = None

    def __len__(self) -> int:
        return len(self.sample)

    @property
    def total(self) -> int:
        """How many rows the split has."""
        return self.sample.total

    @property
    def sampled(self) -> str:
        """Says it where not all rows were looked at."""
        if len(self) == self.total:
            return ""
        return f" ({len(self):,} of {self.total:,} {self.name} rows were looked at)"

    @property
    def frame(self) -> pd.DataFrame | None:
        """The cells as they were read, of a table."""
        return self.raw if isinstance(self.raw, pd.DataFrame) else None

    def place(self, at: int, *, before: str = "") -> Place:
        """Return row `at` as something to find and recognise."""
        row = int(self.rows[at]) if self.rows is not None else at
        return Place(self.name, row, before + self._shown(at))

    def _shown(self, at: int) -> str:
        if self.frame is not None:
            cells = self.frame.iloc[at]
            text = ", ".join(f"{name} {value}" for name, value in list(cells.items())[:4])
        elif isinstance(self.raw, list):
            text = str(getattr(self.raw[at], "name", self.raw[at]))
        else:
            return ""
        text = " ".join(text.split())
        return text if len(text) <= LONGEST else text[: LONGEST - 3] + "..."


@dataclass(frozen=True)
class Step:
    """A net, its loss and rows, so that a step of training can be tried on copies.

    batch: some tens of rows, classes in turn, so that the first n of it hold as many as there are.
    many: more rows, as they come. criterion(outputs, targets): the mean loss, which may raise where
    they do not fit together. loss_name: of the criterion, as the plan or torch calls it. members:
    how many answers the net gives a row, (batch, members, outputs); 0 where it gives one.
    """

    net: nn.Module
    batch: Batch
    many: Batch
    criterion: Callable[[Tensor, Tensor], Tensor]
    loss_name: str
    members: int = 0

    def copy(self) -> nn.Module:
        """Return a copy of the net that may be trained."""
        return copy.deepcopy(self.net)

    def loss(self, net: nn.Module, batch: Batch) -> Tensor:
        """Return the mean loss of `net` (the net or a copy) on a batch."""
        return self.criterion(net(*batch.inputs), batch.targets)

    def first(self, rows: int) -> Batch:
        """Return the first rows of the batch."""
        return Batch(tuple(x[:rows] for x in self.batch.inputs), self.batch.targets[:rows])


@dataclass(frozen=True, kw_only=True)
class Case:
    """parts: "train", "validation", "test", as far as they are there. names: of the numeric and the
    categorical inputs of a table. given: whether the source itself divided the rows. step: None
    where no net is to be checked.
    """

    kind: Kind
    form: Form
    parts: Mapping[str, Part]
    classes: tuple[str, ...] = ()
    class_counts: tuple[int, ...] = ()
    names: tuple[tuple[str, ...], tuple[str, ...]] = ((), ())
    given: bool = False
    step: Step | None = None
    seed: int = 0

    @property
    def train(self) -> Part:
        """The training rows."""
        return self.parts["train"]

    @property
    def others(self) -> list[Part]:
        """The splits that are scored."""
        return [part for name, part in self.parts.items() if name != "train"]

    @property
    def one_class(self) -> bool:
        """Whether each row has one of several classes."""
        return self.form in ("binary", "multiclass", "ordinal")

    @property
    def numbers(self) -> bool:
        """Whether the targets are numbers."""
        return self.form in ("regression", "forecasting")

    @property
    def learns_rows(self) -> bool:
        """Whether rows are learned for their own sake, to be rebuilt or drawn."""
        return self.form in SELF

    def class_name(self, number: int) -> str:
        """Return the class's name."""
        return self.classes[number] if number < len(self.classes) else str(number)

    @cached_property
    def out_of_fold(self) -> tuple[Index, OutOfFold] | None:
        """Training rows (positions in the sample) and what a model that did not see them says of
        them. None where there is no such model for the task."""
        if not (self.one_class or self.form == "regression"):
            return None
        part = self.train
        most = min(OUT_OF_FOLD_ROWS, max(OUT_OF_FOLD_VALUES // width(part.sample), 200))
        index = np.arange(len(part))
        if len(part) > most:
            index = np.sort(np.random.default_rng(self.seed).permutation(len(part))[:most])
        found = out_of_fold(
            part.sample.select(index),
            self.kind,
            classes=len(self.classes) if self.one_class else 0,
            seconds=OUT_OF_FOLD_SECONDS,
            seed=self.seed,
        )
        return None if found is None else (index, found)


def width(sample: Sample) -> int:
    """Return how many values a row's inputs have."""
    return max(sum(int(np.prod(x.shape[1:])) for x in sample.inputs), 1)


def as_numbers(tensor: Tensor) -> NDArray[np.float32]:
    """Return a tensor as float32 on the CPU."""
    return tensor.detach().to("cpu", torch.float32).numpy()
