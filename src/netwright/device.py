"""Where and how tensors are computed: device, threads, random streams. Nothing is set at import;
what is set is put back."""

import contextlib
import os
import random
from collections.abc import Iterator

import numpy as np
import torch

from netwright.errors import UsageError, did_you_mean

DEVICES = ("auto", "cpu", "cuda", "mps")


def choose_device(name: str = "auto") -> torch.device:
    """Return the device named; "auto" is cuda, then mps, then cpu. A missing or unknown one is a
    UsageError."""
    kind = name.partition(":")[0]
    if kind not in DEVICES:
        raise UsageError(f"There is no device {name!r}.{did_you_mean(name, DEVICES)}")
    if kind == "auto":
        kind = "cuda" if torch.cuda.is_available() else "mps" if _has_mps() else "cpu"
        return torch.device(kind)
    if kind == "cuda" and not torch.cuda.is_available():
        raise UsageError(
            "Device 'cuda' was asked for, but torch sees no GPU. Use --device cpu, or install a "
            "CUDA torch."
        )
    if kind == "mps" and not _has_mps():
        raise UsageError("Device 'mps' was asked for, but this machine has none. Use --device cpu.")
    return torch.device(name)


def _has_mps() -> bool:
    return torch.backends.mps.is_available()


def cores() -> int:
    """Return how many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):  # fewer than there are, in containers and under taskset
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@contextlib.contextmanager
def threads(count: int | None) -> Iterator[None]:
    """Use `count` intra-op threads inside the block and put the former number back; None changes
    nothing."""
    if count is not None and count < 1:
        raise UsageError(f"--threads is {count}; expected at least 1.")
    before = torch.get_num_threads()
    try:
        if count is not None:
            torch.set_num_threads(count)
        yield
    finally:
        torch.set_num_threads(before)


@contextlib.contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Seed torch's, numpy's and Python's global random streams inside the block and put the former
    states back."""
    devices = list(range(torch.cuda.device_count())) if torch.cuda.is_available() else []
    numpy_state, python_state = np.random.get_state(), random.getstate()
    with torch.random.fork_rng(devices=devices):
        # What torch.manual_seed does, without its note for a CUDA that may come up later: that one
        # holds a traceback and takes most of the time.
        torch.default_generator.manual_seed(seed)
        if devices:
            torch.cuda.manual_seed_all(seed)
        if torch.backends.mps.is_available():
            torch.mps.manual_seed(seed)
        np.random.seed(seed % 2**32)
        random.seed(seed)
        try:
            yield
        finally:
            np.random.set_state(numpy_state)
            random.setstate(python_state)
