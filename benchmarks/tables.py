"""Twelve open tables: netwright beside boosted trees and other nets, on the same rows.

    benchmarks/peers.sh                    # once: the other libraries
    .venv/bin/python benchmarks/tables.py [--models A,B] [--data adult,pima] [--seeds 3]

Every cell (table, model, seed) is a process of its own, at most 10 minutes on 2 cores, cached in
benchmarks/cache/tables; a run does what is not there yet. All get the same rows (table_data.py),
stop early on the same validation rows and are scored alike on the test rows, which nobody chooses
by. --budget: seconds on 2 cores for netwright, for AutoGluon and for the tuning of trees, which is
counted in CPU seconds. The summary goes to benchmarks/results/tables.json; --summary runs nothing.
"""

import argparse
import hashlib
import json
import os
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import table_cells
from numpy.typing import NDArray
from speed import machine
from table_cells import CACHE, HERE
from table_data import TABLES, Split, read_split, write_split
from table_summary import summarise

RESULTS = HERE / "results" / "tables.json"
PEERS = HERE / ".peers" / "bin" / "python"
AUTOGLUON = HERE / ".autogluon" / "bin" / "python"
SOURCE = HERE.parent / "src" / "netwright"
STUCK = 4 * 3600  # seconds of wall time; the cap is one of CPU time

# model: (its Python, the libraries whose versions count, the version of our code around it, whether
# the budget counts)
MODELS: dict[str, tuple[Path, tuple[str, ...], int, bool]] = {
    "netwright": (Path(sys.executable), ("torch", "numpy", "scikit-learn"), 1, True),
    "catboost": (PEERS, ("catboost",), 1, False),
    "lightgbm": (PEERS, ("lightgbm",), 1, False),
    "xgboost": (PEERS, ("xgboost-cpu",), 2, False),
    "hist-gradient-boosting": (PEERS, ("scikit-learn",), 1, False),
    "catboost-tuned": (PEERS, ("catboost",), 1, True),
    "lightgbm-tuned": (PEERS, ("lightgbm",), 1, True),
    "xgboost-tuned": (PEERS, ("xgboost-cpu",), 2, True),
    "hist-gradient-boosting-tuned": (PEERS, ("scikit-learn",), 1, True),
    "realmlp-td": (PEERS, ("pytabkit", "torch"), 2, False),
    "tabm-d": (PEERS, ("pytabkit", "torch"), 2, False),
    "scikit-learn-mlp": (PEERS, ("scikit-learn",), 1, False),
    "autogluon": (AUTOGLUON, ("autogluon.tabular", "torch"), 1, True),
}


def versions_of(model: str) -> dict[str, str]:
    """Return the versions of what a model uses; of netwright, a digest of its source too."""
    python, libraries, _, _ = MODELS[model]
    code = "import importlib.metadata as m, sys; print(*map(m.version, sys.argv[1:]))"
    found = subprocess.check_output([str(python), "-c", code, *libraries], text=True).split()
    versions = dict(zip(libraries, found, strict=True))
    if model == "netwright":
        whole = hashlib.sha256()
        for path in sorted(SOURCE.rglob("*.py")):
            if path.relative_to(SOURCE).parts[0] not in ("report", "cli", "diagnose", "evaluate"):
                whole.update(path.read_bytes())
        versions["netwright source"] = whole.hexdigest()[:12]
    return versions


def scores(split: Split, predictions: NDArray[Any], part: str) -> dict[str, float]:
    """Score probabilities (rows, classes) or values (rows,)."""
    from sklearn.metrics import log_loss, roc_auc_score

    truth = split.targets[part]
    if not np.isfinite(predictions).all() or len(predictions) != len(truth):
        raise ValueError(f"{len(predictions)} predictions, not all finite, of {len(truth)} rows")
    if not split.classes:
        gap = predictions - truth
        return {"rmse": float(np.sqrt((gap**2).mean())), "mae": float(np.abs(gap).mean())}
    classes = list(range(split.classes))
    return {
        "accuracy": float((predictions.argmax(1) == truth).mean()),
        "roc_auc": float(
            roc_auc_score(truth, predictions[:, 1])
            if split.classes == 2
            else roc_auc_score(truth, predictions, multi_class="ovr", labels=classes)
        ),
        "log_loss": float(
            log_loss(truth, predictions / predictions.sum(1, keepdims=True), labels=classes)
        ),
    }


def run_cell(
    table: str, model: str, seed: int, split: Split, folder: Path, *, threads: int, budget: float
) -> dict[str, Any]:
    """Run one worker; a capped one gives a cell without scores. RuntimeError where it failed."""
    entry = TABLES[table]
    with tempfile.TemporaryDirectory() as place:
        out = Path(place)
        write_split(split, out)
        facts = {"classes": split.classes, "source": str(folder / entry.source)}
        facts["options"] = entry.options(folder, seed)  # type: ignore[assignment]
        (out / "facts.json").write_text(json.dumps(facts))
        count = str(threads)
        env = {**os.environ, "OMP_NUM_THREADS": count, "MKL_NUM_THREADS": count}
        env |= {"OPENBLAS_NUM_THREADS": count, "CUDA_VISIBLE_DEVICES": ""}
        worker = [str(MODELS[model][0]), str(HERE / "table_worker.py"), model, place]
        done = subprocess.run(
            [*worker, str(seed), count, str(budget)],
            env=env, cwd=HERE, stderr=subprocess.PIPE, text=True, timeout=STUCK,
        )  # fmt: skip
        if done.returncode == -24:  # SIGXCPU
            return {"capped": True}
        if done.returncode != 0:
            raise RuntimeError(done.stderr.strip()[-1500:] or f"exit {done.returncode}")
        cell: dict[str, Any] = json.loads((out / "done.json").read_text())
        with np.load(out / "predictions.npz") as found:
            return {
                part: scores(split, found[part], part) for part in ("validation", "test")
            } | cell


def run(given: argparse.Namespace) -> list[str]:
    """Do the cells that are not there yet; return what failed."""
    folder, failed = given.tables.resolve(), []
    versions = {model: versions_of(model) for model in given.models}
    for seed in range(given.first_seed, given.seeds):
        for table in given.data:
            split = read_split(table, seed, folder)
            for model in given.models:
                _, _, code, counts = MODELS[model]
                budget = given.budget if counts else None
                key = table_cells.key_of(
                    model, versions=versions[model], data=split.digest, code=code, budget=budget
                )
                path = table_cells.place(CACHE, table, model, seed, key)
                if path.is_file():
                    continue
                try:
                    cell = run_cell(
                        table, model, seed, split, folder,
                        threads=given.threads, budget=given.budget,
                    )  # fmt: skip
                except (RuntimeError, ValueError) as error:
                    failed.append(f"{table} {model} {seed}")
                    print(f"{failed[-1]}: {error}", file=sys.stderr, flush=True)
                    continue
                cell |= {"table": table, "model": model, "seed": seed, "data": split.digest}
                cell |= {"versions": versions[model], "code": code, "budget": budget}
                cell |= {"threads": given.threads, "taken": datetime.now(UTC).isoformat()}
                table_cells.store(path, cell)
                shown = cell.get("test", "capped")
                print(table, model, seed, shown, cell.get("cpu_seconds"), flush=True)
    return failed


def main(arguments: list[str] | None = None) -> None:
    """Run the cells asked for and rewrite the summary of all."""
    text = (__doc__ or "").partition("\n")[0]
    parser = argparse.ArgumentParser(description=text)
    parser.add_argument("--models", default=",".join(MODELS))
    parser.add_argument("--data", default=",".join(TABLES))
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--budget", type=float, default=300.0)
    parser.add_argument("--threads", type=int, default=2)
    tables = HERE.parents[1] / "shared" / "data" / "tables"
    parser.add_argument("--tables", type=Path, default=tables, help="the folder they lie in")
    parser.add_argument("--summary", action="store_true", help="only sum up what is cached")
    given = parser.parse_args(arguments)
    given.models, given.data = given.models.split(","), given.data.split(",")
    for name, known in ((given.models, MODELS), (given.data, TABLES)):
        if strange := sorted(set(name) - set(known)):
            parser.error(f"{', '.join(strange)}: expected some of {', '.join(known)}")
    failed = [] if given.summary else run(given)
    write_summary(failed, given.budget)


def write_summary(failed: list[str], budget: float) -> None:
    """Rewrite benchmarks/results/tables.json from the cache. Other budgets' cells are left out."""
    cells = table_cells.newest(CACHE, budget)
    found = summarise(cells, tables=list(TABLES), models=list(MODELS), seeds=3)
    found["budget"] = budget
    found["versions"] = {model: [] for model in MODELS}  # several where cells are of several
    for (_, model, _), cell in sorted(cells.items()):
        if cell["versions"] not in found["versions"][model]:
            found["versions"][model].append(cell["versions"])
    found["threads"] = sorted({cell["threads"] for cell in cells.values()})
    found["failed"] = failed
    found["machine"] = machine()
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()
