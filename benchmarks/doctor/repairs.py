"""Lets `netwright doctor --fix` repair verified faulty scripts, and measures what it gave back.

    python benchmarks/doctor/repairs.py [--cases ../shared/doctor_cases] [--only NNN ...] [--show]

What is judged is the script's own metric, the number that it prints, not the score by which the
doctor chose: after a repair the script is run with the kept interventions on the seeds on which its
fixed twin was measured (key.csv); other seeds may draw an easier test set.
Regained is the share of the twin's score: 1 where the repaired script is as good, for a metric
where lower is better the twin's over the script's; a repair counts where that is >= 0.95. The share
of the gap between script and twin that was closed stands beside.

The command and its reruns run in forks of a process that has torch imported (`forked.py`): that is
half of their time. Two kinds of cells are kept in `--cells`: of the repair, under a digest of the
script and of our own sources, and of the measured runs, under one of the script and the
interventions. Without a repair the script stays as it is, which is counted as not repaired.
`--show` prints what is there, `--stale` takes cells of earlier sources too.
"""

import argparse
import csv
import hashlib
import json
import math
import os
import shutil
import statistics
import sys
import tempfile
from pathlib import Path
from typing import Any

from forked import Forks, instead_of_interpreters_, preload  # beside this file
from scripts import environment

from netwright.doctor.rerun import Place, rerun
from netwright.doctor.script import Script

HERE = Path(__file__).resolve()
ROOT = HERE.parents[2]
SEEDS = (0, 1, 2)  # those of key.csv
ENOUGH = 0.95  # of the twin's score
WRONG_SCORE = {"data-leakage", "wrong-metric"}  # a better score would be no better net
ROOMS = ("watch", "diagnose", "doctor", "repair")


def sources() -> str:
    """Digest of all of our code that finds and proves: a change of it makes every cell stale."""
    digest = hashlib.sha256()
    for room in ROOMS:
        for path in sorted((ROOT / "src" / "netwright" / room).rglob("*.py")):
            digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


def kept(cell: Path, make: Any) -> dict[str, Any]:
    """Return a cell's content, made where it is not there."""
    if not cell.is_file():
        cell.parent.mkdir(parents=True, exist_ok=True)
        made = json.dumps(make())
        cell.write_text(made)
    held: dict[str, Any] = json.loads(cell.read_text())
    return held


def repair(script: Path, data: Path) -> dict[str, Any]:
    """Run the command as a user would, in a folder that holds the script alone."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        shutil.copy(script, folder)
        arguments = ["doctor", "--fix", "--json", "found.json", "--out", "repaired", script.name]
        child = os.fork()
        if child == 0:
            command(arguments, folder, data)
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        found, said = folder / "found.json", (folder / "said").read_text()
        if not found.is_file():
            raise RuntimeError(f"{script.name}: {said[-2000:]}")
        patch = folder / "repaired" / "script.patch"
        # Paths stay as the user's own folder would show them: relative to it.
        return json.loads(found.read_text().replace(f"{folder}{os.sep}", "")) | {
            "exit": code,
            "said": said.replace(f"{folder}{os.sep}", ""),
            "patch": patch.read_text() if patch.is_file() else None,
        }


def command(arguments: list[str], folder: Path, data: Path) -> None:
    """Be `netwright ARGUMENTS`, in a fork that has torch imported."""
    code = 1
    try:
        os.chdir(folder)
        os.environ.update(environment(data))
        said = os.open("said", os.O_WRONLY | os.O_CREAT)
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        os.dup2(said, 2)
        sys.argv = ["netwright", *arguments]
        from netwright.cli.main import main as netwright

        netwright()
        code = 0
    except SystemExit as leaving:
        code = leaving.code if isinstance(leaving.code, int) else 0
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def measured(script: Path, data: Path, interventions: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the metric that the script prints, of each of the twin's seeds."""
    metrics = []
    with tempfile.TemporaryDirectory() as name:
        shutil.copy(script, name)
        for seed in SEEDS:
            place = Place(Path(name), environment(data) | {"SEED": str(seed)})
            run = rerun(Script(script.name), place, interventions=interventions, seed=0)
            last = [line for line in run.stdout.splitlines() if line.strip()][-1:] or ["{}"]
            metric = json.loads(last[0]).get("metric") if last[0].startswith("{") else None
            metrics.append(float(metric) if isinstance(metric, int | float) else math.nan)
    return {"metrics": metrics}


def regained(after: float, twin: float, *, higher_is_better: bool) -> float:
    """Return the share of the twin's score; 0 where there is none."""
    if not math.isfinite(after):
        return 0.0
    share = after / twin if higher_is_better else twin / after if after > 0 else 1.0
    return max(min(share, 1.0), 0.0)


def mean(values: list[float]) -> float:
    return statistics.fmean(values)


def row_of(case: dict[str, str], found: dict[str, Any], metrics: list[float]) -> dict[str, Any]:
    """Return what the table and the JSON hold of a case."""
    higher = case["higher_is_better"] == "True"
    before = [float(v) for v in case["metrics_faulty"].split()]
    twin = mean([float(v) for v in case["metrics_fixed"].split()])
    after, was, proof = mean(metrics), mean(before), found["proof"]
    sign = 1.0 if higher else -1.0
    gap = (after - was) / (twin - was) if math.isfinite(was) else None
    accepted = case["fault_ids"].split(";")
    alarms = [f["fault"] for f in found["findings"] if f["severity"] != "info"]
    return {
        "case": case["case"],
        "fault": accepted[0],
        "source": case["source"],
        "alarms": alarms,
        "right_cause": bool(alarms) and alarms[0] in accepted,
        "remedies": proof["kept"] if proof else [],
        "proved": bool(proof and proof["kept"]),
        "metric": case["metric_name"],
        "before": finite(was),
        "after": finite(after),
        "twin": twin,
        "regained": round(regained(after, twin, higher_is_better=higher), 4),
        "gap_closed": finite(gap),
        "worse": math.isfinite(was) and sign * (after - was) < -0.005 * max(abs(was), 1.0),
        "finding_trainings": proof["cost"]["finding"] if proof else 0.0,
        "proof_trainings": proof["cost"]["proof"] if proof else 0.0,
        "score": proof["metric"] if proof else None,
        "notes": found["notes"],
        "exit": found["exit"],
    }  # fmt: skip


def finite(value: float | None) -> float | None:
    return round(value, 5) if value is not None and math.isfinite(value) else None


def line(row: dict[str, Any]) -> str:
    def number(value: float | None) -> str:
        return "    -  " if value is None else f"{value:7.4g}"

    good = "WORSE" if row["worse"] else "yes" if row["regained"] >= ENOUGH else "no"
    return (
        f"{row['case']} {row['fault'][:26]:26s} {'+'.join(row['remedies'])[:38] or '-':38s} "
        f"{number(row['before'])} {number(row['after'])} {number(row['twin'])} "
        f"{row['regained']:6.1%} {good:5s} {row['finding_trainings']:5.2f} "
        f"{row['proof_trainings']:5.1f}"
    )


def summary(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the figures of the issue's table."""
    mendable = [row for row in rows if row["fault"] not in WRONG_SCORE]

    def share(some: list[dict[str, Any]]) -> dict[str, Any]:
        good = sum(row["proved"] and row["regained"] >= ENOUGH for row in some)
        return {"repaired": good, "of": len(some)}

    spent = [row for row in rows if row["proof_trainings"]]
    return {
        "cases": len(rows),
        "proved": sum(row["proved"] for row in rows),
        "regained": share(mendable),
        "regained_seeded": share([r for r in mendable if r["source"] == "seeded"]),
        "regained_real": share([r for r in mendable if r["source"] != "seeded"]),
        "worse": [row["case"] for row in rows if row["worse"]],
        "finding_trainings_median": median([r["finding_trainings"] for r in spent]),
        "proof_trainings_median": median([r["proof_trainings"] for r in spent]),
        "proof_trainings_most": max([r["proof_trainings"] for r in spent], default=0.0),
    }


def median(values: list[float]) -> float:
    return round(statistics.median(values), 3) if values else 0.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--cases", type=Path, default=ROOT.parent / "shared" / "doctor_cases")
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data")
    parser.add_argument("--cells", type=Path, default=HERE.parent / "cells" / "repairs")
    parser.add_argument("--only", nargs="*", default=[], help="numbers or ids of cases")
    parser.add_argument("--show", action="store_true", help="of cells alone, nothing is run")
    parser.add_argument("--stale", action="store_true", help="take cells of earlier sources too")
    parser.add_argument("--out", type=Path, default=HERE.parents[1] / "results")
    given = parser.parse_args()
    if not given.show:
        preload()
        instead_of_interpreters_(Forks())
    data, cells, ours = given.data.resolve(), given.cells.resolve(), sources()
    with (given.cases / "key.csv").open() as file:
        faulty = [row for row in csv.DictReader(file) if row["role"] == "faulty"]
    faulty.sort(key=lambda row: float(row["seconds"]))
    rows = []
    for case in faulty:
        if given.only and case["case"] not in given.only and case["case"][5:] not in given.only:
            continue
        script = (given.cases / "cases" / f"{case['case']}.py").resolve()
        text = script.read_bytes()
        cell = cells / f"{script.stem}-{hashlib.sha256(text + ours.encode()).hexdigest()[:16]}.json"
        if given.stale and not cell.is_file():
            older = sorted(cells.glob(f"{script.stem}-*.json"), key=os.path.getmtime)
            cell = older[-1] if older else cell
        if given.show and not cell.is_file():
            continue
        found = kept(cell, lambda script=script: repair(script, data))
        proof = found["proof"]
        done = proof["changes"].get("interventions", []) if proof else []
        metrics = [float(v) for v in case["metrics_faulty"].split()]
        if done:
            key = hashlib.sha256(text + json.dumps(done, sort_keys=True).encode()).hexdigest()[:16]
            own = cells / "measured" / f"{script.stem}-{key}.json"
            if given.show and not own.is_file():
                continue
            metrics = kept(own, lambda s=script, d=done: measured(s, data, d))["metrics"]
        rows.append(row_of(case, found, metrics))
        print(line(rows[-1]), flush=True)
    figures = summary(rows)
    print(json.dumps(figures, indent=1))
    if not given.only:
        given.out.mkdir(parents=True, exist_ok=True)
        text_out = json.dumps({"figures": figures, "cases": rows}, indent=1) + "\n"
        (given.out / "doctor_repairs.json").write_text(text_out)


if __name__ == "__main__":
    main()
