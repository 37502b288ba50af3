"""The doctor over seeded and real faults, their healthy twins and healthy hard controls.

    python benchmarks/doctor/suite.py [--subset] [--jobs 2] [--only WORD ...]

Each script runs once as `netwright doctor` runs it. A cell is kept under the digests of the script
and of our own sources. Scores: false alarms (an error or warning) on healthy runs, faults noticed,
right cause first (per fault and in all, with a table of confusions), the step at which it was
named, overhead. The figures go to benchmarks/results/doctor.json.
"""

import argparse
import contextlib
import hashlib
import io
import json
import statistics
import sys
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import controls
import real
import seeds
from programs import write
from trying import CELLS, ROOT, digest, environment, in_children, lay

RESULTS = ROOT / "benchmarks" / "results" / "doctor.json"
SUBSET = 12
# Other names for the same illness: what a seeded fault also is, whatever it was called when seeded.
ALSO = {
    "saturated-units": ("unscaled-inputs", "wrong-initialization"),
    "dying-relu": ("wrong-initialization", "learning-rate-too-high"),
    "vanishing-gradient": ("saturated-units",),
    "exploding-gradient": ("wrong-initialization", "learning-rate-too-high"),
    "learning-rate-too-high": ("exploding-gradient", "dying-relu"),
    "learning-rate-too-low": ("undertrained",),
    "undertrained": ("learning-rate-too-low",),
    "wrong-loss-reduction": ("learning-rate-too-high",),
    "unregistered-module": ("optimizer-missing-parameters",),
    "bad-input-values": ("unscaled-inputs", "numerical-instability"),
    "wrong-loss-for-task": ("output-loss-mismatch",),
    "output-loss-mismatch": ("wrong-loss-for-task",),
}
WITHIN_20_STEPS = (
    "output-loss-mismatch", "wrong-loss-for-task", "loss-broadcasting", "cross-sample-coupling",
    "missing-zero-grad", "optimizer-missing-parameters", "unregistered-module",
    "frozen-parameters", "disconnected-loss", "unscaled-inputs", "bad-input-values",
    "unshuffled-data", "wrong-initialization",
)  # fmt: skip


@dataclass(frozen=True)
class Case:
    name: str
    text: str
    role: str  # "seeded", "real", "twin" or "healthy"
    fault: str = ""
    also: tuple[str, ...] = ()  # other right names

    @property
    def ill(self) -> bool:
        return self.role in ("seeded", "real")


def cases() -> list[Case]:
    """All scripts: effective faults, each healthy twin once, the controls."""
    held = json.loads(seeds.EFFECTIVE.read_text())
    carriers = {p.name: p for p in seeds.CARRIERS}
    ill, healthy = [], {}
    for name, row in held.items():
        fault, carrier, which = name.split(".")
        faulty, twin = (write(p) for p in seeds.pairs(fault, carriers[carrier])[int(which)])
        if digest(faulty) != row["digest"]:
            raise SystemExit(
                f"{name} is written otherwise than when its effect was measured; "
                f"run benchmarks/doctor/seeds.py --fault {fault}."
            )
        ill.append(Case(name, faulty, "seeded", fault, ALSO.get(fault, ())))
        healthy[digest(twin)] = Case(f"twin.{digest(twin)}", twin, "twin")
    for script, ((fault, *also), _) in real.FIXES.items():
        faulty, twin = real.pair(script)
        name = f"real.{real.title(script)}"
        ill.append(Case(name, faulty, "real", fault, tuple(also)))
        healthy[digest(twin)] = Case(f"{name}.mended", twin, "twin")
    for script in real.HEALTHY:
        text = (real.FOLDER / f"{script}.py").read_text()
        healthy[digest(text)] = Case(f"healthy.{real.title(script)}", text, "healthy")
    for name, text in controls.healthy():
        healthy[digest(text)] = Case(name, text, "healthy")
    return ill + list(healthy.values())


def sources() -> str:
    """Digest of all of our code that judges."""
    import netwright

    home, found = Path(netwright.__file__).parent, hashlib.sha256()
    for room in ("watch", "diagnose", "doctor"):
        for path in sorted((home / room).rglob("*.py")):
            found.update(path.read_bytes())
    return found.hexdigest()[:12]


def cell(case: Case, ours: str) -> Path:
    return CELLS / "doctor" / f"{case.name}-{digest(case.text, ours)}.json"


def examined(case: Case) -> dict[str, Any]:
    """`netwright doctor` on the script, in this process."""
    from netwright.cli.main import main as command

    environment(0)
    script = lay(case.name, case.text)
    found = CELLS / "doctor" / f"{case.name}.found"
    printed, said = io.StringIO(), io.StringIO()
    sys.argv = ["netwright", "doctor", "--json", str(found), str(script)]
    with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(said):
        try:
            code = command()
        except SystemExit as ended:
            code = ended.code
    if not found.is_file():
        raise RuntimeError(f"the doctor ended with {code}: {said.getvalue()[-500:]}")
    result = json.loads(found.read_text())
    found.unlink()
    *_, last = printed.getvalue().strip().splitlines() or ["{}"]
    score = json.loads(last).get("metric") if last.startswith("{") else None
    return result | {"exit": code, "score": score}


def run(chosen: Iterable[Case], jobs: int) -> dict[str, dict[str, Any]]:
    ours = sources()
    chosen = list(chosen)
    for path in (cell(c, ours) for c in chosen):
        if path.is_file() and "error" in json.loads(path.read_text()):
            path.unlink()  # a run that broke is tried again
    in_children({cell(c, ours): (lambda c=c: examined(c)) for c in chosen}, at_once=jobs)  # type: ignore[misc]
    return {c.name: json.loads(cell(c, ours).read_text()) for c in chosen}


def alarms(result: dict[str, Any]) -> list[dict[str, Any]]:
    return [f for f in result.get("findings", []) if f["severity"] in ("error", "warning")]


def score(chosen: list[Case], results: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """The figures of results/doctor.json."""
    well = [c for c in chosen if not c.ill]
    false = {c.name: [f["fault"] for f in alarms(results[c.name])] for c in well}
    false = {name: named for name, named in false.items() if named}
    judged = [(c, alarms(results[c.name])) for c in chosen if c.ill]
    faults = sorted({c.fault for c, _ in judged})
    early = [step for c, found in judged if c.fault in WITHIN_20_STEPS for step in steps(c, found)]
    costs = [r["overhead"] for r in results.values() if "overhead" in r]
    return {
        "scripts": len(chosen),
        "broken": {n: r["error"] for n, r in results.items() if "error" in r},
        "healthy": {"runs": len(well), "false_alarms": len(false), "alarms": false},
        **{role: shares([j for j in judged if j[0].role == role]) for role in ("seeded", "real")},
        "named_within_20_steps": sum(s <= 20 for s in early) / max(1, len(early)),
        "overhead": {
            "median": statistics.median(costs) if costs else None,
            "worst": max(costs, default=None),
        },
        "faults": {f: of_fault([j for j in judged if j[0].fault == f]) for f in faults},
    }


Judged = tuple[Case, list[dict[str, Any]]]  # a faulty script and the alarms it raised


def first(found: list[dict[str, Any]]) -> str:
    return found[0]["fault"] if found else "-"


def right(case: Case, found: list[dict[str, Any]]) -> bool:
    return first(found) in (case.fault, *case.also)


def steps(case: Case, found: list[dict[str, Any]]) -> list[int]:
    """The step at which the right cause was named, if it was."""
    named = [f["step"] for f in found if f["fault"] in (case.fault, *case.also)]
    return [step for step in named if step is not None][:1]


def shares(judged: list[Judged]) -> dict[str, Any]:
    n = max(1, len(judged))
    return {
        "cases": len(judged),
        "noticed": sum(bool(found) for _, found in judged) / n,
        "cause_first": sum(right(*j) for j in judged) / n,
        "exact_first": sum(first(found) == case.fault for case, found in judged) / n,
    }


def of_fault(judged: list[Judged]) -> dict[str, Any]:
    """Counts for one fault, what was named first, and what was missed."""
    at = [step for j in judged for step in steps(*j)]
    return {
        "cases": len(judged),
        "noticed": sum(bool(found) for _, found in judged),
        "cause_first": sum(right(*j) for j in judged),
        "step": statistics.median(at) if at else None,
        "first": dict(Counter(first(found) for _, found in judged).most_common()),
        "missed": {
            c.name: [f["fault"] for f in found] for c, found in judged if not right(c, found)
        },
    }


def table(scores: dict[str, Any]) -> str:
    lines = [
        "healthy runs {runs}, false alarms {false_alarms}".format(**scores["healthy"]),
        *(f"    {name}: {', '.join(named)}" for name, named in scores["healthy"]["alarms"].items()),
        *(
            f"{role} {{cases}}: noticed {{noticed:.3f}}, right cause first {{cause_first:.3f}} "
            "(by the very name {exact_first:.3f})".format(**scores[role])
            for role in ("seeded", "real")
        ),
        f"overhead {scores['overhead']}",
        f"named within 20 steps: {scores['named_within_20_steps']:.2f}",
        f"{'fault':30s} {'n':>3s} {'seen':>4s} {'1st':>4s} {'step':>5s}  named first",
    ]
    for name, row in scores["faults"].items():
        named = ", ".join(f"{k} {v}" for k, v in row["first"].items())
        step = "-" if row["step"] is None else f"{row['step']:.0f}"
        counts = f"{row['cases']:3d} {row['noticed']:4d} {row['cause_first']:4d}"
        lines.append(f"{name:30s} {counts} {step:>5s}  {named}")
    lines += [f"broken: {name}: {error}" for name, error in scores["broken"].items()]
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--subset", action="store_true", help="a dozen scripts, for CI")
    parser.add_argument("--only", nargs="*", default=[], help="words in the names of cases")
    parser.add_argument("--out", type=Path, default=RESULTS)
    given = parser.parse_args()
    chosen = cases()
    if given.only:
        chosen = [c for c in chosen if any(word in c.name for word in given.only)]
    if given.subset:
        chosen = chosen[:: max(1, len(chosen) // SUBSET)][:SUBSET]
    scores = score(chosen, run(chosen, given.jobs))
    print(table(scores))
    if not given.only and not given.subset:
        given.out.write_text(json.dumps(scores, indent=1) + "\n")


if __name__ == "__main__":
    main()
