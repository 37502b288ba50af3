"""Nodes and graphs of docs/catalogue.md: the designer's own plans on Cora and MUTAG.

    python benchmarks/catalogue/graphs.py [gcn gat gin] [--data ../shared/data]

Cora: the given split (140, 500, 1,000 nodes), seeds 0 to 9, the weights of the epoch that is best
on the validation nodes. MUTAG: the ten given folds; of a fold's training graphs a fifth is set
aside, and the epoch that is best on these is tested on the fold's test graphs, which nothing else
reads. Each cell is kept as benchmarks/cache/graphs/<net>-<number>.json, so that an interrupted
table resumes. The table goes to benchmarks/results/catalogue_graphs.json.
"""

import argparse
import json
import statistics
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import netwright as nw

HERE = Path(__file__).resolve().parents[1]
RESULTS = HERE / "results" / "catalogue_graphs.json"
CACHE = HERE / "cache" / "graphs"

# net: (source, cells, what is asked of the mean accuracy). The plan is the designer's; only the
# net's name is changed, where it is another one.
ROWS: dict[str, tuple[str, int, float]] = {
    "gcn": ("graphs/cora", 10, 0.815),
    "gat": ("graphs/cora", 10, 0.825),
    "gin": ("graphs/mutag", 10, 0.84),
}


def run_cell(net: str, number: int, data: Path) -> dict[str, Any]:
    """Train and test one cell: a seed of Cora, a fold of MUTAG."""
    cached = CACHE / f"{net}-{number}.json"
    if cached.is_file():
        found: dict[str, Any] = json.loads(cached.read_text())
        return found
    source = data / ROWS[net][0]
    fold = source / "10fold_idx" / f"test_idx-{number + 1}.txt"
    seed = 0 if fold.is_file() else number
    read = nw.read(source, seed=seed, split=str(fold) if fold.is_file() else None)
    plan = nw.design(read)
    if plan.net["name"] != net:
        plan = plan.with_({"net.name": net})
    cpu = time.process_time()
    run = nw.fit(plan, read, seed=seed, device="cpu", num_threads=1)
    cell = {
        "test": nw.evaluate(run, read.test)["accuracy"].value,
        "validation": run.validation["accuracy"].value,
        "epoch": run.kept_epoch,
        "epochs": run.epochs,
        "cpu_seconds": round(time.process_time() - cpu, 1),
        "rows": {name: len(split) for name, split in read.splits().items()},
        "plan": plan.to_dict(),
    }
    CACHE.mkdir(parents=True, exist_ok=True)
    cached.write_text(json.dumps(cell))
    return cell


def summarise(cells: list[dict[str, Any]], asked: float) -> dict[str, Any]:
    """Return the mean over cells with its spread, and what each cell gave."""
    tests = [cell["test"] for cell in cells]
    return {
        "accuracy": round(statistics.fmean(tests), 4),
        "std": round(statistics.stdev(tests), 4),
        "asked": asked,
        "tests": [round(value, 4) for value in tests],
        "validations": [round(cell["validation"], 4) for cell in cells],
        "epochs_kept": [cell["epoch"] for cell in cells],
        "cpu_seconds": round(sum(cell["cpu_seconds"] for cell in cells), 1),
        "plan": {part: cells[0]["plan"][part] for part in ("net", "recipe")},
    }


def write_rows(rows: Mapping[str, Any]) -> None:
    """Put the rows into the results, beside those that were not run again."""
    before = json.loads(RESULTS.read_text()) if RESULTS.is_file() else {}
    RESULTS.write_text(json.dumps(before | dict(rows), indent=2) + "\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("nets", nargs="*", default=list(ROWS), help=", ".join(ROWS))
    parser.add_argument("--data", type=Path, default=HERE.parent.parent / "shared" / "data")
    options = parser.parse_args()
    for net in options.nets:
        source, count, asked = ROWS[net]
        cells = []
        for number in range(count):
            cells.append(run_cell(net, number, options.data))
            print(net, number, f"{cells[-1]['test']:.4f}", flush=True)
        row = {"source": source, "cells": "folds" if net == "gin" else "seeds"}
        write_rows({net: row | summarise(cells, asked)})


if __name__ == "__main__":
    main()
