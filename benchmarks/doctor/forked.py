"""Reruns of scripts in forks of a process that has torch and its kin imported already.

Half of what a rerun of a small script costs is the import of torch. `Forks` makes a process that
imports and does nothing else; `instead_of_interpreters_` lets `doctor/rerun.py` take forks of it in
place of fresh interpreters. What a script does in one is the same: its seeds are shifted, its
random streams start anew, nothing has run there before. For benchmarks alone: POSIX, one thread.
"""

import json
import os
import sys
import time
from collections.abc import Mapping
from multiprocessing import Pipe
from pathlib import Path
from typing import Any


def preload() -> None:
    """Import what scripts of the benchmark import."""
    import numpy as np  # noqa: F401
    import pandas as pd  # noqa: F401
    import torch  # noqa: F401
    from sklearn import datasets, model_selection, neighbors, preprocessing  # noqa: F401

    import netwright.doctor.child
    import netwright.watch.intervene
    import netwright.watch.measured
    import netwright.watch.observer
    import netwright.watch.patches  # noqa: F401


class Forks:
    """A process that forks on demand."""

    def __init__(self) -> None:
        self._here, there = Pipe()
        if os.fork() == 0:
            self._serve(there)
        there.close()

    def run(self, request: Mapping[str, Any]) -> int | None:
        """Run a rerun's job in a fork; return its exit code, None where it was stopped."""
        self._here.send_bytes(json.dumps(request).encode())
        answer: int | None = json.loads(self._here.recv_bytes())
        return answer

    @staticmethod
    def _serve(pipe: Any) -> None:
        while True:
            try:
                request = json.loads(pipe.recv_bytes())
            except EOFError:
                os._exit(0)
            child = os.fork()
            if child == 0:
                _do(request)
            pipe.send_bytes(json.dumps(_wait(child, request["seconds"])).encode())


def _do(request: Mapping[str, Any]) -> None:
    code = 1
    try:
        for name, number in (("stdout", 1), ("stderr", 2)):
            os.dup2(os.open(request[name], os.O_WRONLY | os.O_CREAT | os.O_TRUNC), number)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.environ.clear()
        os.environ.update(request["environment"])
        os.chdir(request["folder"])
        from netwright.doctor.child import main

        code = main(request["job"], request["result"])
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _wait(child: int, seconds: float) -> int | None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.02)
    os.kill(child, 9)
    os.waitpid(child, 0)
    return None


def instead_of_interpreters_(forks: Forks) -> None:
    """Let reruns of this process and its forks be forks."""
    from netwright.doctor import rerun

    def run(copy: Any, own: Path, environment: Mapping[str, str], seconds: float) -> int | None:
        return forks.run(
            {
                "job": str(own / "job.json"),
                "result": str(own / "result.json"),
                "stdout": str(own / "stdout"),
                "stderr": str(own / "stderr"),
                "folder": str(copy.folder),
                "environment": dict(environment),
                "seconds": seconds,
            }
        )

    rerun._run = run
