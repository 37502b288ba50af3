"""One cell of tables.py in a process of its own: table_worker.py MODEL FOLDER SEED THREADS BUDGET.

FOLDER holds the split (table_data.py); predictions.npz and done.json are written into it. Peers
run under their own Python, so nothing of netwright is imported but for netwright itself.
"""

import json
import os
import resource
import sys
import time
import warnings
from pathlib import Path
from typing import Any

import numpy as np

TRIALS = 30
FIT_SECONDS = 600  # on CORES cores: the cap on one fit
CORES = 2


def cpu_seconds() -> float:
    used = [resource.getrusage(w) for w in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def peak_mb() -> int | None:
    """Return the largest resident memory; None where the system does not say.

    Not ru_maxrss: a new process begins with that of the one that started it.
    """
    status = Path("/proc/self/status")
    lines = status.read_text().splitlines() if status.is_file() else []
    return next((int(x.split()[1]) // 1024 for x in lines if x.startswith("VmHWM")), None)


def loss_of(predictions: Any, targets: Any, classes: int) -> float:
    """Return what tuning goes by: nats a row, or the squared error."""
    if not classes:
        return float(((predictions - targets) ** 2).mean())
    chosen = predictions[np.arange(len(targets)), targets]
    return float(-np.log(np.clip(chosen, 1e-15, 1)).mean())


def tuned(name: str, frames: Any, targets: Any, classes: int, seed: int, threads: int,
          budget: float) -> tuple[Any, dict[str, Any]]:  # fmt: skip
    """Random search: the defaults first, then up to TRIALS - 1 others while CPU time is left."""
    import table_trees

    fit, sample = getattr(table_trees, name), getattr(table_trees, f"sample_{name}")
    rng = np.random.default_rng(seed)
    best, least, chosen, trial = None, np.inf, {}, 0
    while trial < TRIALS and (trial == 0 or cpu_seconds() < budget * CORES):
        params = sample(rng) if trial else {}
        found = fit(frames, targets, classes, params, seed, threads)
        loss = loss_of(found["validation"], targets["validation"], classes)
        if loss < least:
            best, least, chosen = found, loss, params
        trial += 1
    return best, {"trials": trial, "chosen": chosen}


def netwright(folder: Path, seed: int, threads: int, budget: float) -> tuple[Any, dict[str, Any]]:
    """Do what `netwright train SOURCE --time BUDGET` does, and load what it saved."""
    import pandas as pd

    import netwright as nw
    from netwright.data.options import ReadOptions
    from netwright.making import Job, make

    facts = json.loads((folder / "facts.json").read_text())
    job = Job(
        source=facts["source"],
        options=ReadOptions(**facts["options"]),
        out=str(folder / "run"),
        seconds=budget * CORES / threads,
        num_threads=threads,
    )
    begun = time.perf_counter()
    made = make(job)
    seconds = time.perf_counter() - begun
    model = nw.load(folder / "run")
    data = nw.read(facts["source"], **facts["options"])
    found = {}
    for part in ("validation", "test"):
        rows = data.splits()[part]
        frame: pd.DataFrame = model.predict(rows.raw)  # type: ignore[attr-defined]
        columns = [f"probability_{name}" for name in data.task.classes] or ["prediction"]
        values = frame[columns].to_numpy(float)
        found[part] = values if facts["classes"] else values[:, 0]
    facts = {"making_seconds": round(seconds, 1), "epochs": made.metrics["epochs"]}
    return found, facts


def fit(model: str, folder: Path, seed: int, threads: int, budget: float) -> tuple[Any, Any]:
    if model == "netwright":
        return netwright(folder, seed, threads, budget)
    import pandas as pd
    import table_nets
    import table_trees

    parts = ("train", "validation", "test")
    frames = {part: pd.read_parquet(folder / f"{part}.parquet") for part in parts}
    classes = json.loads((folder / "facts.json").read_text())["classes"]
    with np.load(folder / "targets.npz") as stored:
        targets = {part: stored[part] for part in parts}
    name = model.replace("-", "_")
    if model.endswith("-tuned"):
        return tuned(name.removesuffix("_tuned"), frames, targets, classes, seed, threads, budget)
    given = (frames, targets, classes)
    if model in ("realmlp-td", "tabm-d"):
        return table_nets.pytabkit(model, *given, seed, threads), {}
    if model == "autogluon":
        wall = budget * CORES / threads
        return table_nets.autogluon(*given, seed, threads, wall), {}
    if model == "scikit-learn-mlp":
        return table_nets.scikit_learn_mlp(*given, seed, threads), {}
    return getattr(table_trees, name)(*given, {}, seed, threads), {}


def main() -> None:
    model, place, seed, threads, budget = sys.argv[1:]
    folder = Path(place)
    resource.setrlimit(resource.RLIMIT_CPU, (FIT_SECONDS * CORES, -1))
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    warnings.filterwarnings("ignore")  # of the contestants; none of ours
    begun = time.perf_counter()
    found, facts = fit(model, folder, int(seed), int(threads), float(budget))
    done = {
        "seconds": round(time.perf_counter() - begun, 2),
        "cpu_seconds": round(cpu_seconds(), 2),
        "peak_mb": peak_mb(),
        "facts": facts,
    }
    np.savez(folder / "predictions.npz", **found)
    (folder / "done.json").write_text(json.dumps(done, default=float))


if __name__ == "__main__":
    main()
