"""Runs a user's script as `python` would, in this process, and tells how it ended."""

import os
import runpy
import sys
import types
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from netwright.errors import UsageError
from netwright.watch.stop import StopWatching

_OURS = str(Path(__file__).resolve().parents[1])
_UNCOUNTED = "/netwright/importlib/"  # see watch/patches.py


@dataclass(frozen=True)
class Script:
    """A script's file, or a module's name (`-m`), and its arguments."""

    name: str
    arguments: Sequence[str] = ()
    is_module: bool = False

    @property
    def folder(self) -> Path:
        """Where the user's own files are."""
        return Path.cwd() if self.is_module else Path(self.name).resolve().parent

    def run(self) -> int:
        """Run it; return its exit code. What it prints and raises looks as without us."""
        try:
            self._run()
        except StopWatching:
            return 0
        except SystemExit as leaving:
            return _exit_code(leaving)
        except KeyboardInterrupt as error:
            _show(error)
            return 130
        except BaseException as error:
            _show(error)
            return 1
        return 0

    def _run(self) -> None:
        main = types.ModuleType("__main__")
        main.__dict__["__builtins__"] = __builtins__
        if self.is_module:
            sys.path[0] = str(Path.cwd())
            sys.modules["__main__"] = main
            sys.argv = [self.name, *self.arguments]
            runpy.run_module(self.name, run_name="__main__", alter_sys=True)
            return
        try:
            source = Path(self.name).read_bytes()
        except OSError as error:
            raise UsageError(
                f"{self.name!r} cannot be read ({error.strerror}); expected a Python script, "
                "`-m MODULE` or a run folder."
            ) from error
        sys.path[0] = str(self.folder)
        sys.argv = [self.name, *self.arguments]
        file = os.path.abspath(self.name)
        main.__dict__.update({"__file__": file, "__cached__": None, "__annotations__": {}})
        sys.modules["__main__"] = main
        exec(compile(source, file, "exec", dont_inherit=True), main.__dict__)


def _exit_code(leaving: SystemExit) -> int:
    if leaving.code is None:
        return 0
    if isinstance(leaving.code, int):
        return leaving.code & 0xFF
    print(leaving.code, file=sys.stderr)
    return 1


def _show(error: BaseException) -> None:
    """Print the traceback that Python would print: without our frames."""
    sys.excepthook(type(error), error, without_ours(error))


def without_ours(error: BaseException) -> TracebackType | None:
    """Return the error's traceback, ours taken out; those of its causes are mended in place."""
    seen: set[int] = set()
    waiting = [error.__cause__, error.__context__]
    while waiting:
        other = waiting.pop()
        if other is not None and id(other) not in seen:
            seen.add(id(other))
            other.__traceback__ = _filtered(other.__traceback__)
            waiting += [other.__cause__, other.__context__]
    error.__traceback__ = _filtered(error.__traceback__)
    return error.__traceback__


def _filtered(traceback: TracebackType | None) -> TracebackType | None:
    kept = []
    while traceback is not None:
        name = traceback.tb_frame.f_code.co_filename
        ours = name.startswith((_OURS, _UNCOUNTED)) or name == runpy.__file__
        if not (ours or name == "<frozen runpy>"):
            kept.append(traceback)
        traceback = traceback.tb_next
    following = None
    for one in reversed(kept):
        one.tb_next = following
        following = one
    return following
