"""Small unified diffs of the user's file. Nothing of theirs is written."""

import difflib
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal


@dataclass(frozen=True)
class Edit:
    """What to do with one line: put `text` before or after it, or replace what `pattern` matches.

    The text takes the line's own indentation. pattern: a regular expression; text may use its
    groups.
    """

    how: Literal["before", "after", "replace"]
    text: str
    pattern: str = ""


def diff(file: str, line: int, edit: Edit) -> str | None:
    """Return the change as a unified diff; None where the line is not there or does not match."""
    path = Path(file)
    if not path.is_file():
        return None
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    if not 0 < line <= len(lines):
        return None
    old = lines[line - 1]
    if edit.how == "replace":
        new, count = re.subn(edit.pattern, edit.text, old, count=1)
        if not count or new == old:
            return None
        changed = [new]
    else:
        extra = old[: len(old) - len(old.lstrip())] + edit.text
        changed = [extra, old] if edit.how == "before" else [old, extra]
    mended = [*lines[: line - 1], *changed, *lines[line:]]
    return "\n".join(difflib.unified_diff(lines, mended, path.name, path.name, lineterm="", n=1))
