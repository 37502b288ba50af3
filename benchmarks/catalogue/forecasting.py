"""Forecasts of Beijing's PM2.5 a day ahead, rolling over 2014, by nets of the catalogue.

    python benchmarks/catalogue/forecasting.py [tcn transformer] [--seeds 0 1 2]

Trained on 2010 to 2012, stopped and given its intervals on 2013, tested on 2014, a forecast of 24
hours every 24 hours. Asked: a smaller mean absolute error than repeating the last value, and than
repeating the last day, on the same test hours (both ratios below 1). Beside it the share of test
hours within the 90 % intervals. The settings were not tuned. A cell that is in
benchmarks/results/catalogue_forecasting.json is not trained again.
"""

import argparse
import json
import time
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

import netwright as nw
from netwright.data.data import Data
from netwright.data.forecast_encoding import ForecastEncoding
from netwright.evaluate.baseline_forecasts import naive_forecasts
from netwright.evaluate.judge import inputs_of, targets_of

HERE = Path(__file__).resolve().parents[1]
RESULTS = HERE / "results" / "catalogue_forecasting.json"
RECIPE: dict[str, Any] = {
    "recipe.lr": 1e-3, "recipe.batch_size": 128, "recipe.epochs": 8, "recipe.patience": 3,
    "recipe.clip": 1.0, "recipe.weight_decay": 0.01,
}  # fmt: skip
NETS: dict[str, dict[str, Any]] = {
    "tcn": {"net.channels": 32, "net.depth": 5, "net.dropout": 0.2},
    "transformer": {"net.width": 64, "net.depth": 2, "net.patch": 6, "net.dropout": 0.2},
}


def pollution(folder: Path) -> Data:
    """Read the hours with the year that each split has."""
    with zipfile.ZipFile(folder / "time_series/beijing_pm25/pollution.zip") as archive:
        frame = pd.read_csv(archive.open("pollution.csv"))
    frame = frame.drop(columns="No")
    frame["part"] = np.select(
        [frame["year"] < 2013, frame["year"] == 2013], ["train", "validation"], "test"
    )
    return nw.read(frame, target="pm2.5", task="forecasting", horizon=24, split="part")


def naive_errors(data: Data) -> dict[str, float]:
    """Return the mean absolute error of each simple forecast on the test hours that are known."""
    encoding = data.encoding
    assert isinstance(encoding, ForecastEncoding)
    windows = inputs_of(data.test)
    truth = encoding.decode(targets_of(data.test), windows)
    return {
        name: float((found - truth).abs().nanmean())
        for name, found in naive_forecasts(encoding, windows[0]).items()
    }


def run_cell(net: str, seed: int, data: Data) -> dict[str, Any]:
    """Train and test one net."""
    plan = nw.design(data).with_({"net.name": net, **NETS[net], **RECIPE})
    cpu = time.process_time()
    run = nw.fit(plan, data, seed=seed, device="cpu", num_threads=1)
    cpu = time.process_time() - cpu
    scores = nw.evaluate(run, data.test)
    return {
        "test": scores.to_dict(),
        "ratio": {name: scores["mae"].value / error for name, error in naive_errors(data).items()},
        "level": run.model.interval.level if run.model.interval else None,
        "coverage_by_step": [row["interval_coverage"] for row in scores.per_class],
        "epoch": run.kept_epoch,
        "epochs": run.epochs,
        "cpu_seconds": round(cpu, 1),
        "rows": {part: len(split) for part, split in data.splits().items()},
        "plan": run.plan.to_dict(),
    }


def main() -> None:
    """Measure what is missing and write the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("nets", nargs="*", default=list(NETS), help=", ".join(NETS))
    parser.add_argument("--seeds", nargs="*", type=int, default=[0, 1, 2])
    parser.add_argument("--data", type=Path, default=HERE.parent.parent / "shared" / "data")
    given = parser.parse_args()
    data = pollution(given.data)
    for net in given.nets:
        for seed in given.seeds:
            done = json.loads(RESULTS.read_text()) if RESULTS.is_file() else {}
            if str(seed) not in done.get(net, {}):
                cell = run_cell(net, seed, data)
                done = json.loads(RESULTS.read_text()) if RESULTS.is_file() else {}
                done.setdefault(net, {})[str(seed)] = cell
                RESULTS.write_text(json.dumps(done, indent=1) + "\n")
            cell = done[net][str(seed)]
            held = cell["test"]["interval_coverage"]["value"]
            print(net, seed, cell["ratio"], f"coverage {held:.3f}", flush=True)


if __name__ == "__main__":
    main()
