"""What detection.py and video.py share: the garments of Fashion-MNIST, and a run of the command."""

import json
import resource
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from netwright.data.formats.idx import read_idx

CLASSES = (
    "t-shirt", "trouser", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag",
    "ankle-boot",
)  # fmt: skip
SOURCE = "images/fashion_mnist"
FILES = {"train": "train", "test": "t10k"}
Pixels = NDArray[np.uint8]


def load_garments(data: Path, split: str) -> tuple[Pixels, NDArray[np.int64]]:
    """Return the pictures (rows, 28, 28) and class numbers of Fashion-MNIST's own split."""
    folder, name = data / SOURCE, FILES[split]
    pixels = read_idx(folder / f"{name}-images-idx3-ubyte.gz").astype(np.uint8)
    return pixels, read_idx(folder / f"{name}-labels-idx1-ubyte.gz").astype(np.int64)


def composed(folder: Path, compose: Callable[[Path], None]) -> Path:
    """Return the folder, made by `compose` where it is not there whole."""
    if not folder.is_dir():
        half = folder.with_name(f"{folder.name}.half")
        shutil.rmtree(half, ignore_errors=True)
        half.mkdir(parents=True)
        compose(half)
        half.rename(folder)
    return folder


def run_cell(source: Path, seed: int, cache: Path, more: Sequence[str] = ()) -> dict[str, Any]:
    """Return the metrics of one run of `netwright train`, from the cache where it is there; an
    interrupted run goes on."""
    cached, run = cache / f"{seed}.json", cache / f"run-{seed}"
    if cached.is_file():
        found: dict[str, Any] = json.loads(cached.read_text())
        return found
    command = [sys.executable, "-m", "netwright.cli.main", "train", str(source), "--json"]
    command += ["--seed", str(seed), "--threads", "1", "--out", str(run), *more]
    command += ["--resume"] if (run / "checkpoint").is_dir() else []
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    begun, before = time.perf_counter(), used.ru_utime + used.ru_stime
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"seed {seed}: exit {done.returncode}\n{done.stderr[-2000:]}")
    cell: dict[str, Any] = json.loads(done.stdout)
    cell["command_seconds"] = round(time.perf_counter() - begun, 1)
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    cell["cpu_seconds"] = round(used.ru_utime + used.ru_stime - before, 1)
    cached.write_text(json.dumps(cell))
    return cell
