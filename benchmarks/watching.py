"""What watching costs: `netwright.fit` with its probe, beside the same fit that never looks.

    .venv/bin/python benchmarks/watching.py [abcde] [--rounds 9]

The two take turns, an epoch each; the cost is the ratio of their CPU seconds minus one.
"""

import argparse
import json
import statistics
import sys
from pathlib import Path

from speed import HERE, WORKLOADS, machine, start

RESULTS = HERE / "results" / "watching.json"
BARS = {"a": 0.02, "b": 0.05, "c": 0.02, "d": 0.02, "e": 0.02}


def cost(workload: str, *, rounds: int) -> dict[str, float]:
    """Return the median cost as a share of the unwatched epoch, and the quartiles over rounds."""
    names = ["netwright-unwatched", "netwright"]
    contestants = [start(name, workload, 1) for name in names]
    for number in range(rounds):
        for contestant in contestants if number % 2 == 0 else contestants[::-1]:
            contestant.go()
    for contestant in contestants:
        contestant.close()
    off, on = ([line["cpu_seconds"] for line in c.lines] for c in contestants)
    costs = [a / b - 1 for a, b in zip(on, off, strict=True)]
    low, _, high = statistics.quantiles(costs, n=4)
    return {
        "cost": round(statistics.median(costs), 4),
        "low": round(low, 4),
        "high": round(high, 4),
        "bar": BARS[workload],
    }


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("workloads", nargs="?", default="abcde")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--out", type=Path, default=RESULTS)
    options = parser.parse_args(arguments)
    results = json.loads(options.out.read_text()) if options.out.exists() else {}
    print("| workload | cost of watching | quartiles | bar |\n|---|---|---|---|")
    for workload in options.workloads:
        found = cost(workload, rounds=options.rounds)
        results[workload] = {"title": WORKLOADS[workload].title, "rounds": options.rounds} | found
        print(
            f"| {workload} | {found['cost']:.1%} | {found['low']:.1%} to {found['high']:.1%} "
            f"| {found['bar']:.0%} |",
            flush=True,
        )
    results["machine"] = machine()
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(json.dumps(results, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
