"""How fast netwright trains, beside a hand-written PyTorch loop and other libraries.

    benchmarks/peers.sh                     # once: the other libraries, in benchmarks/.peers
    .venv/bin/python benchmarks/speed.py    # all workloads; --quick for a smoke test without peers

Each contestant has a process of its own and trains the same net with the same batches, optimiser
and number of rows. When all are ready they take turns, an epoch each, forwards and backwards, so
that a busy moment of the machine hits all alike. A ratio is samples a second over the plain loop's
of the same round; the table shows medians. With one thread CPU seconds are compared, which do not
count the time that another process took; with more, wall seconds.
"""

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from workloads import WORKLOADS

HERE = Path(__file__).parent
PEERS_PYTHON = HERE / ".peers" / "bin" / "python"
RESULTS = HERE / "results" / "speed.json"

OURS = ("netwright", "netwright-unwatched")
PLAIN = ("plain", "dataloader")
PEERS = (
    "lightning-lean",
    "lightning",
    "skorch",
    "fastai",
    "keras-torch",
    "keras-jax",
    "scikit-learn",
)
DEFAULT = ("plain", "netwright", "dataloader", *PEERS)

# What netwright has to reach, as a ratio to the plain loop.
BARS = {"a": 1.35, "b": 3.0, "c": 1.6, "d": 1.0, "e": 1.0}


@dataclass
class Contestant:
    """A worker that is ready, and what its epochs took."""

    name: str
    process: subprocess.Popen[str]
    lines: list[dict[str, float]]

    def go(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write("go\n")
        self.process.stdin.flush()
        self.lines.append(self.read())

    def close(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait(timeout=60)
        assert self.process.stdout is not None
        self.process.stdout.close()

    def read(self) -> dict[str, float]:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(
                f"{self.name} ended without a result. See why with BENCHMARK_STDERR=1."
            )
        return json.loads(line)


def start(name: str, workload: str, threads: int) -> Contestant:
    """Start a worker and wait until it has trained an epoch."""
    python = PEERS_PYTHON if name in PEERS else Path(sys.executable)
    script = "netwright_worker.py" if name in OURS else "worker.py"
    count = str(threads)
    env = dict(os.environ, OMP_NUM_THREADS=count, MKL_NUM_THREADS=count, OPENBLAS_NUM_THREADS=count)
    command = [str(python), str(HERE / script), name, workload]
    if name.startswith("keras"):
        env["KERAS_BACKEND"] = name.removeprefix("keras-")
    if name == "keras-jax" and threads == 1:
        env["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false"
        if sys.platform == "linux":  # XLA takes all cores it may use, whatever it is told
            command = ["taskset", "-c", "0", *command]
    process = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=env
    )
    contestant = Contestant(name, process, [])
    contestant.read()
    return contestant


def measure(names: list[str], workload: str, *, threads: int, rounds: int) -> dict[str, Any]:
    """Return {name: {"samples_per_second", "ratio", "low", "high"}}; ratios are to the first."""
    contestants = []
    for name in names:
        if name == "scikit-learn" and WORKLOADS[workload].kind != "table":
            continue
        print(f"  starting {name}", file=sys.stderr, flush=True)
        contestants.append(start(name, workload, threads))
    try:
        for number in range(rounds):
            for contestant in contestants if number % 2 == 0 else contestants[::-1]:
                contestant.go()
    finally:
        for contestant in contestants:
            contestant.close()
    clock = "cpu_seconds" if threads == 1 else "seconds"
    speeds = {c.name: [line["samples"] / line[clock] for line in c.lines] for c in contestants}
    first = speeds[contestants[0].name]
    found = {}
    for name, values in speeds.items():
        ratios = [value / plain for value, plain in zip(values, first, strict=True)]
        found[name] = {
            "samples_per_second": round(statistics.median(values)),
            "ratio": round(statistics.median(ratios), 3),
            "low": round(min(ratios), 3),
            "high": round(max(ratios), 3),
        }
    return found


def machine() -> dict[str, Any]:
    """What the figures were measured on."""
    model = platform.processor()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.is_file():
        names = [x for x in cpuinfo.read_text().splitlines() if x.startswith("model name")]
        model = names[0].partition(":")[2].strip() if names else model
    return {"cpu": model, "cores": os.cpu_count(), "torch": torch.__version__}


def peer_versions() -> dict[str, str]:
    """Return the versions of the libraries that were compared."""
    code = (
        "import importlib.metadata as m, json; print(json.dumps({n: m.version(n) for n in "
        "('lightning', 'skorch', 'fastai', 'keras', 'jax', 'scikit-learn', 'torch')}))"
    )
    return json.loads(subprocess.check_output([str(PEERS_PYTHON), "-c", code], text=True))


def table(results: dict[str, Any]) -> str:
    """Return the ratios as a Markdown table, a row a contestant."""
    columns = [w for w in WORKLOADS if w in results]
    names = [n for n in (*PLAIN, *OURS, *PEERS) if any(n in results[w] for w in columns)]
    lines = ["| x plain loop | " + " | ".join(columns) + " |", "|---" * (len(columns) + 1) + "|"]
    for name in names:
        cells = [f"{results[w][name]['ratio']:.2f}" if name in results[w] else "-" for w in columns]
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    lines.append("| *bar for netwright* | " + " | ".join(f"{BARS[w]:.2f}" for w in columns) + " |")
    return "\n".join(lines)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("workloads", nargs="?", default="abcde", help="letters of a b c d e")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--contestants", default=",".join(DEFAULT))
    parser.add_argument("--out", type=Path, default=RESULTS)
    parser.add_argument("--quick", action="store_true", help="netwright and the plain loop on b")
    options = parser.parse_args(arguments)
    names = options.contestants.split(",")
    if options.quick:
        options.workloads, options.rounds, names = "b", 2, ["plain", "netwright"]
    unknown = [n for n in names if n not in (*OURS, *PLAIN, *PEERS)]
    if unknown or set(options.workloads) - set(WORKLOADS):
        parser.error(f"contestants are {', '.join((*PLAIN, *OURS, *PEERS))}; workloads a b c d e")
    if any(n in PEERS for n in names) and not PEERS_PYTHON.exists():
        parser.error("the other libraries are not there: run benchmarks/peers.sh, or use --quick")
    if "plain" in names:
        names.sort(key=lambda n: n != "plain")  # ratios are to the first

    results: dict[str, Any] = {}
    for workload in options.workloads:
        print(f"{workload}: {WORKLOADS[workload].title}", file=sys.stderr, flush=True)
        results[workload] = measure(names, workload, threads=options.threads, rounds=options.rounds)
    print(table(results))
    if not options.quick:
        save(
            options.out, results, options.threads, options.rounds, with_peers=set(names) & {*PEERS}
        )
    return 0


def save(
    path: Path, results: dict[str, Any], threads: int, rounds: int, *, with_peers: object
) -> None:
    """Write the results; workloads measured before and not now are kept."""
    path.parent.mkdir(parents=True, exist_ok=True)
    before = json.loads(path.read_text()) if path.exists() else {}
    key = f"{threads} thread" + ("s" if threads > 1 else "")
    before[key] = before.get(key, {}) | {
        workload: {
            "title": WORKLOADS[workload].title,
            "bar": BARS[workload],
            "rounds": rounds,
            "contestants": found,
        }
        for workload, found in results.items()
    }
    before["machine"] = machine()
    if with_peers:
        before["versions"] = peer_versions()
    path.write_text(json.dumps(before, indent=1) + "\n")


if __name__ == "__main__":
    sys.exit(main())
