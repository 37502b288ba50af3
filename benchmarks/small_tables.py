"""Few rows: members on folds beside one TabM that sets a fifth of the rows aside to stop by.

    .venv/bin/python benchmarks/small_tables.py [--data A,B] [--splits 5]

What the designer's default for classes of few rows was chosen by. Only rows are used that no split
of tables.py tests: of its small tables those that are in none of its test splits, a fifth of them
held out in turn; of two larger ones 400 such rows, scored on 2,000 others; and three built-in
tables. Both plans get the same rows. Cells are cached in benchmarks/cache/small_tables, keyed by
the plan; the summary goes to benchmarks/results/small_tables.json.
"""

import argparse
import hashlib
import json
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sklearn.model_selection import StratifiedKFold
from speed import machine
from table_data import TABLES

import netwright as nw
from netwright.data.builtin import load_builtin
from netwright.data.data import Data, Rows, Source
from netwright.data.ledger import Ledger
from netwright.data.options import ReadOptions
from netwright.data.tables import table_data
from netwright.evaluate.judge import score_outputs

HERE = Path(__file__).resolve().parent
CACHE, RESULTS = HERE / "cache" / "small_tables", HERE / "results" / "small_tables.json"
SMALL = ("ionosphere", "pima", "sonar", "titanic")
BUILT_IN = ("iris", "wine", "breast_cancer")
CUT = ("bank_churn", "credit_default")
CUT_ROWS, CUT_TESTED, SPLITS_OF_TABLES = 400, 2000, 3
METRICS = ("accuracy", "log_loss")


def untested(name: str, folder: Path) -> pd.DataFrame:
    """Return the rows of a table that no split of tables.py tests, with their class in "target"."""
    table, tested, parts = TABLES[name], set[int](), []
    for seed in range(SPLITS_OF_TABLES):
        data = nw.read(folder / table.source, **table.options(folder, seed))
        parts = [rows for rows in data.splits().values() if isinstance(rows, Rows)]
        tested |= set(parts[-1].rows.tolist())  # type: ignore[union-attr] # a table's have some
    frames = []
    for rows in parts:
        frame = rows.raw.drop(columns=list(table.numbering), errors="ignore")
        names = [data.task.classes[number] for number in rows.targets]
        frames.append(frame.assign(target=names, row=rows.rows))
    whole = pd.concat(frames).sort_values("row")
    return whole[~whole["row"].isin(tested)].drop(columns="row").reset_index(drop=True)


def built_in(name: str) -> pd.DataFrame:
    """Return a built-in table with its class in "target"."""
    found = load_builtin(name)
    assert found.frame is not None
    frame = found.frame.rename(columns={found.target: "target"})
    return frame.assign(target=frame["target"].astype(str))


def splits(name: str, folder: Path, count: int) -> Iterator[tuple[pd.DataFrame, pd.DataFrame]]:
    """Yield (rows to learn from, rows to score on)."""
    frame = built_in(name) if name in BUILT_IN else untested(name, folder)
    if name in CUT:
        for number in range(count):
            mixed = frame.sample(len(frame), random_state=number)
            yield mixed[:CUT_ROWS], mixed[CUT_ROWS : CUT_ROWS + CUT_TESTED]
        return
    folds = StratifiedKFold(5, shuffle=True, random_state=0).split(frame, frame["target"])
    for _, (train, test) in zip(range(count), folds, strict=False):
        yield frame.iloc[train], frame.iloc[test]


def as_data(name: str, train: pd.DataFrame, test: pd.DataFrame, seed: int) -> Data:
    parts = {"train": train.reset_index(drop=True), "test": test.reset_index(drop=True)}
    options = ReadOptions(target="target", task="classification", seed=seed)
    return table_data(parts, source=Source(name), options=options, ledger=Ledger())


def cell(data: Data, *, folds: bool, seed: int, name: str) -> dict[str, Any]:
    """Train and score one plan, or read what is there."""
    if not folds:  # what the designer makes of rows that may not be divided anew
        data = replace(data, blocks=None)
    plan = nw.design(data)
    if (plan.members is not None) != folds:
        raise RuntimeError(f"{name}: the designer's plan is another one than this script compares.")
    key = hashlib.sha256(plan.to_yaml().encode()).hexdigest()[:12]
    path = CACHE / f"{name}-{seed}-{key}.json"
    if path.is_file():
        found: dict[str, Any] = json.loads(path.read_text())
        return found
    begun = time.process_time()
    run = nw.fit(plan, data, seed=seed, num_threads=1)
    seconds = time.process_time() - begun
    scores = score_outputs(run.model, run.model.forward_rows(data.test), data.test, resamples=0)
    found = {metric: scores[metric].value for metric in METRICS}
    found |= {"cpu_seconds": round(seconds, 2), "rows": len(data.train) + len(data.validation)}
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(found))
    return found


def interval(differences: np.ndarray) -> dict[str, float]:
    """Return the mean of paired differences and its 95 % interval (normal)."""
    wide = 1.96 * differences.std(ddof=1) / len(differences) ** 0.5 if len(differences) > 1 else 0.0
    mean = float(differences.mean())
    return {"mean": mean, "low": mean - float(wide), "high": mean + float(wide)}


def summarise(cells: dict[str, list[tuple[dict[str, Any], dict[str, Any]]]]) -> dict[str, Any]:
    """Return means and paired differences (folds less one net) of each table and over tables."""
    tables, over = {}, {metric: [] for metric in METRICS}
    for name, pairs in cells.items():
        tables[name] = {
            "rows": pairs[0][0]["rows"],
            "splits": len(pairs),
            "cpu_seconds": [
                float(np.mean([pair[i]["cpu_seconds"] for pair in pairs])) for i in (0, 1)
            ],
        }
        for metric in METRICS:
            one, folds = (np.array([pair[i][metric] for pair in pairs]) for i in (0, 1))
            tables[name][metric] = {
                "one": float(one.mean()), "folds": float(folds.mean()),
                "difference": interval(folds - one),
            }  # fmt: skip
            over[metric].append(float((folds - one).mean()))
    return {"tables": tables, "over": {m: interval(np.array(d)) for m, d in over.items()}}


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--data", default=",".join((*SMALL, *CUT, *BUILT_IN)))
    parser.add_argument("--splits", type=int, default=5)
    folder = HERE.parents[1] / "shared" / "data" / "tables"
    parser.add_argument("--tables", type=Path, default=folder, help="the folder they lie in")
    given = parser.parse_args()
    cells: dict[str, list[tuple[dict[str, Any], dict[str, Any]]]] = {}
    every = {name: list(splits(name, given.tables, given.splits)) for name in given.data.split(",")}
    for seed in range(given.splits):
        for name, divided in every.items():
            data = as_data(name, *divided[seed], seed)
            pair = [cell(data, folds=folds, seed=seed, name=name) for folds in (False, True)]
            cells.setdefault(name, []).append((pair[0], pair[1]))
            print(name, seed, *pair, flush=True)
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(summarise(cells) | {"machine": machine()}, indent=1) + "\n")


if __name__ == "__main__":
    main()
