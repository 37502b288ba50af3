"""What recurrent nets remember: a real number given at the first of 100 steps, noise after it.

    python benchmarks/catalogue/memory.py [rnn lstm gru] [--seeds 3]

The number is to be told after the last step. A net has solved it where its mean squared error on
fresh rows is below 5 % of what the mean of all numbers gives. All nets have 64 units and the same
1,000 steps of Adam at 0.005 (chosen on numbers of another seed); the gates that keep the past start
open (bias 5). Cells are kept in benchmarks/cache/memory, the table goes to
benchmarks/results/catalogue_memory.json.
"""

import argparse
import json
import time
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

import netwright as nw
from netwright.data.data import Data, Rows, Source
from netwright.data.series_encoding import SeriesEncoding
from netwright.data.task import Task

HERE = Path(__file__).resolve().parents[1]
RESULTS = HERE / "results" / "catalogue_memory.json"
CACHE = HERE / "cache" / "memory"

STEPS, ROWS, HELD = 100, 6_400, 1_000
SOLVED = 0.05
# net: its own arguments, and the share of seeds asked: at least, or below.
NETS: dict[str, tuple[dict[str, Any], str]] = {
    "rnn": ({}, "< 0.60"),
    "lstm": ({"forget_bias": 5.0}, ">= 0.95"),
    "gru": ({"update_bias": 5.0}, ">= 0.95"),
}


def recall(seed: int) -> Data:
    """Rows of 100 steps and two channels: a number then noise, and a mark at the first step."""
    rng = torch.Generator().manual_seed(seed)
    rows = ROWS + 2 * HELD
    values = torch.randn(rows, STEPS, generator=rng)
    mark = torch.zeros(rows, STEPS)
    mark[:, 0] = 1
    inputs = torch.stack([values, mark], 2)
    targets = values[:, :1]
    ends = {"train": (0, ROWS), "validation": (ROWS, ROWS + HELD), "test": (ROWS + HELD, rows)}
    splits = {
        name: Rows(name, (inputs[start:end],), targets[start:end])
        for name, (start, end) in ends.items()
    }
    return Data(
        kind="series",
        task=Task(
            name="regression", form="regression", target="the first number",
            target_names=("the first number",),
        ),
        encoding=SeriesEncoding(length=STEPS, channels=2, mean=(0.0, 0.0), std=(1.0, 1.0)),
        source=Source("recall"),
        **splits,
    )  # fmt: skip


def run_cell(net: str, seed: int) -> dict[str, Any]:
    """Train one net on one seed's numbers."""
    cached = CACHE / f"{net}-{seed}.json"
    if cached.is_file():
        found: dict[str, Any] = json.loads(cached.read_text())
        return found
    data = recall(seed)
    shapes = {**data.encoding.shapes(), "outputs": 1, "hidden_size": 64}
    plan = nw.Plan(
        net={"name": net, **shapes, **NETS[net][0]},
        objective={"name": "supervised", "loss": "mse"},
        recipe=nw.Recipe(
            optimizer="adam", lr=5e-3, batch_size=64, epochs=10, clip=1.0, schedule="constant",
            patience=None, compile="off",
        ),
    )  # fmt: skip
    begun = time.process_time()
    run = nw.fit(plan, data, seed=seed, device="cpu", num_threads=1)
    targets: Tensor = data.test.targets  # type: ignore[attr-defined]
    error = nw.evaluate(run, data.test, resamples=0)["rmse"].value ** 2
    cell = {
        "share_of_variance": error / float(targets.var()),
        "cpu_seconds": round(time.process_time() - begun, 1),
    }
    CACHE.mkdir(parents=True, exist_ok=True)
    cached.write_text(json.dumps(cell))
    return cell


def main() -> None:
    """Measure what is missing and write the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("nets", nargs="*", default=list(NETS))
    parser.add_argument("--seeds", type=int, default=3)
    given = parser.parse_args()
    table = json.loads(RESULTS.read_text()) if RESULTS.is_file() else {}
    for net in given.nets:
        cells = [run_cell(net, seed) for seed in range(given.seeds)]
        left = [cell["share_of_variance"] for cell in cells]
        table[net] = {
            "solved": sum(share < SOLVED for share in left) / len(left),
            "share_of_variance": left,
            "asked": NETS[net][1],
            "seeds": len(left),
            "cpu_seconds": sum(cell["cpu_seconds"] for cell in cells) / len(cells),
        }
        print(net, table[net])
        RESULTS.write_text(json.dumps(table, indent=1) + "\n")


if __name__ == "__main__":
    main()
