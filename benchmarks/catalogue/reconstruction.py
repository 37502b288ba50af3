"""Rows that are rebuilt, of docs/catalogue.md: the designer's plans beside principal components.

    python benchmarks/catalogue/reconstruction.py [mammography fashion_mnist] [--seeds 0 1 2]

mammography: ROC-AUC of the error on test rows, trained on rows that are not known anomalies.
fashion_mnist: mean squared error on the given test pictures, against as many principal components
as the code is wide. A cell that is in benchmarks/results/catalogue_reconstruction.json is not
trained again.
"""

import argparse
import json
import time
from pathlib import Path
from typing import Any

import netwright as nw
from netwright.evaluate.baselines import baselines
from netwright.evaluate.verdict import compare

HERE = Path(__file__).resolve().parents[1]
RESULTS = HERE / "results" / "catalogue_reconstruction.json"
# name: (source, label column, plan changes)
ROWS: dict[str, tuple[str, str | None, dict[str, Any]]] = {
    "mammography": ("tables/mammography/mammography.csv", "6", {}),
    "fashion_mnist": ("images/fashion_mnist", None, {}),
}


def run_cell(name: str, seed: int, data: Path) -> dict[str, Any]:
    """Train and test one cell."""
    source, target, changes = ROWS[name]
    read = nw.read(data / source, target=target, task="reconstruction", seed=seed)
    plan = nw.design(read).with_(changes)
    cpu = time.process_time()
    run = nw.fit(plan, read, seed=seed, device="cpu", num_threads=1)
    cpu = time.process_time() - cpu
    own = nw.evaluate(run, read.test)
    beside = baselines(read, code_size=plan.net["code_size"])
    linear = beside["linear"].scores
    assert linear is not None
    return {
        "test": own.to_dict(),
        "baselines": beside.to_dict(),
        "lead_over_components": compare(own, linear, metric="mse").to_dict(),
        "notes": list(own.notes),
        "findings": [finding.fault for finding in run.findings],
        "epoch": run.kept_epoch,
        "epochs": run.epochs,
        "cpu_seconds": round(cpu, 1),
        "rows": {part: len(split) for part, split in read.splits().items()},
        "plan": run.plan.to_dict(),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("rows", nargs="*", default=list(ROWS), help=", ".join(ROWS))
    parser.add_argument("--seeds", nargs="*", type=int, default=[0, 1, 2])
    parser.add_argument("--data", type=Path, default=HERE.parent.parent / "shared" / "data")
    options = parser.parse_args()
    for name in options.rows:
        for seed in options.seeds:
            done = json.loads(RESULTS.read_text()) if RESULTS.is_file() else {}
            if str(seed) not in done.get(name, {}):
                cell = run_cell(name, seed, options.data)
                done = json.loads(RESULTS.read_text()) if RESULTS.is_file() else {}
                done.setdefault(name, {})[str(seed)] = cell
                RESULTS.write_text(json.dumps(done, indent=1) + "\n")
            cell = done[name][str(seed)]
            said = {metric: round(score["value"], 4) for metric, score in cell["test"].items()}
            linear = {k: round(v["value"], 4) for k, v in cell["baselines"]["linear"].items()}
            print(name, seed, said, "components:", linear, flush=True)


if __name__ == "__main__":
    main()
