"""Ten labels a class: digits learned from 100 labelled pictures, alone and beside those without.

    python benchmarks/catalogue/semi_supervised.py [--seeds 0 1 2] [alone consistency pseudo-labels]

Of scikit-learn's digits each seed draws 10 pictures of a class to train, 10 to validate and 50 to
test; the other 797 have no label. "alone" is the designer's plan for the labelled rows; the others
are its plan for both, with objective.method as named. The weights of the epoch that is best on the
validation rows are tested. Each cell is kept under benchmarks/cache, so that an interrupted table
resumes; the table goes to benchmarks/results/catalogue_semi_supervised.json.
"""

import argparse
import json
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.datasets import load_digits

import netwright as nw

HERE = Path(__file__).resolve().parents[1]
RESULTS = HERE / "results" / "catalogue_semi_supervised.json"
CACHE = HERE / "cache" / "semi_supervised"
METHODS = ("alone", "consistency", "pseudo-labels")
LABELS, TESTED = 10, 50  # of each class


def write(path: Path, seed: int, *, unlabelled: bool) -> None:
    """Write the splits as arrays; rows without a class have -1."""
    pixels, classes = load_digits(return_X_y=True)
    pictures = (pixels.reshape(-1, 8, 8) * 15.9375).astype(np.uint8)
    order = np.random.default_rng(seed).permutation(len(classes))
    turn = np.zeros(len(classes), dtype=np.int64)  # how many of its class were drawn before
    for label in range(10):
        own = order[classes[order] == label]
        turn[own] = np.arange(len(own))
    bounds = {"train": (0, LABELS), "validation": (LABELS, 2 * LABELS)}
    bounds["test"] = (2 * LABELS, 2 * LABELS + TESTED)
    arrays = {}
    for name, (first, last) in bounds.items():
        rows = order[(turn[order] >= first) & (turn[order] < last)]
        arrays[f"x_{name}"], arrays[f"y_{name}"] = pictures[rows], classes[rows]
    if unlabelled:
        rest = order[turn[order] >= 2 * LABELS + TESTED]
        arrays["x_train"] = np.concatenate([arrays["x_train"], pictures[rest]])
        arrays["y_train"] = np.concatenate([arrays["y_train"], np.full(len(rest), -1)])
    np.savez(path, **arrays)


def run_cell(method: str, seed: int) -> dict[str, Any]:
    """Train and test one cell, or take it from the cache."""
    cached = CACHE / f"{method}-{seed}.json"
    if cached.is_file():
        found: dict[str, Any] = json.loads(cached.read_text())
        return found
    both = method != "alone"
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "digits.npz"
        write(path, seed, unlabelled=both)
        data = nw.read(path, unlabelled=both)
    plan = nw.design(data)
    if both:
        plan = plan.with_({"objective.method": method})
    cpu = time.process_time()
    run = nw.fit(plan, data, seed=seed, device="cpu", num_threads=1)
    cell = {
        "test": nw.evaluate(run, data.test)["accuracy"].to_dict(),
        "validation": run.validation["accuracy"].value,
        "epoch": run.kept_epoch,
        "epochs": run.epochs,
        "cpu_seconds": round(time.process_time() - cpu, 1),
        "rows": data.sizes(),
        "plan": plan.to_dict(),
    }
    CACHE.mkdir(parents=True, exist_ok=True)
    cached.write_text(json.dumps(cell))
    return cell


def main() -> None:
    """Run the cells asked for and rewrite the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("methods", nargs="*", help=", ".join(METHODS))
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    given = parser.parse_args()
    table = json.loads(RESULTS.read_text()) if RESULTS.is_file() else {}
    for method in given.methods or METHODS:
        known = table.get(method, {}).get("seeds", {})
        for seed in given.seeds:
            known[str(seed)] = run_cell(method, seed)
            values = [cell["test"]["value"] for cell in known.values()]
            table[method] = {
                "measure": "accuracy on digits, 10 labels a class",
                "mean": statistics.fmean(values),
                "values": values,
                "seeds": known,
            }
            RESULTS.write_text(json.dumps(table, indent=2) + "\n")
            print(method, seed, known[str(seed)]["test"], flush=True)


if __name__ == "__main__":
    main()
