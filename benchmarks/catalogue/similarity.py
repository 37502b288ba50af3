"""One-shot learning of characters: Omniglot's small set, judged on the 20 runs of 20-way one-shot
classification.

    python benchmarks/catalogue/similarity.py [--seeds 0 1 2] [--data ../shared/data] [--time 10m]

Trained on small1, stopped by small2 without the alphabets that both have (Greek, Latin); the runs'
characters are the test classes. Every cell (objective, seed) is cached under benchmarks/cache, so
an interrupted table resumes; the table goes to benchmarks/results/catalogue_similarity.json.
"""

import argparse
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
import zipfile
from pathlib import Path
from typing import Any

import torch

from netwright.data.ledger import Ledger
from netwright.data.samples import read_samples
from netwright.data.sources import locate
from netwright.evaluate.baseline_inputs import Sample, image_features
from netwright.model.gallery import gallery_of, nearest
from netwright.model.loading import load

HERE = Path(__file__).resolve().parents[1]
RESULTS = HERE / "results" / "catalogue_similarity.json"
CACHE = HERE / "cache" / "catalogue_similarity"
OBJECTIVES = ("triplet", "contrastive")
ASKED = 0.70
RUNS, WAYS = 20, 20
BOTH = ("Greek", "Latin")  # alphabets of small1 and of small2


def unpack(data: Path, out: Path) -> None:
    """Write train/, validation/ and test/, a folder a class, and the runs as they are."""
    omniglot = data / "images" / "omniglot"
    parts = (("images_background_small1", "train"), ("images_background_small2", "validation"))
    for archive, part in parts:
        with zipfile.ZipFile(omniglot / f"{archive}.zip") as packed:
            for name in packed.namelist():
                inside = Path(name).parts[1:]
                if name.endswith(".png") and not (part == "validation" and inside[0] in BOTH):
                    target = out / "data" / part / Path(*inside)
                    target.parent.mkdir(parents=True, exist_ok=True)
                    target.write_bytes(packed.read(name))
    with zipfile.ZipFile(omniglot / "all_runs.zip") as packed:
        packed.extractall(out / "runs")
    for run in sorted((out / "runs").glob("run*")):
        for item, example in pairs_of(run):
            folder = out / "data" / "test" / f"{run.name}-{example.stem}"
            folder.mkdir(parents=True)
            for file in (item, example):
                (folder / file.name).write_bytes(file.read_bytes())


def pairs_of(run: Path) -> list[tuple[Path, Path]]:
    """Return (item, the example of its class) of a run."""
    lines = (run / "class_labels.txt").read_text().split()
    files = [run.parent / name for name in lines]
    return list(zip(files[::2], files[1::2], strict=True))


def judge_runs(folder: Path, runs: Path) -> dict[str, Any]:
    """Return the share of items given to the right example, by the model and by pixels."""
    model = load(folder)
    by_net, by_pixels = [], []
    for run in sorted(runs.glob("run*")):
        pairs = pairs_of(run)
        examples = sorted(example for _, example in pairs)
        items = [item for item, _ in pairs]
        truth = [example.stem for _, example in pairs]
        gallery = gallery_of(model, examples, [example.stem for example in examples])
        said = nearest(model, gallery, items)["prediction"].tolist()
        by_net.append(statistics.fmean(a == b for a, b in zip(said, truth, strict=True)))
        pixels = []
        for files in (examples, items):
            (stored,) = model.encoding.encode(files)
            sample = Sample((stored.numpy(),), torch.zeros(len(files)).numpy(), None, len(files))
            pixels.append(torch.from_numpy(image_features(sample, most=1024).train).float())
        closest = torch.cdist(pixels[1], pixels[0]).argmin(1).tolist()
        found = [examples[at].stem for at in closest]
        by_pixels.append(statistics.fmean(a == b for a, b in zip(found, truth, strict=True)))
    return {"by_run": by_net, "accuracy": statistics.fmean(by_net), "pixels": by_pixels}


def run_cell(objective: str, seed: int, data: Path, bound: str) -> dict[str, Any]:
    """Return what one training reaches, from the cache where it is there."""
    cached = CACHE / f"{objective}-{seed}.json"
    if cached.is_file():
        found: dict[str, Any] = json.loads(cached.read_text())
        return found
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        unpack(data, folder)
        read_samples(locate(folder / "data"), "image", Ledger())  # fails early, with a sentence
        command = [sys.executable, "-m", "netwright.cli.main", "train", str(folder / "data")]
        command += ["--task", "similarity", "--seed", str(seed), "--time", bound, "--json"]
        command += ["--threads", "1", "--out", str(folder / "run")]
        if objective != "triplet":
            command += ["--set", f"objective.name={objective}"]
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        begun, before = time.perf_counter(), used.ru_utime + used.ru_stime
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            raise SystemExit(f"{objective}, seed {seed}: {done.stderr[-2000:]}")
        metrics = json.loads(done.stdout)
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        cpu = used.ru_utime + used.ru_stime - before
        cell = judge_runs(folder / "run", folder / "runs")
        cell |= {
            "seconds": round(time.perf_counter() - begun, 1),
            "cpu_seconds": round(cpu, 1),
            "bound": bound,
            "epochs": metrics["epochs"],
            "parameters": metrics["parameters"],
            "validation": metrics["validation"],
            "test": metrics["test"],
            "baselines": metrics["baselines"],
        }
    CACHE.mkdir(parents=True, exist_ok=True)
    cached.write_text(json.dumps(cell))
    return cell


def main() -> None:
    """Run the cells asked for and rewrite the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--objectives", nargs="+", default=list(OBJECTIVES), choices=OBJECTIVES)
    parser.add_argument("--data", type=Path, default=HERE.parents[1] / "shared" / "data")
    parser.add_argument("--time", default="10m", help="Bound on each training.")
    given = parser.parse_args()
    table = json.loads(RESULTS.read_text()) if RESULTS.is_file() else {}
    for objective in given.objectives:
        cells = {
            str(seed): run_cell(objective, seed, given.data.resolve(), given.time)
            for seed in given.seeds
        }
        known = table.get(objective, {}).get("seeds", {}) | cells
        values = [cell["accuracy"] for cell in known.values()]
        table[objective] = {
            "measure": f"accuracy of {RUNS} runs, {WAYS}-way one-shot",
            "asked": ASKED,
            "mean": statistics.fmean(values),
            "values": values,
            "reached": statistics.fmean(values) >= ASKED,
            "nearest_pixels": statistics.fmean(next(iter(known.values()))["pixels"]),
            "seeds": known,
        }
        RESULTS.parent.mkdir(exist_ok=True)
        RESULTS.write_text(json.dumps(table, indent=2) + "\n")
        print(objective, values, "nearest in pixels", table[objective]["nearest_pixels"])


if __name__ == "__main__":
    main()
