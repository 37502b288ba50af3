"""JSON lines: one record a line."""

import json
from pathlib import Path
from typing import Any

import pandas as pd

from netwright.data.charset import open_text, sniff_charset
from netwright.data.formats.json import frame_of_records
from netwright.data.ledger import Ledger
from netwright.errors import DataError

__all__ = ["read_jsonl"]


def read_jsonl(path: Path, ledger: Ledger) -> pd.DataFrame:
    """Read a whole file; a line that is no record is refused with its number."""
    charset = sniff_charset(path)
    if not charset.plain:
        ledger.note("guessed", path.name, f"text encoding {charset.name}: {charset.why}")
    records: list[dict[str, Any]] = []
    with open_text(path, charset) as file:
        for number, line in enumerate(file, 1):
            if line.strip():
                records.append(_record(path, number, line))
    return frame_of_records(path, records, ledger)


def _record(path: Path, number: int, line: str) -> dict[str, Any]:
    try:
        value = json.loads(line)
    except (json.JSONDecodeError, RecursionError) as error:
        raise DataError(
            f"{path}, line {number}: {error}. Expected one JSON record a line "
            f"({line.strip()[:40]!r} ...); "
            "mend or remove that line."
        ) from error
    if isinstance(value, list):
        return {f"column_{at + 1}": cell for at, cell in enumerate(value)}
    if not isinstance(value, dict):
        raise DataError(
            f"{path}, line {number}: {value!r:.40} is no record. "
            'Expected a line such as {"a": 1, "b": "x"}; mend or remove it.'
        )
    return value
