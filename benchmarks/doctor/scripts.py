"""Runs the doctor over a folder of verified training scripts and scores what it says.

    python benchmarks/doctor/scripts.py [--cases ../shared/doctor_cases] [--jobs 2] [--only NNN ...]

A cell (one script under the doctor) is kept in `--cells` under a digest of the script and of our
own sources, so that a run that was cut off goes on and an unchanged one costs nothing. Also checks
that the script printed the same with and without the doctor (`--neutral`). The cases' score.py
gives the figures: false alarms on healthy and fixed scripts, faults noticed, right cause first;
they go to benchmarks/results/doctor_scripts.json. Cases without a score.py (`fresh/first` and
`fresh/second`, written by somebody who had not read the rules) are counted here, into
doctor_fresh.json.
"""

import argparse
import csv
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve()
ROOT = HERE.parents[2]
RESULTS = ROOT / "benchmarks" / "results" / "doctor_scripts.json"
FRESH = RESULTS.with_name("doctor_fresh.json")
SEED = "0"


def sources() -> str:
    """Digest of all of our code that judges: a change of it makes every cell stale."""
    digest = hashlib.sha256()
    for room in ("watch", "diagnose", "doctor"):
        for path in sorted((ROOT / "src" / "netwright" / room).rglob("*.py")):
            digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


def environment(data: Path) -> dict[str, str]:
    return os.environ | {
        "SEED": SEED,
        "NETWRIGHT_DATA": str(data),
        "OMP_NUM_THREADS": "1",
        "PYTHONPATH": str(ROOT / "src"),
    }


def run(command: list[str], cwd: Path, data: Path) -> subprocess.CompletedProcess[str]:
    nice = ["nice", "-n", "19"] if shutil.which("nice") else []
    return subprocess.run(
        [*nice, sys.executable, *command], cwd=cwd, env=environment(data), text=True,
        capture_output=True, timeout=900,
    )  # fmt: skip


def plain(script: Path, cells: Path, data: Path) -> str:
    """What the script prints without us; kept once and for all."""
    key = hashlib.sha256(script.read_bytes()).hexdigest()[:12]
    cell = cells / "plain" / f"{script.stem}-{key}.txt"
    if not cell.is_file():
        cell.parent.mkdir(parents=True, exist_ok=True)
        cell.write_text(run([str(script)], script.parent, data).stdout)
    return cell.read_text()


def examine(script: Path, cells: Path, data: Path, ours: str) -> dict[str, Any]:
    key = hashlib.sha256(script.read_bytes() + ours.encode()).hexdigest()[:16]
    cell = cells / f"{script.stem}-{key}.json"
    if not cell.is_file():
        cells.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory() as folder:
            found = Path(folder) / "found.json"
            done = run(
                ["-m", "netwright.cli.main", "doctor", "--json", str(found), str(script)],
                script.parent, data,
            )  # fmt: skip
            if not found.is_file():
                raise RuntimeError(f"{script.name}: {done.stderr[-2000:]}")
            result = json.loads(found.read_text())
        cell.write_text(json.dumps(result | {"stdout": done.stdout}))
    return json.loads(cell.read_text())


def counted(key: dict[str, dict[str, str]], results: Path) -> dict[str, Any]:
    """Return the figures of cases whose key names the faults that may come first."""
    said = {case: json.loads((results / f"{case}.json").read_text())["findings"] for case in key}
    alarms = {
        case: [f["fault"] for f in found if f["severity"] != "info"] for case, found in said.items()
    }
    ill = [case for case, row in key.items() if row["role"] == "faulty"]
    well = [case for case in key if case not in ill]
    first = [c for c in ill if alarms[c] and alarms[c][0] in key[c]["fault_ids"].split(";")]
    return {
        "faulty": len(ill),
        "noticed": sum(bool(alarms[case]) for case in ill),
        "cause_first": len(first),
        "missed": {case: alarms[case] for case in ill if case not in first},
        "healthy": len(well),
        "alarms": {case: alarms[case] for case in well if alarms[case]},
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--cases", type=Path, default=ROOT.parent / "shared" / "doctor_cases")
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data")
    parser.add_argument("--cells", type=Path, default=HERE.parent / "cells")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--only", nargs="*", default=[], help="numbers or ids of cases")
    parser.add_argument("--neutral", action="store_true", help="compare stdout with a plain run")
    given = parser.parse_args()
    data, cells, ours = given.data.resolve(), given.cells.resolve(), sources()
    with (given.cases / "key.csv").open() as file:
        key = {row["case"]: row for row in csv.DictReader(file)}
    chosen = [c for c in key if not given.only or c in given.only or c[5:] in given.only]
    scripts = [(given.cases / "cases" / f"{case}.py").resolve() for case in chosen]

    def work(script: Path) -> dict[str, Any]:
        result = examine(script, cells, data, ours)
        if given.neutral:
            result["neutral"] = result["stdout"] == plain(script, cells, data)
        return result

    results = Path(tempfile.mkdtemp())
    with ThreadPoolExecutor(given.jobs) as pool:
        for case, result in zip(chosen, pool.map(work, scripts), strict=True):
            (results / f"{case}.json").write_text(json.dumps(result))
            alarms = [f["fault"] for f in result["findings"] if f["severity"] != "info"]
            wanted = key[case]["fault_ids"] or key[case]["role"]
            notes = " ".join(result["notes"])
            print(
                f"{case} {wanted[:44]:44s} {','.join(alarms) or '-':50s} "
                f"{result['overhead']:6.1%} {result['seconds']:5.1f} s"
                + ("" if result.get("neutral", True) else "  CHANGED")
                + (f"  {notes}" if notes else ""),
                flush=True,
            )
    if not given.only and not (given.cases / "score.py").is_file():
        table = json.loads(FRESH.read_text()) if FRESH.is_file() else {}
        table[given.cases.name] = table.get(given.cases.name, {}) | counted(key, results)
        FRESH.write_text(json.dumps(table, indent=1) + "\n")
    elif not given.only:
        score = [sys.executable, str(given.cases / "score.py"), str(results)]
        subprocess.run([*score, "--json", str(RESULTS)], check=True)
    shutil.rmtree(results)


if __name__ == "__main__":
    main()
