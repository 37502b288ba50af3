"""The encoding of a model that is trained on: its vocabulary, or the size and mode of its pictures,
are kept, for its weights are of no use with others."""

import json
from pathlib import Path
from typing import Any

from netwright.data.ledger import Ledger
from netwright.data.options import ReadOptions
from netwright.errors import DataError, UsageError

__all__ = ["KEPT", "kept_encoding"]

KEPT = ("text", "image")  # kinds whose encoding says nothing of the columns or rows of one source


def kept_encoding(options: ReadOptions, kind: str, ledger: Ledger) -> dict[str, Any] | None:
    """Return what preprocessing.json holds in the folder `options.encoding_of`; None where no model
    is trained on. kind: of the source that is read."""
    if options.encoding_of is None:
        return None
    path = Path(options.encoding_of)
    file = (path / "model" if (path / "model").is_dir() else path) / "preprocessing.json"
    try:
        found: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise DataError(
            f"The encoding of the model in {str(path)!r} cannot be read ({error}). Give the folder "
            "that `netwright train` wrote."
        ) from error
    if found.get("type") != kind or kind not in KEPT:
        raise UsageError(
            f"The model in {str(path)!r} reads {found.get('type')} data, and the source holds "
            f"{kind} data; expected texts, or pictures, for both. Train a net of its own for it."
        )
    ledger.note("encoded", kind, f"as the model in {str(path)!r} reads it")
    return found
