"""Trace: measurements by (signal, place, step). It keeps numbers and never judges them.

`signal` says what was measured ("grad.norm", "loss"), `place` where (a layer or parameter by its
PyTorch name, "" for the whole net), `step` when (optimiser steps, counted over the whole run).
A measurement that is not finite is kept as it is. Beside the numbers stand facts in words by
(signal, place), such as the name of the loss ("loss.name") or the line that built a layer.
"""

import json
import os
from array import array
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from netwright.errors import DataError

FILE = "trace.parquet"
_TEXTS = b"netwright.texts"  # where the file's schema keeps the facts in words


class Trace:
    """Measurements by (signal, place, step), in the order in which they were recorded."""

    def __init__(self) -> None:
        # One pair of growing arrays a series: an append costs two look-ups, a value 16 bytes.
        self._series: dict[str, dict[str, tuple[array[int], array[float]]]] = {}
        self._texts: dict[str, dict[str, str]] = {}

    def record(self, signal: str, place: str, step: int, value: float) -> None:
        """Append one measurement."""
        places = self._series.setdefault(signal, {})
        series = places.get(place)
        if series is None:
            series = places[place] = (array("q"), array("d"))
        series[0].append(int(step))
        series[1].append(float(value))

    def record_many(self, step: int, rows: Iterable[tuple[str, str, float]]) -> None:
        """Append measurements of one step, each as (signal, place, value)."""
        for signal, place, value in rows:
            self.record(signal, place, step, value)

    def note(self, signal: str, text: str, *, place: str = "") -> None:
        """Keep a fact in words; a later one for the same signal and place replaces it."""
        self._texts.setdefault(signal, {})[place] = text

    def text(self, signal: str, place: str = "") -> str:
        """Return a fact in words, "" where it was not noted."""
        return self._texts.get(signal, {}).get(place, "")

    def texts(self, signal: str) -> dict[str, str]:
        """Return the facts in words of a signal, by place."""
        return dict(self._texts.get(signal, {}))

    def last(self, signal: str, place: str = "") -> float | None:
        """Return the last value of one series, None where nothing was measured."""
        _, values = self._series.get(signal, {}).get(place, (None, None))
        return values[-1] if values else None

    def signals(self) -> list[str]:
        """Return the signals that have measurements, in the order of their first one."""
        return list(self._series)

    def places(self, signal: str) -> list[str]:
        """Return the places where `signal` was measured, in the order of their first value."""
        return list(self._series.get(signal, {}))

    def values(self, signal: str, place: str = "") -> NDArray[np.float64]:
        """Return the values of one series; empty where nothing was measured."""
        _, values = self._series.get(signal, {}).get(place, (None, ()))
        return np.array(values, dtype=np.float64)  # a copy: the array goes on growing

    def steps(self, signal: str, place: str = "") -> NDArray[np.int64]:
        """Return the steps of one series, one for each of `values`."""
        steps, _ = self._series.get(signal, {}).get(place, ((), None))
        return np.array(steps, dtype=np.int64)

    def worsens(self, signal: str, place: str = "") -> bool:
        """Whether a series that should fall (a loss) ends risen beyond its noise, or not finite.

        The means of the last fifth and of the fifth before it must differ by two standard errors.
        """
        values = self.values(signal, place)
        if len(values) and not np.isfinite(values[-1]):
            return True
        values = values[np.isfinite(values)]
        fifth = len(values) // 5
        if fifth < 2:
            return False
        late, early = values[-fifth:], values[-2 * fifth : -fifth]
        noise = float(np.sqrt((late.var(ddof=1) + early.var(ddof=1)) / fifth))
        return bool(late.mean() - early.mean() > 2 * noise)

    def __len__(self) -> int:
        """The number of measurements."""
        return sum(len(v) for places in self._series.values() for _, v in places.values())

    def __repr__(self) -> str:
        return f"Trace({len(self)} measurements of {len(self._series)} signals)"

    def save(self, folder: str | Path) -> Path:
        """Write `trace.parquet` into `folder`; a crash while writing leaves the old file whole."""
        series = [
            (signal, place, steps, values)
            for signal, places in self._series.items()
            for place, (steps, values) in places.items()
        ]
        lengths = np.asarray([len(values) for *_, values in series], dtype=np.int64)
        ids = np.repeat(np.arange(len(series), dtype=np.int32), lengths)
        names = [(signal, place) for signal, place, *_ in series]
        table = pa.table(
            {
                "signal": _column(ids, [signal for signal, _ in names]),
                "place": _column(ids, [place for _, place in names]),
                "step": pa.array(_joined([s for *_, s, _ in series], np.int64)),
                "value": pa.array(_joined([v for *_, v in series], np.float64)),
            }
        )
        table = table.replace_schema_metadata({_TEXTS: json.dumps(self._texts)})
        target = Path(folder) / FILE
        target.parent.mkdir(parents=True, exist_ok=True)
        part = target.with_name(f"{FILE}.part")
        pq.write_table(table, part)
        os.replace(part, target)
        return target

    @classmethod
    def load(cls, folder: str | Path) -> "Trace":
        """Read `trace.parquet` of a run folder (or the file itself)."""
        file = Path(folder)
        file = file / FILE if file.is_dir() else file
        if not file.is_file():
            raise DataError(
                f"There is no trace at {str(folder)!r}; expected a run folder that holds {FILE!r}. "
                "Give the folder that `netwright train` wrote (its --out)."
            )
        try:
            table = pq.read_table(file, columns=["signal", "place", "step", "value"])
        except (pa.ArrowException, OSError) as error:
            raise DataError(
                f"{str(file)!r} is not a trace ({error}); expected the file that Trace.save "
                "writes. Restore it from a copy, or train again."
            ) from error
        trace = cls()
        texts = json.loads((table.schema.metadata or {}).get(_TEXTS, b"{}"))
        for signal, places in texts.items():
            for place, text in places.items():
                trace.note(signal, text, place=place)
        columns = (table.column(name).to_pylist() for name in table.column_names)
        for signal, place, step, value in zip(*columns, strict=True):
            trace.record(signal, place, step, value)
        return trace


def _column(ids: NDArray[np.int32], names: list[str]) -> pa.Array:
    """Return one name a row, each stored once; `ids` gives each row's series."""
    unique = list(dict.fromkeys(names))
    code = {name: i for i, name in enumerate(unique)}
    codes = np.asarray([code[name] for name in names], dtype=np.int32)
    return pa.DictionaryArray.from_arrays(pa.array(codes[ids]), pa.array(unique, pa.string()))


def _joined(parts: "list[array[int]] | list[array[float]]", dtype: type) -> NDArray[Any]:
    return np.concatenate([np.array(part, dtype=dtype) for part in parts] or [np.empty(0, dtype)])
