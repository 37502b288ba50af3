"""Several targets of one table by one net, beside a net for each.

    python benchmarks/catalogue/multi_task.py [california auto_mpg] [--seeds 0 1 2]

california: the house value (a number) and where the ocean is (five classes). auto_mpg: the mileage
(a number) and the origin (three classes). "together" is the designer's plan for both, "equal" the
same with tasks that weigh alike, "alone" the trunk and one head for each target in turn: the same
net, recipe and rows. Measured on test rows: R^2, and 1 - log loss / entropy of classes (`skill`).
A cell that is in benchmarks/results/catalogue_multi_task.json is not trained again.
"""

import argparse
import json
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import netwright as nw
from netwright.data.data import Data
from netwright.data.task import Task
from netwright.report.tasks import conflicts

HERE = Path(__file__).resolve().parents[1]
RESULTS = HERE / "results" / "catalogue_multi_task.json"
TABLES = {
    "california": ("tables/california_housing/housing.csv", "median_house_value,ocean_proximity"),
    "auto_mpg": ("tables/auto_mpg/mpg.csv", "mpg,origin"),
}
MOST_EPOCHS = 40  # of the designer's 16 to 150: the comparison is of equals


def one_target(data: Data, number: int) -> Data:
    """Return the data with a single task, judged and stopped as several are."""
    task = data.task.tasks[number]
    alone = Task(
        name="multi-task", form="multi-task", target=task.target, outputs=task.outputs,
        target_names=(task.target,), tasks=(task,),
    )  # fmt: skip
    splits = {
        name: replace(split, targets=split.targets[:, [number]])  # type: ignore[type-var,attr-defined]
        for name, split in data.splits().items()
    }
    return replace(data, task=alone, **splits)  # type: ignore[arg-type]


def run_cell(table: str, seed: int, folder: Path) -> dict[str, Any]:
    """Train the net together, with equal weights, and one for each target."""
    source, target = TABLES[table]
    data = nw.read(folder / source, target=target, task="multi-task", seed=seed)
    plan = nw.design(data)
    plan = plan.with_({"recipe.epochs": min(plan.recipe.epochs, MOST_EPOCHS)})
    found: dict[str, Any] = {"rows": {name: len(s) for name, s in data.splits().items()}}
    found["together"] = _trained(plan, data, seed)
    found["equal"] = _trained(plan.with_({"objective.weighting": "equal"}), data, seed)
    alone = [one_target(data, number) for number in range(len(data.task.tasks))]
    found["alone"] = [
        _trained(plan.with_({"net.heads": [one.task.outputs]}), one, seed) for one in alone
    ]
    return found


def _trained(plan: nw.Plan, data: Data, seed: int) -> dict[str, Any]:
    cpu = time.process_time()
    run = nw.fit(plan, data, seed=seed, device="cpu", num_threads=1)
    scores = nw.evaluate(run, data.test)
    skills = {row["output"]: row["skill"] for row in scores.per_class}
    return {
        "skill": scores["skill"].to_dict(),
        "skills": skills,
        "tasks": {name: own.to_dict() for name, own in scores.tasks.items()},
        "conflicts": conflicts(run),
        "weights": {k: v for k, v in run.history[-1].items() if k.startswith("weight.")},
        "parameters": sum(p.numel() for p in run.model.net.parameters()),
        "epochs": run.epochs,
        "cpu_seconds": round(time.process_time() - cpu, 1),
    }


def main() -> None:
    """Measure what is missing and write the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("tables", nargs="*", default=list(TABLES), help=", ".join(TABLES))
    parser.add_argument("--seeds", nargs="*", type=int, default=[0, 1, 2])
    parser.add_argument("--data", type=Path, default=HERE.parent.parent / "shared" / "data")
    given = parser.parse_args()
    for table in given.tables:
        for seed in given.seeds:
            done = json.loads(RESULTS.read_text()) if RESULTS.is_file() else {}
            if str(seed) not in done.get(table, {}):
                cell = run_cell(table, seed, given.data)
                done = json.loads(RESULTS.read_text()) if RESULTS.is_file() else {}
                done.setdefault(table, {})[str(seed)] = cell
                RESULTS.write_text(json.dumps(done, indent=1) + "\n")
            cell = done[table][str(seed)]
            alone = [one["skills"] for one in cell["alone"]]
            print(
                table, seed, cell["together"]["skills"], cell["equal"]["skills"], alone, flush=True
            )


if __name__ == "__main__":
    main()
