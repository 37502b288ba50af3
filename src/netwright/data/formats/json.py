"""JSON tables: a list of records, a dict of columns, or one of these under a key of its own.

Understood are what `DataFrame.to_json` writes with orient records, columns, index, split, values
and table. A record inside a record becomes columns named "outer.inner".
"""

import json
from pathlib import Path
from typing import Any

import pandas as pd

from netwright.data.charset import decode_bytes
from netwright.data.header import find_header, unique_names
from netwright.data.ledger import Ledger
from netwright.errors import DataError

__all__ = ["frame_of_records", "read_json"]


def read_json(path: Path, ledger: Ledger) -> pd.DataFrame:
    """Read a whole file; numbers, words and truth values keep their types."""
    text, charset = decode_bytes(path.read_bytes(), str(path))
    if not charset.plain:
        ledger.note("guessed", path.name, f"text encoding {charset.name}: {charset.why}")
    try:
        value = json.loads(text.removeprefix("\ufeff"))
    except json.JSONDecodeError as error:
        raise DataError(
            f"{path}, line {error.lineno}, character {error.colno}: {error.msg}. Expected one "
            "JSON value; a file with a "
            "record a line is JSON lines (.jsonl). Mend that place or write the file again."
        ) from error
    except RecursionError as error:
        raise DataError(
            f"{path} nests too deeply for a table. Expected a list of flat records."
        ) from error
    return _frame(path, value, ledger)


def frame_of_records(path: Path, records: list[dict[str, Any]], ledger: Ledger) -> pd.DataFrame:
    """Build a frame from records; records inside them become columns, absent keys missing cells."""
    if not records or not any(records):
        raise _not_a_table(path, "no record with a value")
    nested = sorted({key for record in records for key, v in record.items() if isinstance(v, dict)})
    if nested:
        what = f"records inside records become columns: {', '.join(nested[:5])}"
        ledger.note("read", path.name, what, len(nested))
        records = [_flat(record) for record in records]
    keys = list(dict.fromkeys(key for record in records for key in record))
    absent = sum(len(keys) - len(record) for record in records)
    if absent:
        ledger.note("read", path.name, "keys absent from a record are missing cells", absent)
    columns = {key: [record.get(key) for record in records] for key in keys}
    return _frame_of_columns(path, columns, ledger)


def _frame(path: Path, value: Any, ledger: Ledger) -> pd.DataFrame:
    if isinstance(value, list):
        return _frame_of_list(path, value, ledger)
    if not isinstance(value, dict):
        raise _not_a_table(path, f"a single {type(value).__name__}")
    if isinstance(value.get("data"), list) and "columns" in value:
        # Orient "split" of pandas: names apart from the rows.
        return _frame_of_rows(path, value["data"], [str(name) for name in value["columns"]], ledger)
    inner = list(value.values())
    if inner and all(isinstance(v, list) for v in inner):
        lengths = {name: len(column) for name, column in value.items()}
        if len(set(lengths.values())) == 1 and not (len(inner) == 1 and _has_records(inner[0])):
            return _frame_of_columns(path, value, ledger)
        if len(inner) > 1:
            raise _not_a_table(path, f"columns of different lengths {lengths}")
    if inner and all(isinstance(v, dict) for v in inner):
        return _frame_of_dicts(path, value, ledger)
    lists = {key: v for key, v in value.items() if isinstance(v, list) and v}
    tables = {key: v for key, v in lists.items() if _has_records(v)} or lists
    if len(tables) == 1:
        key, rows = next(iter(tables.items()))
        ledger.note("guessed", path.name, f"the table is the list under {key!r}")
        return _frame_of_list(path, rows, ledger)
    if not any(isinstance(v, dict | list) for v in inner):
        return frame_of_records(path, [value], ledger)
    raise _not_a_table(path, f"an object with the keys {', '.join(map(repr, list(value)[:5]))}")


def _has_records(rows: list[Any]) -> bool:
    return bool(rows) and isinstance(rows[0], dict | list)


def _frame_of_list(path: Path, rows: list[Any], ledger: Ledger) -> pd.DataFrame:
    if not rows:
        raise _not_a_table(path, "an empty list")
    kinds = {type(row) for row in rows}
    if kinds == {dict}:
        return frame_of_records(path, rows, ledger)
    if kinds == {list}:
        return _frame_of_rows(path, rows, None, ledger)
    if dict in kinds or list in kinds:
        odd = next(at for at, row in enumerate(rows) if type(row) is not type(rows[0]))
        raise _not_a_table(path, f"a list whose item {odd + 1} is {rows[odd]!r:.60}")
    return _frame_of_columns(path, {"column_1": rows}, ledger)


def _frame_of_rows(
    path: Path, rows: list[list[Any]], names: list[str] | None, ledger: Ledger
) -> pd.DataFrame:
    """Build a frame from rows without keys; the first may hold the names."""
    if names is None:
        sheet = [["" if cell is None else str(cell) for cell in row] for row in rows[:200]]
        header = find_header(sheet)
        names = list(header.names)
        rows = rows[header.first :]
        what = "header in the first row" if header.rows else f"no header ({header.why})"
        ledger.note("guessed", path.name, what)
    for at, row in enumerate(rows):
        if len(row) != len(names):
            raise _not_a_table(
                path, f"row {at + 1} with {len(row)} values where {len(names)} are named"
            )
    columns = {at: [row[at] for row in rows] for at in range(len(names))}
    unique, _, renamed = unique_names(names)
    if renamed:
        ledger.note("read", path.name, "duplicate column names made unique with a number", renamed)
    return _frame_of_columns(path, {unique[at]: columns[at] for at in columns}, ledger)


def _frame_of_dicts(path: Path, value: dict[str, dict[str, Any]], ledger: Ledger) -> pd.DataFrame:
    """Tell columns of {row: cell} from rows of {column: cell}: row labels count, or are more than
    the columns.
    """
    inner = list(dict.fromkeys(key for row in value.values() for key in row))
    rows_inside = all(key.isdigit() for key in inner) and bool(inner)
    if rows_inside and not all(key.isdigit() for key in value):
        columns = {name: [cells.get(key) for key in inner] for name, cells in value.items()}
        return _frame_of_columns(path, columns, ledger)
    ledger.note("dropped", path.name, "keys of the records (row labels)", len(value))
    return frame_of_records(path, list(value.values()), ledger)


def _frame_of_columns(path: Path, columns: dict[str, list[Any]], ledger: Ledger) -> pd.DataFrame:
    if not columns or not len(next(iter(columns.values()))):
        raise _not_a_table(path, "no rows")
    names, unnamed, _ = unique_names(list(columns))
    if unnamed:
        what = f"columns without a name are called {names[unnamed[0]]}, ..."
        ledger.note("guessed", path.name, what, len(unnamed))
    series = [_column(values) for values in columns.values()]
    return pd.DataFrame(dict(zip(names, series, strict=True)))


def _column(values: list[Any]) -> "pd.Series[Any]":
    """Keep one type a column: true and false with gaps stay what they are, other mixtures become
    objects.
    """
    return pd.Series([None if value == "" else value for value in values]).infer_objects()


def _flat(record: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for key, value in record.items():
        if isinstance(value, dict):
            flat |= _flat(value, f"{prefix}{key}.")
        else:
            flat[prefix + key] = value
    return flat


def _not_a_table(path: Path, what: str) -> DataError:
    return DataError(
        f"{path} holds {what}. Expected a JSON table: a list of records such as "
        '[{"a": 1, "b": "x"}, ...] or columns such as {"a": [1, 2], "b": ["x", "y"]}.'
    )
