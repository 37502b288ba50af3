"""Trials a second, and the best found after equal seconds, of netwright and other tuners.

    benchmarks/peers.sh                    # once: the other libraries
    .venv/bin/python benchmarks/tuning.py [ab] [--rounds 3] [--contestants A,B]

netwright tries 128 settings of an MLP (lr, weight decay, dropout; a fixed number of epochs); then
each of the others searches for as many seconds as that took: they finish fewer trials, and trials a
second is what counts. By Hyperband netwright drops losers early, while the others train every trial
to its end: reported beside. They take turns for some rounds; medians. Both cores are everybody's:
netwright and Ray use them as they do, of the others two processes of one thread search side by
side. Results go to benchmarks/results/tuning.json.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from speed import HERE, PEERS_PYTHON, machine
from tuning_worker import CONTESTANTS, EPOCHS, ROWS, TRIALS

RESULTS = HERE / "results" / "tuning.json"
LETTERS = "ab"
CORES = 2
OURS = ("netwright", "netwright-hyperband")  # they try TRIALS settings, however long it takes
ALONE = (*OURS, "ray-tune")  # one process uses all cores
LIBRARIES = ("optuna", "skorch", "ray", "scikit-learn", "torch")

# How many times the trials a second of the fastest other netwright has to reach.
BARS = {"a": 2.5, "b": 8.0}


@dataclass(frozen=True)
class Tuner:
    """A contestant's processes, ready to search."""

    name: str
    processes: list[subprocess.Popen[str]]

    def search(self, seconds: float, seed: int) -> dict[str, Any]:
        """Search; return the seconds it took and all processes' trials."""
        for number, process in enumerate(self.processes):
            assert process.stdin is not None
            process.stdin.write(f"{seconds} {seed * CORES + number}\n")
            process.stdin.flush()
        found = [self._read(process) for process in self.processes]
        trials = [tuple(trial) for one in found for trial in one["trials"]]
        return {
            "seconds": max(one["seconds"] for one in found),
            # Each process ends with a trial of its own, so each has its own rate.
            "rate": sum(len(one["trials"]) / one["seconds"] for one in found),
            "trials": trials,
        }

    def _read(self, process: subprocess.Popen[str]) -> dict[str, Any]:
        assert process.stdout is not None
        line = process.stdout.readline()
        if not line:
            raise RuntimeError(f"{self.name} ended early. See why with BENCHMARK_STDERR=1.")
        found: dict[str, Any] = json.loads(line)
        return found

    def close(self) -> None:
        for process in self.processes:
            assert process.stdin is not None and process.stdout is not None
            process.stdin.close()
            process.wait(timeout=120)
            process.stdout.close()


def start(name: str, letter: str) -> Tuner:
    """Start a contestant's processes and wait until they are ready."""
    python = Path(sys.executable) if name in OURS else PEERS_PYTHON
    count = 1 if name in ALONE else CORES
    threads = str(CORES // count)
    env = {**os.environ, "OMP_NUM_THREADS": threads, "MKL_NUM_THREADS": threads}
    env |= {"OPENBLAS_NUM_THREADS": threads, "RAY_AUTH_MODE": "disabled"}
    tuner = Tuner(
        name,
        [
            subprocess.Popen(
                [str(python), str(HERE / "tuning_worker.py"), name, letter],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=env,
            )
            for _ in range(count)
        ],
    )  # fmt: skip
    for process in tuner.processes:
        tuner._read(process)
    return tuner


def best_by(trials: list[tuple[float, float]], seconds: float) -> float | None:
    """Return the best score of the trials that had ended by then; None if none had."""
    return max((score for at, score in trials if at <= seconds), default=None)


def measure(letter: str, names: list[str], rounds: int) -> dict[str, Any]:
    """Return {"seconds", "contestants": {name: ...}}; the first name is netwright."""
    tuners = []
    for name in names:
        print(f"  starting {name}", file=sys.stderr, flush=True)
        tuners.append(start(name, letter))
    lines: list[dict[str, dict[str, Any]]] = []
    try:
        for number in range(rounds):
            ours, *others = tuners
            found = {ours.name: ours.search(0.0, number)}
            for other in others if number % 2 == 0 else others[::-1]:
                found[other.name] = other.search(found[ours.name]["seconds"], number)
            lines.append(found)
    finally:
        for tuner in tuners:
            tuner.close()
    return summary(lines)


def summary(lines: list[dict[str, dict[str, Any]]]) -> dict[str, Any]:
    """Sum up the rounds, each {name: what it found}, the first name's seconds being everybody's."""
    names = list(lines[0])
    allowed = [line[names[0]]["seconds"] for line in lines]
    contestants = {}
    for name in names:
        rates = [line[name]["rate"] for line in lines]
        best = [best_by(line[name]["trials"], s) for line, s in zip(lines, allowed, strict=True)]
        ended = [one for one in best if one is not None]
        contestants[name] = {
            "trials_per_second": round(statistics.median(rates), 4),
            "low": round(min(rates), 4),
            "high": round(max(rates), 4),
            "trials": [len(line[name]["trials"]) for line in lines],
            "best": round(statistics.median(ended), 4) if len(ended) == len(best) else None,
            "bests": best,
        }
    rates = {name: one["trials_per_second"] for name, one in contestants.items()}
    fastest = max((rate for name, rate in rates.items() if name not in OURS), default=None)
    return {
        "seconds": [round(s, 2) for s in allowed],
        "contestants": contestants,
        "over_fastest": round(rates[names[0]] / fastest, 3) if fastest else None,
    }


def versions() -> dict[str, str]:
    code = "import importlib.metadata as m, sys; print(*map(m.version, sys.argv[1:]))"
    found = subprocess.check_output([str(PEERS_PYTHON), "-c", code, *LIBRARIES], text=True)
    return dict(zip(LIBRARIES, found.split(), strict=True))


def main(arguments: list[str] | None = None) -> None:
    """Measure the workloads asked for; those measured before and not now are kept."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("workloads", nargs="?", default=LETTERS)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--contestants", default=",".join(CONTESTANTS))
    parser.add_argument("--out", type=Path, default=RESULTS)
    given = parser.parse_args(arguments)
    names = given.contestants.split(",")
    if (
        set(given.workloads) - set(LETTERS)
        or names[0] != "netwright"
        or set(names) - {*CONTESTANTS}
    ):
        parser.error(
            f"workloads are {', '.join(LETTERS)}; contestants {', '.join(CONTESTANTS)}, "
            "netwright first: its seconds are everybody's"
        )
    if len(names) > 1 and not PEERS_PYTHON.exists():
        parser.error("the other libraries are not there: run benchmarks/peers.sh")
    found = json.loads(given.out.read_text()) if given.out.is_file() else {}
    for letter in given.workloads:
        found[letter] = {
            "rounds": given.rounds, "trials": TRIALS, "epochs": EPOCHS, "rows": ROWS,
            "bar": BARS[letter],
        } | measure(letter, names, given.rounds)  # fmt: skip
        print(letter, json.dumps(found[letter]), flush=True)
    found["machine"] = machine()
    if len(names) > 1:
        found["versions"] = versions()
    given.out.write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()
