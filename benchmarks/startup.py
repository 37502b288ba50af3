"""How soon the command line answers: `netwright --help`, and the first epoch of `train digits`.

    .venv/bin/python benchmarks/startup.py [--runs 10]

Wall seconds of fresh processes, so other work on the machine shows; the least is the machine's own.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from speed import HERE, machine

RESULTS = HERE / "results" / "startup.json"
NETWRIGHT = Path(sys.executable).with_name("netwright")
HELP_BAR, FIRST_BATCH_BAR = 0.3, 4.0


def help_seconds() -> float:
    """Return how long `netwright --help` takes."""
    begun = time.perf_counter()
    subprocess.run([NETWRIGHT, "--help"], check=True, capture_output=True)
    return time.perf_counter() - begun


# The command line in a process that says when its first training step is done, and ends there.
FIRST_BATCH = """
import os, sys, time
import netwright.cli.main, netwright.train.training
original = netwright.train.training.Training._step
def step(self, batch):
    original(self, batch)
    os.write(2, f"first batch {time.time()}".encode())
    os._exit(0)
netwright.train.training.Training._step = step
sys.argv = ["netwright", "train", "digits", "--out", sys.argv[1]]
netwright.cli.main.main()
"""


def first_batch_seconds() -> float:
    """Return how long `netwright train digits` takes until its first training step is done."""
    with tempfile.TemporaryDirectory() as folder:
        begun = time.time()
        done = subprocess.run(
            [sys.executable, "-c", FIRST_BATCH, os.path.join(folder, "run")],
            capture_output=True,
            text=True,
        )
    _, found, moment = done.stderr.rpartition("first batch ")
    if not found:
        raise RuntimeError(f"`netwright train digits` took no step:\n{done.stderr}{done.stdout}")
    return float(moment) - begun


def measure(what: Callable[[], float], runs: int, bar: float) -> dict[str, float]:
    """Return the median and the least of several runs after a first one (cold disk)."""
    what()
    seconds = [what() for _ in range(runs)]
    return {
        "median": round(statistics.median(seconds), 3),
        "least": round(min(seconds), 3),
        "bar": bar,
        "runs": runs,
    }


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--runs", type=int, default=10)
    parser.add_argument("--out", type=Path, default=RESULTS)
    options = parser.parse_args(arguments)
    results: dict[str, object] = {
        "netwright --help": measure(help_seconds, options.runs, HELP_BAR),
        "first batch of netwright train digits": measure(
            first_batch_seconds, max(options.runs // 2, 1), FIRST_BATCH_BAR
        ),
    }
    print("| | median | least | bar |\n|---|---|---|---|")
    for name, found in results.items():
        assert isinstance(found, dict)
        print(f"| {name} | {found['median']} s | {found['least']} s | {found['bar']} s |")
    results["machine"] = machine()
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(json.dumps(results, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
