"""Texts: a file's content as a str, packed by gzip or not."""

import gzip
from pathlib import Path

from netwright.data.charset import decode_bytes
from netwright.data.formats.idx import GZIP_MAGIC
from netwright.data.ledger import Ledger

__all__ = ["lines_of", "read_text"]


def read_text(path: Path, ledger: Ledger) -> str:
    """Return the text of a file, and note an unusual encoding."""
    content = path.read_bytes()
    if content[:2] == GZIP_MAGIC:
        content = gzip.decompress(content)
    text, charset = decode_bytes(content, path.name)
    if not charset.plain:
        ledger.note("guessed", path.name, f"text encoding {charset.name}")
    return text


def lines_of(text: str) -> list[str]:
    """Return the lines as every editor counts them; `str.splitlines` also cuts at form feeds and
    other separators within a line.
    """
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return lines if lines[-1] else lines[:-1]
