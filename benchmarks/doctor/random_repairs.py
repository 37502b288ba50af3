"""Random search beside `netwright doctor --fix`: the same interventions, drawn without a diagnosis.

    python benchmarks/doctor/random_repairs.py [--cells DIR] [--only NNN ...] [--show]

After `repairs.py`, whose cells it reads. For each case it may rerun the script as often, at full
length, as the doctor's finding and proof cost (at least FEWEST times), each time with one or two
interventions drawn from all there are, their sizes log-uniform; the one with the best score, by
which the doctor chooses too, is kept where it beats the script as it is. What it gave back is
judged as in repairs.py: by the script's own metric, on the seeds of its fixed twin. `--show` runs
nothing: it counts the cases whose cells are there.
"""

import argparse
import csv
import hashlib
import json
import math
import random
import tempfile
from collections.abc import Callable
from pathlib import Path
from shutil import copy
from typing import Any

from forked import Forks, instead_of_interpreters_, preload  # beside this file
from repairs import ENOUGH, HERE, ROOT, WRONG_SCORE, kept, mean, measured, regained
from scripts import environment

from netwright.doctor.rerun import Place, Rerun, rerun
from netwright.doctor.score import Score, score_of, score_source
from netwright.doctor.script import Script

FEWEST = 10
SEED = 8  # of the runs that are compared: no seed of a twin

Draw = Callable[[random.Random], dict[str, Any]]


def between(low: float, high: float) -> Callable[[random.Random], float]:
    """Return what draws log-uniformly."""
    return lambda rng: math.exp(rng.uniform(math.log(low), math.log(high)))


def sized(name: str, size: Callable[[random.Random], float]) -> Draw:
    return lambda rng: {name: size(rng)}


def nothing(rng: random.Random) -> dict[str, Any]:
    return {}


# Every intervention whose values do not come out of a diagnosis.
KNOBS: dict[str, Draw] = {
    "scale-lr": sized("factor", between(1e-3, 1e3)),
    "clip-gradient": sized("max_norm", between(0.1, 10)),
    "set-weight-decay": sized("value", between(1e-5, 1e-1)),
    "scale-loss": sized("factor", lambda rng: rng.choice([-1.0, between(1e-3, 1e3)(rng)])),
    "warm-up": lambda rng: {"steps": round(between(10, 300)(rng))},
} | dict.fromkeys(
    (
        "zero-grad", "hold-all", "unfreeze", "mean-of-rows", "reinitialize", "set-mode",
        "rows-apart", "normalize-layers", "batch-first", "standardize-inputs", "match-evaluation",
        "impute", "raw-outputs", "leaky-relu", "relu-inside", "stable-operations",
        "reshape-targets", "logits-of-outputs", "cross-entropy", "raw-binary", "class-weights",
        "robust-loss", "shuffle", "keep-graph",
    ),
    nothing,
)  # fmt: skip


def drawn(rng: random.Random) -> list[dict[str, Any]]:
    """Return one or two interventions."""
    names = rng.sample(sorted(KNOBS), rng.choice([1, 2]))
    return [{"name": name, "values": KNOBS[name](rng)} for name in names]


def searched(script: Path, data: Path, runs: int) -> dict[str, Any]:
    """Return the interventions that scored best in so many runs; none where none helped."""
    rng = random.Random(script.stem)
    with tempfile.TemporaryDirectory() as name:
        copy(script, name)
        place = Place(Path(name), environment(data))

        def run(interventions: list[dict[str, Any]]) -> Rerun:
            return rerun(
                Script(script.name), place, interventions=interventions, seed=SEED, seconds=600
            )

        plain = run([])
        settled = score_source(plain, None)
        if settled is None:
            return {"interventions": [], "tried": 1}
        sign = 1.0 if settled.higher_is_better else -1.0
        best, chosen = _worth(plain, settled, sign), []
        for _ in range(runs - 1):
            some = drawn(rng)
            worth = _worth(run(some), settled, sign)
            if worth > best:
                best, chosen = worth, some
    return {"interventions": chosen, "tried": runs}


def _worth(run: Rerun, settled: Score, sign: float) -> float:
    found = score_of(run, settled.source, None)
    same = found is not None and found.name == settled.name and math.isfinite(found.value)
    return sign * found.value if found is not None and same else -math.inf


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--cases", type=Path, default=ROOT.parent / "shared" / "doctor_cases")
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data")
    parser.add_argument("--cells", type=Path, default=HERE.parent / "cells" / "repairs")
    parser.add_argument("--only", nargs="*", default=[])
    parser.add_argument("--show", action="store_true", help="of cells alone, nothing is run")
    parser.add_argument("--out", type=Path, default=HERE.parents[1] / "results")
    given = parser.parse_args()
    told = {
        r["case"]: r for r in json.loads((given.out / "doctor_repairs.json").read_text())["cases"]
    }
    if not given.show:
        preload()
        instead_of_interpreters_(Forks())
    data, rows = given.data.resolve(), []
    with (given.cases / "key.csv").open() as file:
        faulty = [row for row in csv.DictReader(file) if row["case"] in told]
    for case in faulty:
        mine = told[case["case"]]
        if mine["fault"] in WRONG_SCORE or (given.only and case["case"] not in given.only):
            continue
        script = (given.cases / "cases" / f"{case['case']}.py").resolve()
        runs = max(round(mine["finding_trainings"] + mine["proof_trainings"]), FEWEST)
        key = hashlib.sha256(script.read_bytes() + f"{runs}".encode()).hexdigest()[:16]
        place = given.cells / "random" / f"{script.stem}-{key}.json"
        if given.show and not place.is_file():
            continue
        found = kept(place, lambda s=script, n=runs: searched(s, data, n))
        metrics = [float(v) for v in case["metrics_faulty"].split()]
        if done := found["interventions"]:
            own = place.with_suffix(".measured.json")
            metrics = kept(own, lambda s=script, d=done: measured(s, data, d))["metrics"]
        twin = mean([float(v) for v in case["metrics_fixed"].split()])
        higher = case["higher_is_better"] == "True"
        share = round(regained(mean(metrics), twin, higher_is_better=higher), 4)
        rows.append({"case": case["case"], "runs": runs, "kept": done, "regained": share})
        print(case["case"], runs, f"{share:.1%}", [one["name"] for one in done], flush=True)
    good = sum(row["regained"] >= ENOUGH and bool(row["kept"]) for row in rows)
    figures = {"cases": len(rows), "repaired": good}
    print(json.dumps(figures))
    if not given.only:
        text = json.dumps({"figures": figures, "cases": rows}, indent=1) + "\n"
        (given.out / "doctor_random_repairs.json").write_text(text)


if __name__ == "__main__":
    main()
