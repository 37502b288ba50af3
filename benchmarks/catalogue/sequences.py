"""Sequences of the catalogue: `netwright train` on tagged sentences, pairs of texts, a text, names.

    python benchmarks/catalogue/sequences.py [CELL ...] [--seeds 3] [--threads 1]

A cell is the command with its defaults on one data set, or with the net that it names; each seed is
one run in an empty folder. Its metrics are kept in benchmarks/cache/sequences, so that an
interrupted table goes on; the table goes to benchmarks/results/catalogue_sequences.json. Nothing
here chooses anything by a test score. Of tinyshakespeare the test is the last tenth of the
characters, which is what nanoGPT calls its validation split; what we choose by is the tenth before
it, so that we train on 80 % of the text where nanoGPT trains on 90 %. "cpu_seconds" tell what the
command had: its bound is of time on the clock, which a busy machine shortens. --threads 1: one
core alone, so that two cells may run side by side.
"""

import argparse
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parents[1]
RESULTS = HERE / "results" / "catalogue_sequences.json"
CACHE = HERE / "cache" / "sequences"


@dataclass(frozen=True)
class Cell:
    """asked: the least (of nats: the most) that the mean of the seeds should reach; None: it is
    reported, and nothing is asked. f1 is the mean over the classes."""

    source: str
    arguments: tuple[str, ...]
    measure: str
    asked: float | None


PAIRS, TEXT = "translation/multi30k_en_de", "language_modelling/tinyshakespeare"
NAMES = "text_classification/surnames_18lang"
CELLS = {
    "tagger": Cell("token_tagging/wnut17", (), "entity_f1", 0.25),
    "seq2seq": Cell(PAIRS, ("--set", "net.name=seq2seq", "--time", "25m"), "bleu", 15.0),
    "transformer-seq2seq": Cell(PAIRS, ("--time", "25m"), "bleu", 20.0),
    **{
        f"surnames-{net}": Cell(NAMES, ("--set", f"net.name={net}"), "f1", None)
        for net in ("lstm", "gru", "rnn")
    },
    "gpt": Cell(TEXT, ("--time", "3m"), "nats", 1.80),
}


def run_cell(name: str, seed: int, data: Path, threads: int | None) -> dict[str, Any]:
    """Return the metrics of one run, from the cache where it is there."""
    cached = CACHE / f"{name}-{seed}.json"
    if cached.is_file():
        found: dict[str, Any] = json.loads(cached.read_text())
        return found
    cell = CELLS[name]
    begun, cpu = time.perf_counter(), _cpu_seconds()
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "netwright.cli.main", "train", str(data / cell.source)]
        command += [*cell.arguments, "--seed", str(seed), "--json", "--out", f"{folder}/run"]
        command += ["--threads", str(threads)] if threads else []
        done = subprocess.run(command, capture_output=True, text=True, cwd=folder)
        if done.returncode != 0:
            raise SystemExit(f"{name}, seed {seed}: exit {done.returncode}\n{done.stderr[-2000:]}")
        found = json.loads(done.stdout) | {"cpu_seconds": round(_cpu_seconds() - cpu, 1)}
        found["written"] = _written(Path(folder) / "run") if cell.measure == "nats" else ""
    found["threads_asked"] = threads
    found["command_seconds"] = round(time.perf_counter() - begun, 1)
    CACHE.mkdir(parents=True, exist_ok=True)
    cached.write_text(json.dumps(found))
    return found


def _cpu_seconds() -> float:
    """What the commands that have ended took of the processors."""
    spent = resource.getrusage(resource.RUSAGE_CHILDREN)
    return spent.ru_utime + spent.ru_stime


def _written(run: Path) -> str:
    """What the language model goes on with, as a reader of the table may judge it."""
    command = [sys.executable, "-m", "netwright.cli.main", "generate", str(run)]
    command += ["--tokens", "200", "--temperature", "0.8"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def judge(name: str, runs: list[dict[str, Any]]) -> dict[str, Any]:
    """Put the mean over seeds beside what is asked and what the baselines reach."""
    cell = CELLS[name]
    values = [run["test"][cell.measure]["value"] for run in runs]
    mean = statistics.fmean(values)
    return {
        "measure": cell.measure,
        "mean": mean,
        "values": values,
        "intervals": [[run["test"][cell.measure][end] for end in ("low", "high")] for run in runs],
        "asked": cell.asked,
        "reached": _reached(cell, mean),
        "baselines": {
            kind: scores[cell.measure]["value"]
            for kind, scores in runs[0]["baselines"].items()
            if scores
        },
        "epochs": [run["epochs"] for run in runs],
        "parameters": runs[0]["parameters"],
        "command_seconds": [run["command_seconds"] for run in runs],
        "cpu_seconds": [run.get("cpu_seconds") for run in runs],
        "threads_asked": [run.get("threads_asked") for run in runs],
        "written": runs[0].get("written", ""),
    }


def _reached(cell: Cell, mean: float) -> bool | None:
    if cell.asked is None:
        return None
    return mean <= cell.asked if cell.measure == "nats" else mean >= cell.asked


def main() -> None:
    """Measure what is missing and write the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("cells", nargs="*", default=list(CELLS))
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--data", type=Path, default=HERE.parents[1] / "shared" / "data")
    parser.add_argument("--threads", type=int, help="Of the command; measured when left out.")
    given = parser.parse_args()
    data = given.data.resolve()
    for name in given.cells:
        runs = [run_cell(name, seed, data, given.threads) for seed in range(given.seeds)]
        table = json.loads(RESULTS.read_text()) if RESULTS.is_file() else {}
        table[name] = judge(name, runs)
        print(name, json.dumps(table[name]), flush=True)
        RESULTS.parent.mkdir(exist_ok=True)
        RESULTS.write_text(json.dumps(table, indent=1) + "\n")


if __name__ == "__main__":
    main()
