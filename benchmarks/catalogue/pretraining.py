"""BERT on SST-2: pre-trained on texts without labels, beside the same net from scratch.

    python benchmarks/catalogue/pretraining.py [--seeds 0] [--epochs 4] [--data ../shared/data]

Pre-training: masked language modelling over WikiText-2's validation and test texts and the 2,000
reviews of IMDB's polarity set, whose labels are not read. Then both nets, of one size and with one
vocabulary, are trained on SST-2's training sentences with each of RATES; the dev sentences choose
rate and epoch, the test sentences are read once. The difference is given with the 95 % interval of
1,000 bootstrap resamples of the test rows, in pairs. Each cell is kept under benchmarks/cache, so
that an interrupted table resumes; the table goes to
benchmarks/results/catalogue_pretraining.json.
"""

import argparse
import json
import statistics
import tarfile
import tempfile
import time
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

import netwright as nw

HERE = Path(__file__).resolve().parents[1]
RESULTS = HERE / "results" / "catalogue_pretraining.json"
CACHE = HERE / "cache" / "pretraining"
MODEL = CACHE / "bert"
STARTS = ("scratch", "pre-trained")
RATES = (3e-4, 1e-3)
ASKED = 0.02
TRAINED_ON = 8  # epochs at most


def write_corpus(data: Path, path: Path) -> None:
    """Write all texts into one file, a paragraph or a sentence a line."""
    texts = []
    for archive in sorted((data / "language_modelling" / "wikitext2_valid_test").glob("*.zip")):
        with zipfile.ZipFile(archive) as packed:
            names = [name for name in sorted(packed.namelist()) if name.endswith(".txt")]
            texts += [packed.read(name).decode("utf-8") for name in names]
    reviews = data / "text_classification" / "imdb_polarity2000"
    for archive in sorted(reviews.glob("*.tar.gz")):
        with tarfile.open(archive) as packed:
            for member in sorted(packed.getmembers(), key=lambda one: one.name):
                if member.isfile() and member.name.endswith(".txt"):
                    file = packed.extractfile(member)
                    assert file is not None
                    # A sentence a line there: a whole review is one text, so that rows are filled.
                    texts.append(" ".join(file.read().decode("latin-1").split()))
    path.write_text("\n".join(texts), encoding="utf-8")


def pretrain(data: Path, epochs: int) -> dict[str, Any]:
    """Train the net that fills in words, once for all seeds."""
    said = CACHE / f"bert-{epochs}.json"
    if said.is_file():
        found: dict[str, Any] = json.loads(said.read_text())
        return found
    CACHE.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        corpus = Path(folder) / "corpus.txt"
        write_corpus(data, corpus)
        read = nw.read(corpus, task="masked-language-modelling")
    plan = nw.design(read)
    cpu = time.process_time()
    run = nw.fit(plan, read, epochs=epochs, seed=0, device="cpu", num_threads=1)
    run.model.save(MODEL)
    found = {
        "test_nats": nw.evaluate(run, read.test)["nats"].to_dict(),
        "validation_nats": [row.get("nats") for row in run.history],
        "epochs": run.epochs,
        "cpu_seconds": round(time.process_time() - cpu, 1),
        "rows": read.sizes(),
        "vocabulary": read.task.outputs,
        "plan": {k: v for k, v in run.plan.to_dict().items() if k != "why"},
    }
    said.write_text(json.dumps(found))
    return found


def run_cell(start: str, seed: int, rate: float, data: Path, epochs: int) -> dict[str, Any]:
    """Train on SST-2 from a start; return its scores and which test rows are right."""
    cached = CACHE / f"{start}-{seed}-{rate:g}-{epochs}.json"
    if cached.is_file():
        found: dict[str, Any] = json.loads(cached.read_text())
        return found
    source = data / "text_classification" / "sst2"
    read = nw.read(source, encoding_of=str(MODEL))
    plan = nw.design(read, spec=nw.load(MODEL).spec, init_from=str(MODEL))
    changes: dict[str, Any] = {"recipe.lr": rate}
    if start == "scratch":
        changes["recipe.init_from"] = None
    plan = plan.with_(changes)
    cpu = time.process_time()
    run = nw.fit(plan, read, epochs=TRAINED_ON, seed=seed, device="cpu", num_threads=1)
    said = run.model.forward_rows(read.test).argmax(1)
    cell = {
        "test": nw.evaluate(run, read.test)["accuracy"].to_dict(),
        "validation": run.validation["accuracy"].value,
        "right": (said == read.test.targets).int().tolist(),
        "epoch": run.kept_epoch,
        "epochs": run.epochs,
        "cpu_seconds": round(time.process_time() - cpu, 1),
    }
    cached.write_text(json.dumps(cell))
    return cell


def difference(cells: list[tuple[dict[str, Any], dict[str, Any]]]) -> dict[str, float]:
    """Return how much more is right from the second start than from the first, with its interval;
    of several seeds a row's mean."""
    gains = np.mean([np.subtract(then["right"], first["right"]) for first, then in cells], axis=0)
    rng = np.random.default_rng(0)
    means = gains[rng.integers(0, len(gains), (1000, len(gains)))].mean(1)
    low, high = np.quantile(means, [0.025, 0.975])
    return {"value": float(gains.mean()), "low": float(low), "high": float(high)}


def main() -> None:
    """Pre-train, run the cells asked for and rewrite the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    parser.add_argument("--epochs", type=int, default=4, help="Of pre-training.")
    parser.add_argument("--data", type=Path, default=HERE.parents[1] / "shared" / "data")
    given = parser.parse_args()
    data = given.data.resolve()
    first = pretrain(data, given.epochs)
    print("pre-trained", first["test_nats"], first["cpu_seconds"], "CPU s", flush=True)
    chosen = []
    for seed in given.seeds:
        pair = []
        for start in STARTS:
            cells = [run_cell(start, seed, rate, data, given.epochs) for rate in RATES]
            best = max(range(len(RATES)), key=lambda at: cells[at]["validation"])
            pair.append(cells[best] | {"lr": RATES[best]})
            print(start, seed, RATES[best], pair[-1]["test"], flush=True)
        chosen.append((pair[0], pair[1]))
    gain = difference(chosen)
    table = {
        "measure": "accuracy on SST-2",
        "asked": ASKED,
        "pre_training": first,
        "difference": gain,
        "reached": gain["value"] >= ASKED,
    }
    for at, start in enumerate(STARTS):
        values = [pair[at]["test"]["value"] for pair in chosen]
        own = [{k: v for k, v in pair[at].items() if k != "right"} for pair in chosen]
        seeds = dict(zip(map(str, given.seeds), own, strict=True))
        table[start] = {"mean": statistics.fmean(values), "values": values, "seeds": seeds}
    RESULTS.write_text(json.dumps(table, indent=2) + "\n")
    print(gain)


if __name__ == "__main__":
    main()
