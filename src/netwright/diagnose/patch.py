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
    groups. "only": the line is not where it happened; it is the one line of the file on which one
    of `ways`, (pattern, text), does match.
    """

    how: Literal["before", "after", "replace", "only"]
    text: str = ""
    pattern: str = ""
    ways: tuple[tuple[str, str], ...] = ()


def without_call(name: str) -> Edit:
    """Return what takes the only call of an activation out of a file: `F.name(x, dim=1)`,
    `x.name(1)`, `self.name(x)`, or the layer `nn.Name(...)` behind another on its line."""
    value = r"((?:[^(),]|\([^()]*\))+)"
    layer = "".join(part.capitalize() for part in name.split("_"))
    layer = {"Relu": "ReLU", "Logsoftmax": "LogSoftmax"}.get(layer, layer)
    prefix = r"\b(?:F|torch|(?:torch\.)?nn\.functional)"
    return Edit(
        "only",
        ways=(
            (rf",\s*(?:\w+\.)*{layer}\([^()]*\)", ""),
            (rf"{prefix}\.{name}\(\s*{value}\s*(?:,[^()]*)?\)", r"\1"),
            (rf"\bself\.{name}\(\s*{value}\s*\)", r"\1"),
            (rf"(?<=[\w)\]])(?<!\bF)(?<!\btorch)(?<!\bself)\.{name}\((?:dim\s*=\s*)?-?\d?\)", ""),
        ),
    )


def diff(file: str, line: int, edit: Edit) -> str | None:
    """Return the change as a unified diff; None where the line is not there or does not match."""
    path = Path(file)
    if not path.is_file():
        return None
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    if edit.how == "only":
        found = [(at, *way) for at, text in enumerate(lines, 1) for way in _matching(edit, text)]
        if len(found) != 1:
            return None
        line, pattern, text = found[0]
        edit = Edit("replace", text, pattern)
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


def _matching(edit: Edit, line: str) -> list[tuple[str, str]]:
    """Return those of the ways that match a line of code (not of comment), each as often."""
    code = line.partition("#")[0]
    return [way for way in edit.ways for _ in re.finditer(way[0], code)]
