"""TableEncoding: rows of a table become (numeric float32 (rows, n), categorical int64 (rows, c)).

Fitted on training rows only. Which columns are used and how their cells are read is part of it, so
that a saved model reads a new file as it read the first.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from netwright.data.cells import Distinct
from netwright.data.column_cells import read_words
from netwright.data.column_features import (
    CategoryFeatures,
    DateFeatures,
    NumberFeatures,
    Scaling,
)
from netwright.data.columns import Column
from netwright.data.data import Kind
from netwright.data.ledger import Ledger
from netwright.data.text_features import TextFeatures
from netwright.errors import DataError, did_you_mean

__all__ = ["TableEncoding"]

Features = NumberFeatures | DateFeatures | CategoryFeatures | TextFeatures

_TYPES: dict[str, type[Any]] = {
    "number": NumberFeatures,
    "date": DateFeatures,
    "category": CategoryFeatures,
    "text": TextFeatures,
}
# From this many distinct words on, and this share of the rows, the spelling of a category says more
# than its id, which most rows would not share with any other: if it is put together of parts (codes
# with digits, several words). A surname's spelling only adds noise.
SPELLED_WORDS = 50
SPELLED_SHARE = 0.05


@dataclass(frozen=True)
class TableEncoding:
    """features: of the used columns in table order; a column may have several. known: all columns
    seen at training, the dropped ones and the target too, so that only new ones are called extra.
    """

    features: tuple[Features, ...]
    known: tuple[str, ...] = ()

    @property
    def kind(self) -> Kind:
        return "table"

    @property
    def columns(self) -> list[str]:
        """The columns that must be there to encode."""
        return list(dict.fromkeys(f.column.name for f in self.features))

    @classmethod
    def fit(
        cls,
        frame: pd.DataFrame,
        columns: Mapping[str, Column],
        ledger: Ledger,
        *,
        known: Iterable[str] = (),
        scaling: Scaling = "auto",
    ) -> "TableEncoding":
        """Fit on training rows; `columns` says what each holds. No target is seen. scaling: of the
        numbers, see NumberFeatures."""
        features: list[Features] = []
        for name, column in columns.items():
            if column.used and column.kind == "numeric":
                features.append(NumberFeatures.fit(column, frame[name], ledger, scaling=scaling))
            elif column.used:
                features += _fit_column(column, frame[name], ledger)
        if not features:
            why = "; ".join(f"{c.name}: {c.why}" for c in list(columns.values())[:5])
            raise DataError(
                f"No column of the table can be learned from ({why or 'there are none'}). "
                "Add columns that differ between rows and say something about the target."
            )
        return cls(tuple(features), tuple(dict.fromkeys([*known, *columns])))

    def encode(self, raw: Any, ledger: Ledger | None = None) -> tuple[Tensor, ...]:
        """Turn rows (a DataFrame) into (numeric (rows, n), categorical (rows, c))."""
        frame = pd.DataFrame(raw)
        self._check_columns(frame, ledger)
        shapes = self.shapes()
        numeric = np.empty((len(frame), shapes["numeric"]), dtype=np.float32)
        ids = np.empty((len(frame), len(shapes["cardinalities"])), dtype=np.int64)
        at = column = 0
        for one in self.features:
            cells = frame[one.column.name]
            place = slice(at, at + len(one.names))
            if isinstance(one, CategoryFeatures):
                known = read_words(one.column, cells)
                ids[:, column] = one.encode_ids(known, ledger)
                column += 1
                if one.names:
                    numeric[:, place] = one.encode(known)
            elif isinstance(one, TextFeatures):
                numeric[:, place] = one.encode(cells)
            else:
                numeric[:, place] = one.encode(cells, ledger)
            at = place.stop
        return torch.from_numpy(numeric), torch.from_numpy(ids)

    def _check_columns(self, frame: pd.DataFrame, ledger: Ledger | None) -> None:
        given = [str(name) for name in frame.columns]
        for name in self.columns:
            if name not in given:
                raise DataError(
                    f"The rows have no column {name!r}, which the model was trained with."
                    f"{did_you_mean(name, given)} Add it, with empty cells where it is not known."
                )
        extra = [name for name in given if name not in self.known and name not in self.columns]
        if extra and self.known and ledger is not None:
            ledger.note(
                "dropped", "columns", f"not seen in training: {', '.join(extra)}", len(extra)
            )

    def prepare(self, inputs: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        """Return the inputs as they are: a table is stored ready for the net."""
        return inputs

    def restore(self, numeric: Tensor) -> pd.DataFrame:
        """Return the table that plain inputs (rows, numeric) stand for, as far as its columns are
        numbers."""
        values, cells, at = numeric.float().cpu().numpy(), {}, 0
        for one in self.features:
            if isinstance(one, NumberFeatures):
                cells[one.column.name] = one.restore(values[:, at : at + len(one.names)])
            at += len(one.names)
        return pd.DataFrame(cells)

    def shapes(self) -> Mapping[str, Any]:
        return {
            "numeric": len(self.feature_names()),
            "cardinalities": [
                f.cardinality for f in self.features if isinstance(f, CategoryFeatures)
            ],
        }

    def feature_names(self) -> list[str]:
        """Name each numeric input, in order."""
        return [name for one in self.features for name in one.names]

    def category_names(self) -> list[str]:
        """Name each categorical input, in order."""
        return [one.column.name for one in self.features if isinstance(one, CategoryFeatures)]

    def to_dict(self) -> dict[str, Any]:
        names = {kind: name for name, kind in _TYPES.items()}
        return {
            "type": "table",
            "kind": "table",
            "known": list(self.known),
            "features": [{"type": names[type(one)], **one.to_dict()} for one in self.features],
        }

    def tensors(self) -> dict[str, Tensor]:
        return {
            f"{at}.{name}": torch.from_numpy(array)
            for at, one in enumerate(self.features)
            for name, array in one.arrays().items()
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any], tensors: Mapping[str, Tensor]) -> "TableEncoding":
        """Read the JSON form."""
        features: list[Features] = []
        for at, one in enumerate(values["features"]):
            start = f"{at}."
            arrays = {
                name.removeprefix(start): tensor.numpy()
                for name, tensor in tensors.items()
                if name.startswith(start)
            }
            rest = {name: value for name, value in one.items() if name != "type"}
            features.append(_TYPES[one["type"]].from_dict(rest, arrays))
        return cls(tuple(features), tuple(values["known"]))


def _fit_column(column: Column, cells: pd.Series, ledger: Ledger) -> list[Features]:
    if column.kind == "date":
        return [DateFeatures.fit(column, cells, ledger)]
    if column.kind == "text":
        text = TextFeatures.fit(column, cells, ledger)
        if text is not None:
            return [text]
    ids = CategoryFeatures.fit(column, cells, ledger)
    # Where no word comes twice an id says nothing; its spelling still may.
    features: list[Features] = [ids] if ids.words else []
    if column.kind == "categorical" and not column.coded:
        known = read_words(column, cells)
        if len(known.words) >= max(SPELLED_WORDS, SPELLED_SHARE * len(cells)) and _composed(known):
            spelled = TextFeatures.fit(column, cells, ledger, most=8)
            if spelled is not None:
                features.append(spelled)
    return features


def _composed(known: Distinct) -> bool:
    """Whether most words have digits or blanks in them."""
    parts = sum(any(sign.isdigit() or sign == " " for sign in word) for word in known.words)
    return parts > 0.5 * len(known.words)
