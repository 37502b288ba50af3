"""Which line of the user's own files an event comes from, and what the user calls a thing there."""

import sys
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

_NOT_THEIRS = ("site-packages", "dist-packages")
_CELLS = ("<ipython-input-", "/ipykernel_")  # what the code of a notebook's cell is filed under
_OURS = str(Path(__file__).resolve().parents[1])


class Lines:
    """Finds the innermost frame of a file under `folder` that is no installed package's, or of a
    notebook's cell."""

    def __init__(self, folder: str | Path) -> None:
        self._folder = str(Path(folder).resolve())
        self._theirs: dict[CodeType, str | None] = {}  # the file of each code object met

    def here(self) -> str:
        """Return "file:line" of the user's innermost call, "" where no frame is theirs."""
        frame = self._frame()
        return "" if frame is None else f"{self._file(frame.f_code)}:{frame.f_lineno}"

    def path(self) -> str:
        """Return the lines of all of the user's calls, innermost first."""
        found, frame = [], self._frame()
        while frame is not None:
            if self._file(frame.f_code) is not None:
                found.append(f"{id(frame.f_code)}:{frame.f_lineno}")
            frame = frame.f_back
        return "<".join(found)

    def name(self, thing: Any) -> str:
        """Return the variable (or attribute of `self`) that holds `thing` near the user's line."""
        frame = self._frame()
        while frame is not None:
            if self._file(frame.f_code) is not None:
                for names in (frame.f_locals, frame.f_globals):
                    for name, value in names.items():
                        if value is thing and name != "self":
                            return name
                owner = frame.f_locals.get("self")
                for name, value in getattr(owner, "__dict__", {}).items():
                    if value is thing:
                        return f"self.{name}"
            frame = frame.f_back
        return ""

    def _frame(self) -> FrameType | None:
        frame: FrameType | None = sys._getframe(2)
        while frame is not None and self._file(frame.f_code) is None:
            frame = frame.f_back
        return frame

    def _file(self, code: CodeType) -> str | None:
        """The file of a code object if it is the user's."""
        if code not in self._theirs:
            name = code.co_filename
            path = str(Path(name).resolve()) if name[:1] != "<" else name
            theirs = path.startswith(self._folder) and not path.startswith(_OURS)
            theirs = theirs and not any(part in path for part in _NOT_THEIRS)
            theirs = theirs or any(part in name for part in _CELLS)
            self._theirs[code] = path if theirs else None
        return self._theirs[code]
