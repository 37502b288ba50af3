"""The accuracy table of docs/benchmarks.md: `netwright train` with its defaults on open data sets,
three seeds each.

    python benchmarks/reach.py [NAME ...] [--seeds 3] [--data ../shared/data]

Every cell (data set, seed) is one run of the command in an empty folder; its metrics are cached as
benchmarks/cache/reach/<name>-<seed>.json, so an interrupted table resumes. The table goes to
benchmarks/results/reach.json. Nothing here chooses anything by a test score.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tarfile
import tempfile
import time
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
RESULTS = HERE / "results" / "reach.json"
CACHE = HERE / "cache" / "reach"

# name: (source under the data folder, further arguments, measure, what is asked: a number or what
# to compare with)
CELLS: dict[str, tuple[str, list[str], str, Any]] = {
    "digits": ("digits", [], "accuracy", 0.985),
    "adult": ("tables/adult/adult.zip", ["--target", "class"], "accuracy", 0.868),
    "california": (
        "tables/california_housing/housing.csv",
        ["--target", "median_house_value"],
        "rmse",
        46_000,
    ),
    "titanic": ("tables/titanic/train.csv", ["--target", "Survived"], "roc_auc", "trees"),
    "bank_churn": (
        "tables/bank_churn/Churn_Modelling.csv",
        ["--target", "Exited"],
        "roc_auc",
        "trees",
    ),
    "credit_default": (
        "tables/credit_default/UCI_Credit_Card.zip",
        ["--target", "default.payment.next.month"],
        "roc_auc",
        "trees",
    ),
    "mammography": ("tables/mammography/mammography.csv", [], "roc_auc", "trees"),
    "sonar": ("tables/sonar/sonar.csv", [], "roc_auc", "trees"),
    "ionosphere": ("tables/ionosphere/ionosphere.csv", [], "roc_auc", "trees"),
    "fashion_mnist": ("images/fashion_mnist", ["--time", "10m"], "accuracy", 0.930),
    "fashion_mnist, ResNet": (
        "images/fashion_mnist",
        ["--set", "net.name=resnet", "--time", "15m"],
        "accuracy",
        0.935,
    ),
    "cifar10_subset": (
        "images/cifar10_jpg_subset/cifar10_jpg_400_100.zip",
        ["--time", "10m"],
        "accuracy",
        0.68,
    ),
    "sst2": ("text_classification/sst2", [], "accuracy", 0.80),
    "sms_spam": ("text_classification/sms_spam/spam.csv", ["--target", "v1"], "f1", 0.95),
    "imdb_polarity2000": ("text_classification/imdb_polarity2000", [], "accuracy", 0.82),
    "GunPoint": ("time_series/ucr_uea/GunPoint", [], "accuracy", 0.98),
    "ArrowHead": ("time_series/ucr_uea/ArrowHead", [], "accuracy", 0.86),
    "BasicMotions": ("time_series/ucr_uea/BasicMotions", [], "accuracy", 1.0),
    "airline": (
        "time_series/airline_passengers/airline-passengers.csv",
        ["--target", "Passengers", "--task", "forecasting", "--horizon", "24"],
        "mase",
        "trivial",
    ),
    "temperatures": (
        "time_series/daily_min_temperatures/daily-min-temperatures.csv",
        ["--target", "Temp", "--task", "forecasting", "--horizon", "28"],
        "mase",
        "trivial",
    ),
    "pm25": (
        "time_series/beijing_pm25/pollution.zip",
        ["--target", "pm2.5", "--task", "forecasting", "--horizon", "24"],
        "mase",
        "trivial",
    ),
}


def run_cell(name: str, seed: int, data: Path) -> dict[str, Any]:
    """Return the metrics of one run, from the cache where it is there."""
    cached = CACHE / f"{name}-{seed}.json"
    if cached.is_file():
        return json.loads(cached.read_text())
    source, arguments, _, _ = CELLS[name]
    with tempfile.TemporaryDirectory() as folder:
        path = source if "/" not in source else str(data / source)
        if name == "imdb_polarity2000":
            path = split_by_prefix(data / source, Path(folder) / "reviews")
        command = [sys.executable, "-m", "netwright.cli.main", "train", path, *arguments]
        command += ["--seed", str(seed), "--json", "--out", f"{folder}/run"]
        begun = time.perf_counter()
        done = subprocess.run(command, capture_output=True, text=True, cwd=folder)
        seconds = time.perf_counter() - begun
    if done.returncode != 0:
        raise SystemExit(f"{name}, seed {seed}: exit {done.returncode}\n{done.stderr[-2000:]}")
    found: dict[str, Any] = json.loads(done.stdout)
    found["command_seconds"] = round(seconds, 1)
    CACHE.mkdir(parents=True, exist_ok=True)
    cached.write_text(json.dumps(found))
    return found


def split_by_prefix(source: Path, out: Path) -> str:
    """Unpack the reviews as DATA.md splits them: cv000 to cv799 train, to cv899 validation, the
    rest test.
    """
    with tarfile.open(next(source.glob("*.tar.gz"))) as archive:
        for member in archive:
            path = Path(member.name)
            if member.isfile() and path.suffix == ".txt" and path.parent.name in ("pos", "neg"):
                number = int(path.name[2:5])
                part = "train" if number < 800 else "val" if number < 900 else "test"
                file = out / part / path.parent.name / path.name
                file.parent.mkdir(parents=True, exist_ok=True)
                content = archive.extractfile(member)
                assert content is not None
                file.write_bytes(content.read())
    return str(out)


def judge(name: str, runs: list[dict[str, Any]]) -> dict[str, Any]:
    """Put the mean over seeds beside what is asked."""
    _, _, measure, asked = CELLS[name]
    values = [run["test"][measure]["value"] for run in runs]
    mean = statistics.fmean(values)
    row: dict[str, Any] = {"measure": measure, "mean": mean, "values": values, "asked": asked}
    row["seconds"] = [run["command_seconds"] for run in runs]
    row["baselines"] = {
        kind: statistics.fmean(run["baselines"][kind][measure]["value"] for run in runs)
        for kind in ("trivial", "linear", "trees")
        if all(run["baselines"].get(kind) for run in runs)
    }
    lower = measure in ("rmse", "mase")
    if asked == "trees":
        # Reached unless the trees lie above the net's own interval, on average over the seeds.
        high = statistics.fmean(run["test"][measure]["high"] for run in runs)
        row["reached"] = "trees" in row["baselines"] and row["baselines"]["trees"] <= high
    elif asked == "trivial":
        row["reached"] = mean < 1 and mean < row["baselines"]["trivial"]
    else:
        row["reached"] = mean <= asked if lower else mean >= asked
    return row


def main() -> None:
    """Run the cells asked for and rewrite the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("names", nargs="*", default=[])
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--data", type=Path, default=HERE.parents[1] / "shared" / "data")
    given = parser.parse_args()
    for name in given.names or CELLS:
        runs = [run_cell(name, seed, given.data.resolve()) for seed in range(given.seeds)]
        table = json.loads(RESULTS.read_text()) if RESULTS.is_file() else {}
        table[name] = judge(name, runs)
        print(name, json.dumps(table[name]), flush=True)
        RESULTS.parent.mkdir(exist_ok=True)
        RESULTS.write_text(json.dumps(table, indent=2) + "\n")


if __name__ == "__main__":
    main()
