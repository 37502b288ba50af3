"""Rows that are drawn, of docs/catalogue.md: modes covered, and classes that a classifier sees.

    python benchmarks/catalogue/generation.py [8-gaussians ... fashion_mnist] [--seeds 0 1 2]

8-gaussians (gan, its WGAN-GP, a variational autoencoder): of DRAWN points, how many lie within
three standard deviations of a mode, and how many modes hold at least a fifth of their share of
DRAWN. fashion_mnist: of DRAWN pictures, evenly of all classes, the share in which a convolutional
net, trained on the training pictures by the designer's plan for CLASSIFIER_EPOCHS, sees the class
that was asked for; and, since one good picture a class would do for that, how far drawn pictures of
a class lie from each other, as a share of how far test pictures do. A cell that is in
benchmarks/results/catalogue_generation.json is not trained again.
"""

import argparse
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

import netwright as nw
from netwright.data.builtin import MODE_NOISE, gaussian_modes
from netwright.data.data import Rows
from netwright.model.drawing import as_raw, draw
from netwright.model.model import Model

HERE = Path(__file__).resolve().parents[1]
RESULTS = HERE / "results" / "catalogue_generation.json"
DRAWN = 2000
CLASSIFIER_EPOCHS = 3
DRAW_SEED = 7  # not the noise that epochs are judged by

VARIATIONAL = {
    "net.name": "variational-autoencoder",
    "net.code_size": 2,
    "net.widths": [128, 128],
    "objective.name": "reconstruction",
    "objective.kl_weight": 0.02,
    "objective.kl_warmup": 500,
}
WASSERSTEIN = {
    "objective.loss": "wasserstein",
    "objective.gradient_penalty": 1.0,
    "objective.critic_steps": 4,
    "recipe.batch_size": 512,
    "recipe.epochs": 700,
}


def modes(model: Model, data: Path) -> dict[str, Any]:
    """Return how the drawn points lie about the eight modes."""
    points = torch.tensor(as_raw(model, draw(model, DRAWN, seed=DRAW_SEED)).to_numpy())
    near = torch.cdist(points, torch.from_numpy(gaussian_modes())).min(1)
    counts = torch.bincount(near.indices[near.values < 3 * MODE_NOISE], minlength=8)
    return {
        "modes_covered": int((counts >= DRAWN / 8 / 5).sum()),
        "modes": 8,
        "near_a_mode": round(float((near.values < 3 * MODE_NOISE).double().mean()), 4),
        "near_each": counts.tolist(),
    }


def agreement(model: Model, data: Path) -> dict[str, Any]:
    """Return how often a classifier sees the class that was drawn."""
    read = nw.read(data / ROWS["fashion_mnist"][0])
    plan = nw.design(read).with_({"recipe.epochs": CLASSIFIER_EPOCHS})
    judge = nw.fit(plan, read, device="cpu", num_threads=1)
    asked = torch.arange(DRAWN) % len(model.task.classes)
    drawn = as_raw(model, draw(model, DRAWN, seed=DRAW_SEED, classes=asked))
    rows = replace(read.test, inputs=(drawn,), targets=asked, raw=None, rows=None)
    found = nw.evaluate(judge, rows)
    return {
        "classifier_agreement": found["accuracy"].to_dict(),
        "agreement_by_class": [round(row["recall"], 3) for row in found.per_class],
        "variety": variety(drawn, asked, read.test),
        "classifier_on_test_pictures": nw.evaluate(judge, read.test)["accuracy"].value,
    }


def variety(drawn: torch.Tensor, classes: torch.Tensor, real: Rows) -> float:
    """Return the mean distance of drawn pictures of a class as a share of that of real ones."""
    shares = []
    for label in classes.unique():
        both = (drawn[classes == label], real.inputs[0][real.targets == label])
        ours, theirs = (torch.pdist(x[:200].flatten(1).float()).mean() for x in both)
        shares.append(float(ours / theirs))
    return round(sum(shares) / len(shares), 3)


# name: (source, plan changes, what is measured besides the scores)
Measure = Callable[[Model, Path], dict[str, Any]]
ROWS: dict[str, tuple[str, Mapping[str, Any], Measure]] = {
    "8-gaussians": ("8-gaussians", {}, modes),
    "8-gaussians, WGAN-GP": ("8-gaussians", WASSERSTEIN, modes),
    "8-gaussians, variational autoencoder": ("8-gaussians", VARIATIONAL, modes),
    "fashion_mnist": ("images/fashion_mnist", {}, agreement),
}


def run_cell(name: str, seed: int, data: Path, changes: Mapping[str, Any]) -> dict[str, Any]:
    """Train and judge one cell."""
    source, own, measure = ROWS[name]
    path = data / source
    read = nw.read(path if path.exists() else source, task="generation", seed=seed)
    plan = nw.design(read)
    if "objective.name" in own:  # another kind of learning: its objective's settings are its own
        plan = replace(plan, objective={"name": own["objective.name"]})
    plan = plan.with_({**own, **changes})
    cpu = time.process_time()
    run = nw.fit(plan, read, seed=seed, device="cpu", num_threads=1)
    cpu = time.process_time() - cpu
    scores = nw.evaluate(run, read.test)
    return {
        **measure(run.model, data),
        "test": scores.to_dict(),
        "notes": list(scores.notes),
        "findings": [finding.fault for finding in run.findings],
        "epoch": run.kept_epoch,
        "epochs": run.epochs,
        "cpu_seconds": round(cpu, 1),
        "plan": run.plan.to_dict(),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("rows", nargs="*", default=list(ROWS), help=", ".join(ROWS))
    parser.add_argument("--seeds", nargs="*", type=int, default=[0, 1, 2])
    parser.add_argument("--epochs", type=int, help="fewer than the designer's; noted in the plan")
    parser.add_argument("--data", type=Path, default=HERE.parent.parent / "shared" / "data")
    options = parser.parse_args()
    changes = {} if options.epochs is None else {"recipe.epochs": options.epochs}
    for name in options.rows:
        for seed in options.seeds:
            done = json.loads(RESULTS.read_text()) if RESULTS.is_file() else {}
            if str(seed) not in done.get(name, {}):
                cell = run_cell(name, seed, options.data, changes)
                done = json.loads(RESULTS.read_text()) if RESULTS.is_file() else {}
                done.setdefault(name, {})[str(seed)] = cell
                RESULTS.write_text(json.dumps(done, indent=1) + "\n")
            cell = done[name][str(seed)]
            said = {k: v for k, v in cell.items() if k not in ("plan", "test", "notes")}
            print(name, seed, said, flush=True)


if __name__ == "__main__":
    main()
