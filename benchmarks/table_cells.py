"""Cells of tables.py: what one model did on one split, cached as JSON.

A cell is found again by its key: the model, the versions of the libraries it uses, the digest of
the data, the version of our own code around it, and the budget where it has one. Runs resume.
"""

import hashlib
import json
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
CACHE = HERE / "cache" / "tables"

Cell = dict[str, Any]


def key_of(
    model: str, *, versions: dict[str, str], data: str, code: int, budget: float | None
) -> str:
    """Return what a cell is found by: 12 hex digits."""
    parts = [model, sorted(versions.items()), data, code, budget]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:12]


def place(cache: Path, table: str, model: str, seed: int, key: str) -> Path:
    return cache / table / f"{model}-{seed}-{key}.json"


def store(path: Path, cell: Cell) -> None:
    """Write a cell whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(".part")
    unfinished.write_text(json.dumps(cell, indent=1) + "\n", encoding="utf-8")
    unfinished.replace(path)


def newest(cache: Path, budget: float) -> dict[tuple[str, str, int], Cell]:
    """Return the cells by (table, model, seed): the last one taken where there are several.

    Cells of other rows than the last one's of the same table and seed are left out, as are those
    with another budget: they cannot be compared.
    """
    found = [json.loads(path.read_text(encoding="utf-8")) for path in cache.glob("*/*.json")]
    cells = [cell for cell in found if cell["budget"] in (None, budget)]
    cells.sort(key=lambda cell: cell["taken"])
    rows = {(cell["table"], cell["seed"]): cell["data"] for cell in cells}
    return {
        (cell["table"], cell["model"], cell["seed"]): cell
        for cell in cells
        if rows[cell["table"], cell["seed"]] == cell["data"]
    }
