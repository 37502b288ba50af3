"""What K members cost, trained as one pack, beside K runs of a plain loop and K runs of our own.

    .venv/bin/python benchmarks/pack.py [ab] [--members 1,8,32,128] [--rounds 5]

As speed.py: each contestant has a process of its own on one thread, they take turns, and CPU
seconds a row are compared, median of the rounds. K runs one after another take K times as long as
one. The pack's members differ in their seeds; "own" gives each its own order of batches, "shared"
the same batches to all. Results go to benchmarks/results/pack.json.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
from typing import Any

from speed import HERE, Contestant, machine
from workloads import WORKLOADS

RESULTS = HERE / "results" / "pack.json"
LETTERS = "ab"
ORDERS = ("own", "shared")

# What K members have to reach over K runs of the plain loop.
BARS = {"a": {32: 1.5, 128: 1.5}, "b": {32: 12.0, 128: 18.0}}


def start(command: list[str]) -> Contestant:
    """Start a worker and wait until it has trained an epoch."""
    one = dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
    process = subprocess.Popen(
        [sys.executable, str(HERE / command[0]), *command[1:]],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, **one},
    )
    contestant = Contestant(" ".join(command), process, [])
    contestant.read()
    return contestant


def measure(letter: str, members: list[int], rounds: int) -> dict[str, Any]:
    """Return {order: {K: {"seconds_per_step", "over_plain", "low", "high", "over_solo"}}}."""
    commands = {("plain", 1): ["worker.py", "plain", letter]}
    commands["solo", 1] = ["netwright_worker.py", "netwright", letter]
    for order in ORDERS:
        for count in members:
            commands[order, count] = ["pack_worker.py", str(count), order, letter]
    contestants = {name: start(command) for name, command in commands.items()}
    try:
        for number in range(rounds):
            turns = list(contestants.values())
            for contestant in turns if number % 2 == 0 else turns[::-1]:
                contestant.go()
    finally:
        for contestant in contestants.values():
            contestant.close()
    per_row = {
        name: [line["cpu_seconds"] / line["samples"] for line in contestant.lines]
        for name, contestant in contestants.items()
    }
    return {
        order: {
            str(count): summary(per_row, order, count, WORKLOADS[letter].batch_size)
            for count in members
        }
        for order in ORDERS
    }


def summary(
    per_row: dict[tuple[str, int], list[float]], order: str, count: int, batch_size: int
) -> dict[str, float]:
    """Put a pack's seconds a row beside those of `count` runs, round by round."""
    ours = per_row[order, count]
    ratios = {
        beside: [count * a / b for a, b in zip(per_row[beside, 1], ours, strict=True)]
        for beside in ("plain", "solo")
    }
    return {
        "seconds_per_step": round(statistics.median(ours) * batch_size, 7),
        "over_plain": round(statistics.median(ratios["plain"]), 3),
        "low": round(min(ratios["plain"]), 3),
        "high": round(max(ratios["plain"]), 3),
        "over_solo": round(statistics.median(ratios["solo"]), 3),
    }


def main(arguments: list[str] | None = None) -> None:
    """Measure the workloads asked for; those measured before and not now are kept."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("workloads", nargs="?", default=LETTERS)
    parser.add_argument("--members", default="1,8,32,128")
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args(arguments)
    if set(given.workloads) - set(LETTERS):
        parser.error(f"{given.workloads!r}: workloads are {', '.join(LETTERS)}")
    found = json.loads(RESULTS.read_text()) if RESULTS.is_file() else {}
    for letter in given.workloads:
        members = [int(count) for count in given.members.split(",")]
        found[letter] = measure(letter, members, given.rounds) | {"rounds": given.rounds}
        print(letter, json.dumps(found[letter]), flush=True)
    found["machine"] = machine()
    RESULTS.write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()
