"""Faults seeded on Plans: trained, diagnosed, repaired, and measured beside the healthy twin.

    .venv/bin/python benchmarks/doctor/plans.py [digits/lr-x300 ...] [--again] [--table]

A cell is a source and a fault. It counts where the fault is effective: worse than the healthy twin
over five paired seeds (p <= .05). Scores are of the test rows, which repair does not read, over
five seeds that it does not use; a repair regains what it wins back of what the fault cost. Cells
are kept in benchmarks/results/doctor_plans.json and not done again.
"""

import argparse
import json
import statistics
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent))

from seeded_plans import IMAGES, SEEDED, TABLES, carrier, fewer_rows, sick_start, twins

from netwright.data.data import Data
from netwright.evaluate.constant import constant_score
from netwright.evaluate.judge import score_outputs
from netwright.evaluate.scores import higher_is_better, primary_metric
from netwright.plan.plan import Plan
from netwright.repair.ladder import alarms_of
from netwright.repair.repair import repair
from netwright.repair.sign_flip import compare_paired
from netwright.train.fit import fit
from netwright.train.pack import fit_pack
from netwright.train.run import FailedTraining, Run

RESULTS = Path(__file__).resolve().parents[1] / "results" / "doctor_plans.json"
SEEDS = tuple(range(501, 506))  # of what is measured: neither the run's nor the repair's


def scores_on_test(plan: Plan, data: Data, metric: str) -> list[float]:
    """Return the score on the test rows for each of SEEDS; of a failure a constant answer's."""
    runs = fit_pack([plan] * len(SEEDS), data, seeds=SEEDS, num_threads=1, metric=metric)
    constant = constant_score(data, metric) if None in runs else 0.0
    return [constant if run is None else score_on_test(run, data, metric) for run in runs]


def score_on_test(run: Run, data: Data, metric: str) -> float:
    outputs = run.model.forward_rows(data.test)
    scores = score_outputs(
        run.model, outputs, data.test, metric=metric, only=(metric,), resamples=0
    )
    return scores[metric].value


def measure(source: str, name: str) -> dict[str, Any]:
    """Do one cell."""
    seeded = SEEDED[name]
    _, data, base = carrier(source)
    data = fewer_rows(data, seeded.rows)
    sick, healthy = twins(base, seeded)
    metric = primary_metric(data.task, class_counts=data.class_counts)
    higher = higher_is_better(metric)
    with sick_start(seeded.start):
        twin = fit(healthy, data, num_threads=1)
        well, ill = (scores_on_test(plan, data, metric) for plan in (healthy, sick))
        harm = compare_paired(well, ill, higher_is_better=higher)
        cell = {
            "metric": metric, "healthy": well, "sick": ill, "effective": harm.proved,
            "twin_alarms": [f.fault for f in alarms_of(twin.findings)],
        }  # fmt: skip
        if not harm.proved:
            return cell
        begun = time.process_time()
        try:
            run: Run | FailedTraining = fit(sick, data, num_threads=1)
        except FailedTraining as failed:
            run = failed
        one = time.process_time() - begun
        named = [f.fault for f in alarms_of(run.findings)]
        begun = time.process_time()
        mended = repair(run, data, num_threads=1)
        spent = time.process_time() - begun
        after = scores_on_test(mended.plan, data, metric) if mended.proof.kept else ill
    gain = compare_paired(after, ill, higher_is_better=higher)
    left = alarms_of(mended.run.findings) if mended.run else []
    return cell | {
        "named": named,
        "cause_first": named[:1] == [seeded.fault],
        "kept": list(mended.proof.kept),
        "changes": dict(mended.proof.changes),
        "mended": after,
        "regain": gain.difference / harm.difference,
        "left": [f.fault for f in left],
        "cost": mended.proof.cost,
        "cpu_seconds": {"training": round(one, 2), "repair": round(spent, 2)},
    }


def summary(cells: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """Put the cells together."""
    real = [cell for cell in cells.values() if cell["effective"]]
    proved = [cell for cell in real if cell["kept"]]
    back = [cell for cell in real if recovered(cell)]
    worse = [cell for cell in proved if cell["regain"] < 0]

    def median(values: Sequence[float]) -> float | None:
        return round(statistics.median(values), 3) if values else None

    return {
        "cells": len(cells),
        "effective": len(real),
        "false alarms on twins": sum(bool(cell["twin_alarms"]) for cell in cells.values()),
        "noticed": sum(bool(cell["named"]) for cell in real),
        "cause first": sum(cell["cause_first"] for cell in real),
        "proved": len(proved),
        "within 95 % of the twin": len(back),
        "worse than before": len(worse),
        "median regain of the proved": median([cell["regain"] for cell in proved]),
        "median trainings to find": median([cell["cost"]["finding"] for cell in proved]),
        "median trainings to prove": median([cell["cost"]["proof"] for cell in proved]),
    }


def recovered(cell: dict[str, Any]) -> bool:
    """Whether the mended net's score is within 95 % of its healthy twin's."""
    if not cell["kept"]:
        return False
    well, after = statistics.fmean(cell["healthy"]), statistics.fmean(cell["mended"])
    return after >= 0.95 * well if higher_is_better(cell["metric"]) else after <= well / 0.95


def table(cells: dict[str, dict[str, Any]]) -> str:
    """Return a row a cell, in Markdown."""
    rows = ["| cell | healthy | sick | named first | kept | mended | regain |", "|" + "---|" * 7]
    for name, cell in sorted(cells.items()):
        figures = [f"{statistics.fmean(cell[k]):.4g}" for k in ("healthy", "sick")]
        if not cell["effective"]:
            rows.append(f"| {name} | {' | '.join(figures)} | not effective | | | |")
            continue
        kept = ", ".join(f"{k} ({v})" for k, v in cell["changes"].items()) or "nothing"
        rows.append(
            f"| {name} | {' | '.join(figures)} | {(cell['named'] or ['nothing'])[0]} | {kept} "
            f"| {statistics.fmean(cell['mended']):.4g} | {cell['regain']:.0%} |"
        )
    return "\n".join(rows)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("cells", nargs="*", help="such as digits/lr-x300; all when left out")
    parser.add_argument("--again", action="store_true", help="do cells anew that are known")
    parser.add_argument("--table", action="store_true", help="print what is known, measure nothing")
    parser.add_argument("--out", type=Path, default=RESULTS)
    options = parser.parse_args(arguments)
    every = [
        f"{source}/{name}"
        for source in (*TABLES, *IMAGES)
        for name, seeded in SEEDED.items()
        if ("cnn" if source in IMAGES else "mlp") in seeded.kinds
    ]
    known = json.loads(options.out.read_text())["cells"] if options.out.exists() else {}
    for name in [] if options.table else options.cells or every:
        if name in known and not options.again:
            continue
        known[name] = measure(*name.split("/", 1))
        print(name, json.dumps(known[name]), flush=True)
        options.out.parent.mkdir(parents=True, exist_ok=True)
        found = {"summary": summary(known), "cells": known}
        options.out.write_text(json.dumps(found, indent=1) + "\n")
    print(table(known))
    print(json.dumps(summary(known), indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
