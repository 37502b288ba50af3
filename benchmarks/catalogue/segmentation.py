"""Membranes of nerve cells: a U-Net beside the best grey threshold, 24 pictures and 6 to test.

    python benchmarks/catalogue/segmentation.py [--seeds 0 1 2] [--data ../shared/data] [--time 10m]

Every seed divides the pictures anew, for the net and the baselines alike. A cell (seed) is one run
of `netwright train` with its defaults, cached under benchmarks/cache, so an interrupted table
resumes; the table goes to benchmarks/results/catalogue_segmentation.json.
"""

import argparse
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parents[1]
RESULTS = HERE / "results" / "catalogue_segmentation.json"
CACHE = HERE / "cache" / "catalogue_segmentation"
SOURCE = "images_segmentation/membrane_256"


def run_cell(seed: int, data: Path, bound: str) -> dict[str, Any]:
    """Return the metrics of one run, from the cache where it is there."""
    cached = CACHE / f"{seed}.json"
    if cached.is_file():
        found: dict[str, Any] = json.loads(cached.read_text())
        return found
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "netwright.cli.main", "train", str(data / SOURCE)]
        command += ["--seed", str(seed), "--time", bound, "--threads", "1", "--json"]
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        begun, before = time.perf_counter(), used.ru_utime + used.ru_stime
        done = subprocess.run([*command, "--out", f"{folder}/run"], capture_output=True, text=True)
        if done.returncode:
            raise SystemExit(f"seed {seed}: exit {done.returncode}\n{done.stderr[-2000:]}")
        cell: dict[str, Any] = json.loads(done.stdout)
    cell["command_seconds"] = round(time.perf_counter() - begun, 1)
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    cell["cpu_seconds"] = round(used.ru_utime + used.ru_stime - before, 1)
    cell["bound"] = bound
    CACHE.mkdir(parents=True, exist_ok=True)
    cached.write_text(json.dumps(cell))
    return cell


def main() -> None:
    """Run the cells asked for and rewrite the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--data", type=Path, default=HERE.parents[1] / "shared" / "data")
    parser.add_argument("--time", default="10m", help="Bound on each run.")
    given = parser.parse_args()
    known = json.loads(RESULTS.read_text())["seeds"] if RESULTS.is_file() else {}
    for seed in given.seeds:
        known[str(seed)] = run_cell(seed, given.data.resolve(), given.time)
        dice = [cell["test"]["dice"] for cell in known.values()]
        threshold = [cell["baselines"]["linear"]["dice"] for cell in known.values()]
        table = {
            "measure": "Dice, mean of both classes, 6 test pictures",
            "asked": "clearly above the best grey threshold",
            "values": [one["value"] for one in dice],
            "mean": statistics.fmean(one["value"] for one in dice),
            "threshold": statistics.fmean(one["value"] for one in threshold),
            "trees": statistics.fmean(
                cell["baselines"]["trees"]["dice"]["value"]
                for cell in known.values()
                if cell["baselines"]["trees"]
            ),
            # Above it in each seed, intervals apart.
            "reached": all(
                own["low"] > other["high"] for own, other in zip(dice, threshold, strict=True)
            ),
            "seeds": known,
        }
        RESULTS.parent.mkdir(exist_ok=True)
        RESULTS.write_text(json.dumps(table, indent=2) + "\n")
        print(seed, table["values"][-1], "threshold", threshold[-1]["value"], flush=True)


if __name__ == "__main__":
    main()
