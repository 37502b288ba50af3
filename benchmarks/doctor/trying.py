"""Runs many small scripts quickly: one process holds torch, each script is a forked child of it.

What a task gives is kept in its cell, a JSON file named by digests, so that nothing runs twice and
a run that was cut off goes on where it was.
"""

import contextlib
import hashlib
import io
import json
import os
import resource
import runpy
import sys
import time
import warnings
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
SCRIPTS, CELLS = HERE / "scripts", HERE / "cells"
DATA = ROOT.parent / "shared" / "data"
LIMIT = 60  # seconds of CPU: a busy machine must not decide what ran too long
PATIENCE = 1200  # seconds

Task = Callable[[], dict[str, Any]]


def digest(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]


def lay(name: str, text: str) -> Path:
    """Write the script where it can be run."""
    SCRIPTS.mkdir(parents=True, exist_ok=True)
    path = SCRIPTS / f"{name}.py"
    if not path.is_file() or path.read_text() != text:
        path.write_text(text)
    return path


def in_children(tasks: dict[Path, Task], *, at_once: int) -> None:
    """Run each task in a child of this process and keep what it returns in its cell."""
    waiting = [(cell, task) for cell, task in tasks.items() if not cell.is_file()]
    if not waiting:
        return
    _load()
    running: dict[int, tuple[float, Path]] = {}
    while waiting or running:
        while waiting and len(running) < at_once:
            cell, task = waiting.pop(0)
            cell.parent.mkdir(parents=True, exist_ok=True)
            child = os.fork()
            if child == 0:
                _child(cell, task)
            running[child] = (time.perf_counter(), cell)
        done, _ = os.waitpid(-1, os.WNOHANG)
        if done:
            _, cell = running.pop(done)
            if not cell.is_file():
                _keep(cell, {"error": f"gave nothing, or took more than {LIMIT} CPU seconds"})
        for child, (began, _) in running.items():
            if time.perf_counter() - began > PATIENCE:
                os.kill(child, 9)
        time.sleep(0.01)


def _load() -> None:
    """Import what the scripts import, once for all of them."""
    import pandas  # noqa: F401
    import sklearn.datasets
    import sklearn.model_selection
    import sklearn.preprocessing  # noqa: F401
    import torch
    import torch.utils.data

    torch.set_num_threads(1)
    weight = torch.nn.Parameter(torch.zeros(1))
    weight.grad = torch.zeros(1)
    torch.optim.Adam([weight]).step()  # what a first step imports


def _keep(cell: Path, result: dict[str, Any]) -> None:
    half = cell.with_suffix(f".{os.getpid()}")
    half.write_text(json.dumps(result))
    half.rename(cell)


def _child(cell: Path, task: Task) -> None:
    """Never returns."""
    began = time.perf_counter()
    warnings.simplefilter("ignore")
    resource.setrlimit(resource.RLIMIT_CPU, (LIMIT, LIMIT))
    try:
        result = task()
    except BaseException as problem:
        result = {"error": f"{type(problem).__name__}: {problem}"}
    _keep(cell, result | {"wall_seconds": round(time.perf_counter() - began, 3)})
    os._exit(0)


def environment(seed: int) -> None:
    os.environ |= {"SEED": str(seed), "NETWRIGHT_DATA": str(DATA)}


def plain(name: str, text: str, seed: int) -> dict[str, Any]:
    """Run the script by itself; its last line of JSON."""
    environment(seed)
    said = io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(io.StringIO()):
        sys.argv = [str(lay(name, text))]
        runpy.run_path(sys.argv[0], run_name="__main__")
    return {"name": name, **json.loads(said.getvalue().strip().splitlines()[-1])}


def kept(text: str, seed: int) -> Path:
    return CELLS / "tries" / f"{digest(text, str(seed))}.json"


def run_all(jobs: Iterable[tuple[str, str, int]], *, at_once: int = 1) -> None:
    """Run (name, text, seed) that have no cell yet."""

    def task(job: tuple[str, str, int]) -> Task:
        return lambda: plain(*job)

    in_children({kept(job[1], job[2]): task(job) for job in jobs}, at_once=at_once)


def outcome(text: str, seed: int) -> dict[str, Any]:
    """What a run of the script gave: "metric" or "error"."""
    return json.loads(kept(text, seed).read_text())
