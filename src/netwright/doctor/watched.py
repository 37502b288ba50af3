"""watched(): examines the training that happens in a block of this process."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from netwright.doctor.examine import Examination, judge
from netwright.watch.observer import watch_any

__all__ = ["watched"]


@contextmanager
def watched(name: str, *, folder: str | Path | None = None) -> Iterator[Examination]:
    """Watch every training inside of the block; the Examination is filled in at its end, also where
    the block raises.

    name: of what is examined. folder: where the user's own files are (findings point into them);
    the working folder by default.
    """
    result, began = Examination(name, 0), time.perf_counter()
    observer = None
    try:
        with watch_any(folder or Path.cwd()) as observer:
            yield result
    except BaseException:
        result.script_exit = 1
        raise
    finally:
        ran = time.perf_counter() - began
        if observer is not None:
            judge(observer, result, ran)
        if not result.steps:
            result.notes.append("No training was seen: no optimizer step of torch.")
        result.seconds = time.perf_counter() - began
