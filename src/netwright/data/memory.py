"""How much memory may data take: a share of what the machine has free now."""

import os
from pathlib import Path

__all__ = ["available_bytes", "data_budget"]

# The rest is for the net, its optimiser, activations and whatever else runs.
SHARE = 0.3
# Where the system does not say: small enough for any machine that can train at all.
ASSUMED = 4 << 30


def available_bytes() -> int:
    """Return the free memory in bytes: the container's limit where there is one, else the
    machine's.
    """
    free = _machine_bytes()
    for limit, used in (
        ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory.current"),
        (
            "/sys/fs/cgroup/memory/memory.limit_in_bytes",
            "/sys/fs/cgroup/memory/memory.usage_in_bytes",
        ),
    ):
        most, taken = _number(Path(limit)), _number(Path(used))
        if most is not None and taken is not None:
            free = min(free, max(most - taken, 0))
    return free


def data_budget() -> int:
    """Return how many bytes the tensors of all splits may take before rows are streamed instead."""
    return int(available_bytes() * SHARE)


def _machine_bytes() -> int:
    meminfo = Path("/proc/meminfo")
    if meminfo.is_file():
        for line in meminfo.read_text(encoding="ascii").splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) * 1024
    if hasattr(os, "sysconf") and "SC_PHYS_PAGES" in os.sysconf_names:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2
    return ASSUMED


def _number(path: Path) -> int | None:
    if not path.is_file():
        return None
    text = path.read_text(encoding="ascii").strip()
    return int(text) if text.isdigit() else None
