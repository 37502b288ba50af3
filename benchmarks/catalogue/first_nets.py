"""The perceptron and the MLP: what one layer cannot do, and sonar's 13 folds.

    python benchmarks/catalogue/first_nets.py [xor sonar] [--data ../shared/data]

xor: accuracy on its test rows, seeds 0 to 2; a line through the plane is right for three corners of
four at most. sonar: the mean over 13 folds drawn at random (sonar.names: 84.7 % with 12 hidden
units), each net of the designer's own plan, trained on the other twelve. Cells are kept in
benchmarks/cache/first_nets, the table goes to benchmarks/results/catalogue_first_nets.json.
"""

import argparse
import json
import tempfile
import time
from pathlib import Path
from typing import Any

import pandas as pd
from sklearn.model_selection import StratifiedKFold

import netwright as nw

HERE = Path(__file__).resolve().parents[1]
RESULTS = HERE / "results" / "catalogue_first_nets.json"
CACHE = HERE / "cache" / "first_nets"
FOLDS = 13


def xor(net: str, seed: int) -> dict[str, Any]:
    """Train on xor, with the designer's plan but for the net's name."""
    data = nw.read("xor", seed=seed)
    plan = nw.design(data)
    if net == "perceptron":
        shapes = {**data.encoding.shapes(), "outputs": data.task.outputs}
        plan = nw.Plan(net={"name": net, **shapes}, objective=plan.objective, recipe=plan.recipe)
    run = nw.fit(plan, data, seed=seed, device="cpu", num_threads=1)
    return {"test": nw.evaluate(run, data.test, resamples=0)["accuracy"].value}


def sonar(fold: int, source: Path) -> dict[str, Any]:
    """Train on twelve folds and test on the thirteenth."""
    frame = pd.read_csv(source, header=None)
    frame.columns = [*(f"band_{number}" for number in range(1, 61)), "class"]
    folds = StratifiedKFold(FOLDS, shuffle=True, random_state=0)
    known, asked = list(folds.split(frame, frame["class"]))[fold]
    with tempfile.TemporaryDirectory() as folder:
        train, test = Path(folder) / "train.csv", Path(folder) / "test.csv"
        frame.iloc[known].to_csv(train, index=False)
        frame.iloc[asked].to_csv(test, index=False)
        data = nw.read(train, test=test, target="class", seed=fold)
        run = nw.fit(nw.design(data), data, seed=fold, device="cpu", num_threads=1, seconds=60)
    found = nw.evaluate(run, data.test, resamples=0)["accuracy"].value
    return {"test": found, "rows": len(asked)}


def cell(name: str, work: Any) -> dict[str, Any]:
    """Return what was measured, now or before."""
    cached = CACHE / f"{name}.json"
    if not cached.is_file():
        begun = time.process_time()
        found = work() | {"cpu_seconds": round(time.process_time() - begun, 1)}
        CACHE.mkdir(parents=True, exist_ok=True)
        cached.write_text(json.dumps(found))
    held: dict[str, Any] = json.loads(cached.read_text())
    return held


def main() -> None:
    """Measure what is missing and write the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("rows", nargs="*", default=["xor", "sonar"])
    parser.add_argument("--data", type=Path, default=HERE.parents[1] / "shared" / "data")
    given = parser.parse_args()
    table = json.loads(RESULTS.read_text()) if RESULTS.is_file() else {}
    if "xor" in given.rows:
        for net, asked in (("perceptron", "<= 0.75"), ("mlp", ">= 1.0")):
            cells = [cell(f"xor-{net}-{s}", lambda n=net, s=s: xor(n, s)) for s in range(3)]
            table[f"xor {net}"] = {"values": [c["test"] for c in cells], "asked": asked}
    if "sonar" in given.rows:
        source = given.data / "tables" / "sonar" / "sonar.csv"
        cells = [cell(f"sonar-{f}", lambda f=f: sonar(f, source)) for f in range(FOLDS)]
        right = sum(c["test"] * c["rows"] for c in cells) / sum(c["rows"] for c in cells)
        values = [c["test"] for c in cells]
        table["sonar"] = {"mean": right, "values": values, "asked": ">= 0.85"}
    RESULTS.write_text(json.dumps(table, indent=1) + "\n")
    print(json.dumps(table, indent=1))


if __name__ == "__main__":
    main()
