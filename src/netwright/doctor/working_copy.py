"""A temporary copy of the working folder for reruns, and what keeps them out of the user's own.

Files are copied up to a size and a sum; what is larger (data sets, environments, repositories) is
linked and can be read through the link. An audit hook in the rerun refuses to open for writing, to
make, move or remove anything in the user's folders, links followed; a script that insists fails
there, which is told. The script's own file runs in the copy where it lies in the working folder,
else in its place.
"""

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

__all__ = ["WorkingCopy", "protect_", "working_copy"]

LARGEST_FILE = 20_000_000  # bytes
LARGEST_COPY = 100_000_000  # bytes: it is made anew for every rerun
MOST_ENTRIES = 20_000
LINKED = {".git", ".hg", ".venv", "venv", "env", "node_modules", "wandb", "mlruns", "runs"}
LEFT_OUT = {"__pycache__", ".mypy_cache", ".pytest_cache", ".ruff_cache"}


@dataclass
class WorkingCopy:
    """folder: the copy. linked, left: what of the working folder is only linked, or not there."""

    original: Path
    folder: Path
    linked: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
    bytes: int = 0
    entries: int = 0

    def place(self, path: Path) -> Path:
        """Return where a file of the user's is in the copy; elsewhere it is itself."""
        path = path.resolve()
        if path.is_relative_to(self.original):
            return self.folder / path.relative_to(self.original)
        return path


@contextmanager
def working_copy(original: Path) -> Iterator[WorkingCopy]:
    """Copy the folder; the copy is gone at the end."""
    with tempfile.TemporaryDirectory(prefix="netwright-", ignore_cleanup_errors=True) as temporary:
        copy = WorkingCopy(original.resolve(), Path(temporary).resolve() / original.name)
        copy.folder.mkdir(parents=True, exist_ok=True)
        _fill(copy)
        yield copy


def _fill(copy: WorkingCopy) -> None:
    """Copy breadth first, so that what lies near the top is there."""
    waiting = [copy.original]
    while waiting:
        folder = waiting.pop(0)
        try:
            entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
        except OSError:
            copy.left.append(str(folder))
            continue
        for entry in entries:
            source = Path(entry.path)
            target = copy.folder / source.relative_to(copy.original)
            copy.entries += 1
            if entry.name in LEFT_OUT or copy.folder.is_relative_to(source):
                continue
            if entry.name in LINKED or copy.entries > MOST_ENTRIES or entry.is_symlink():
                _link(copy, source, target)
            elif entry.is_dir():
                target.mkdir()
                waiting.append(source)
            elif entry.is_file():
                size = entry.stat().st_size
                if size > LARGEST_FILE or copy.bytes + size > LARGEST_COPY:
                    _link(copy, source, target)
                else:
                    shutil.copy2(source, target)
                    copy.bytes += size


def _link(copy: WorkingCopy, source: Path, target: Path) -> None:
    name = str(source.relative_to(copy.original))
    try:
        target.symlink_to(source.resolve(), target_is_directory=source.is_dir())
        copy.linked.append(name)
    except OSError:  # a system without links, or without the right to make them
        copy.left.append(name)


_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_CHANGES = {
    "os.mkdir": 1, "os.remove": 1, "os.rmdir": 1, "os.rename": 2, "os.truncate": 1, "os.chmod": 1,
    "os.link": 2, "os.symlink": 2, "os.utime": 1, "shutil.rmtree": 1, "shutil.move": 2,
}  # fmt: skip


def protect_(folders: Sequence[str], *, allowed: Sequence[str]) -> None:
    """Refuse, in this process and for good, to change anything in `folders` outside `allowed`."""
    kept = tuple(os.path.join(os.path.realpath(f), "") for f in folders)
    free = tuple(os.path.join(os.path.realpath(f), "") for f in allowed)

    def hook(event: str, args: tuple[Any, ...]) -> None:
        paths: Sequence[Any] = ()
        if event == "open" and isinstance(args[2], int) and args[2] & _WRITES:
            paths = args[:1]
        elif event in _CHANGES:
            paths = args[: _CHANGES[event]]
        for path in paths:
            if not isinstance(path, str | bytes | os.PathLike):
                continue
            real = os.path.realpath(os.fsdecode(path))
            if real.startswith(kept) and not real.startswith(free):
                raise PermissionError(
                    f"netwright doctor --fix reruns the script in a temporary copy and lets it "
                    f"change nothing in {os.path.dirname(real)!r}."
                )

    sys.addaudithook(hook)
