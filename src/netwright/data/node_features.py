"""NodeFeatures: the cells of nodes become numbers, float32 (nodes, in_features).

Columns of numbers, dates and words are read as a table's are, words as one number for each known
word. A column that lists numbers ("19 81 146") says which of so many things a node has: one number
for each of them, the row divided by its sum, as Kipf and Welling 2017 do. Where no column tells
nodes apart their place in the graph has to: of one graph each known node is a feature (Kipf and
Welling's "featureless" nets), of many graphs each number of neighbours is one (Xu et al. 2019).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from netwright.data.cells import distinct
from netwright.data.column_cells import as_typed
from netwright.data.columns import infer_columns
from netwright.data.graphs import Graphs, Index, degrees
from netwright.data.ledger import Ledger
from netwright.data.memory import data_budget
from netwright.data.notes import merge_notes
from netwright.data.table_encoding import TableEncoding
from netwright.errors import DataError

__all__ = ["NodeFeatures", "is_list"]

LIST = re.compile(r"\d+(?:[ ,;|]+\d+)*")
SEVERAL = 0.5  # of the cells hold more than one number, or the column is one of plain numbers
MAX_NAMES = 5_000  # nodes that can each be a feature: 100 MB of them
MAX_DEGREE = 64  # more neighbours are not told apart


@dataclass(frozen=True, kw_only=True)
class NodeFeatures:
    """table: of plain columns. lists: columns of listed numbers, and how many are known of each.
    names: nodes that are features themselves. max_degree: numbers of neighbours that are features.
    """

    table: TableEncoding | None = None
    lists: tuple[tuple[str, int], ...] = ()
    names: tuple[str, ...] = ()
    max_degree: int = 0

    @property
    def columns(self) -> list[str]:
        """The columns that nodes must have."""
        plain = self.table.columns if self.table is not None else []
        return [*plain, *(name for name, _ in self.lists)]

    @property
    def width(self) -> int:
        """How many numbers a node gets."""
        return len(self.feature_names())

    @classmethod
    def fit(cls, graphs: Graphs, rows: Index, ledger: Ledger) -> "NodeFeatures":
        """Fit on the nodes in `rows`. No target is among the cells."""
        cells = graphs.nodes
        listed = [str(name) for name in cells.columns if is_list(cells[name])]
        lists = tuple((name, _largest(cells[name].iloc[rows]) + 1) for name in listed)
        for name, size in lists:
            what = f"lists of whole numbers: {size:,} features that a node has or has not"
            ledger.note("guessed", name, what, size)
        plain = cells.drop(columns=listed)
        table = _fit_table(plain, rows, ledger)
        if table is not None or lists:
            return cls(table=table, lists=lists)
        if graphs.table is None and len(graphs.names) <= MAX_NAMES:
            what = "no column tells nodes apart: each node is a feature of its own"
            ledger.note("encoded", "nodes", what, len(graphs.names))
            return cls(names=tuple(map(str, graphs.names)))
        largest = int(degrees(graphs)[rows].max(initial=1))
        what = "no column tells nodes apart: the number of neighbours is the feature"
        ledger.note("encoded", "nodes", what)
        return cls(max_degree=min(max(largest, 1), MAX_DEGREE))

    def encode(self, graphs: Graphs, ledger: Ledger | None = None) -> Tensor:
        """Return float32 (nodes, width)."""
        need = len(graphs.names) * self.width * 4
        if need > data_budget():
            raise DataError(
                f"{len(graphs.names):,} nodes with {self.width:,} features each take "
                f"{need >> 20:,} MB, more than memory allows. Give fewer features or nodes."
            )
        parts = []
        if self.table is not None:
            numeric, ids = self.table.encode(graphs.nodes, ledger)
            sizes = self.table.shapes()["cardinalities"]
            # 0 is a word that was not known: none of the features.
            known = [F.one_hot(ids[:, k], size)[:, 1:].float() for k, size in enumerate(sizes)]
            parts += [numeric, *known]
        for name, size in self.lists:
            self._check(name, graphs)
            parts.append(_several_hot(graphs.nodes[name], size, name, ledger))
        if self.names:
            parts.append(self._by_name(graphs, ledger))
        if self.max_degree:
            count = torch.from_numpy(degrees(graphs)).clamp_max(self.max_degree)
            parts.append(F.one_hot(count, self.max_degree + 1).float())
        return torch.cat(parts, 1)

    def feature_names(self) -> list[str]:
        """Name each feature, in order."""
        names = []
        if self.table is not None:
            sizes = self.table.shapes()["cardinalities"]
            names += self.table.feature_names()
            for name, size in zip(self.table.category_names(), sizes, strict=True):
                names += [f"{name} {k}" for k in range(1, size)]
        names += [f"{name} {k}" for name, size in self.lists for k in range(size)]
        names += [f"is {name}" for name in self.names]
        counts = range(self.max_degree + 1) if self.max_degree else ()
        return names + [f"{k} neighbours" for k in counts]

    def unscaled(self, features: Tensor) -> Tensor:
        """Return what `encode` gave, listed things as 0 and 1, as models without layers want
        them."""
        listed = sum(size for _, size in self.lists)
        if not listed:
            return features
        out = features.clone()
        start = features.shape[1] - listed
        out[:, start:] = (features[:, start:] > 0).float()
        return out

    def _check(self, name: str, graphs: Graphs) -> None:
        if name not in graphs.nodes.columns:
            raise DataError(
                f"The nodes have no column {name!r}, which the model was trained with. Add it, "
                "with empty cells where it is not known."
            )

    def _by_name(self, graphs: Graphs, ledger: Ledger | None) -> Tensor:
        place = {name: at for at, name in enumerate(self.names)}
        at = torch.tensor([place.get(str(name), -1) for name in graphs.names])
        strange = int((at < 0).sum())
        if strange and ledger is not None:
            what = "nodes that were not there in training: only their edges say something of them"
            ledger.note("warned", "nodes", what, strange)
        return F.one_hot(at + 1, len(self.names) + 1)[:, 1:].float()

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON form."""
        return {
            "table": self.table.to_dict() if self.table is not None else None,
            "lists": [list(pair) for pair in self.lists],
            "names": list(self.names),
            "max_degree": self.max_degree,
        }

    def tensors(self) -> dict[str, Tensor]:
        """Return what is too large for JSON."""
        return self.table.tensors() if self.table is not None else {}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any], tensors: Mapping[str, Tensor]) -> "NodeFeatures":
        """Read the JSON form."""
        table = values["table"]
        return cls(
            table=TableEncoding.from_dict(table, tensors) if table is not None else None,
            lists=tuple((name, size) for name, size in values["lists"]),
            names=tuple(values["names"]),
            max_degree=values["max_degree"],
        )


def is_list(cells: pd.Series) -> bool:
    """Tell whether the cells of a column are lists of whole numbers, not one number each."""
    known = distinct(cells)
    words = [str(word) for word in known.words]
    if not words or not all(LIST.fullmatch(word) for word in words[:1000]):
        return False
    several = sum(int(n) for word, n in zip(words, known.counts, strict=True) if " " in word
                  or "," in word or ";" in word or "|" in word)  # fmt: skip
    return several >= SEVERAL * int(known.counts.sum())


def _numbers(word: str) -> NDArray[np.int64]:
    return np.array([int(part) for part in re.split(r"[ ,;|]+", word)], dtype=np.int64)


def _largest(cells: pd.Series) -> int:
    return max((int(_numbers(str(word)).max()) for word in distinct(cells).words), default=0)


def _fit_table(plain: pd.DataFrame, rows: Index, ledger: Ledger) -> TableEncoding | None:
    if not len(plain.columns):
        return None
    notes = Ledger()
    columns = infer_columns(plain, notes, rows=rows)
    if any(column.used for column in columns.values()):
        typed = as_typed(plain, columns)
        table = TableEncoding.fit(typed.iloc[rows], columns, notes)
    else:
        table = None
    merge_notes(notes, ledger)
    return table


def _several_hot(cells: pd.Series, size: int, name: str, ledger: Ledger | None) -> Tensor:
    """Return (nodes, size): what a node lists, its row divided by its sum."""
    known = distinct(cells)
    distinct_rows = torch.zeros(len(known.words) + 1, size)  # the last: no cell, nothing listed
    beyond = 0
    for at, word in enumerate(known.words):
        if not LIST.fullmatch(str(word)):
            raise DataError(
                f"The column {name!r} of the nodes holds {word!r}; expected whole numbers in a "
                "list, such as '19 81 146'. Correct or empty that cell."
            )
        numbers = _numbers(str(word))
        beyond += int((numbers >= size).sum()) * int(known.counts[at])
        distinct_rows[at, torch.from_numpy(numbers[numbers < size])] = 1
    if beyond and ledger is not None:
        ledger.note("dropped", name, "listed numbers that training did not have", beyond)
    distinct_rows /= distinct_rows.sum(1, keepdim=True).clamp_min(1)
    return distinct_rows[torch.from_numpy(known.codes)]
