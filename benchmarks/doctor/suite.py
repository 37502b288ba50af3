"""The doctor over seeded faults, their healthy twins and healthy hard controls.

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
    role: str  # "faulty", "twin" or "healthy"
    fault: str = ""


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
        ill.append(Case(name, faulty, "faulty", fault))
        healthy[digest(twin)] = Case(f"twin.{digest(twin)}", twin, "twin")
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
    well = [c for c in chosen if c.role != "faulty"]
    false = {c.name: [f["fault"] for f in alarms(results[c.name])] for c in well}
    false = {name: named for name, named in false.items() if named}
    per_fault: dict[str, Any] = {}
    for case in chosen:
        if case.role != "faulty":
            continue
        named = alarms(results[case.name])
        first = named[0]["fault"] if named else "-"
        accepted = (case.fault, *ALSO.get(case.fault, ()))
        row = per_fault.setdefault(
            case.fault,
            {"cases": 0, "noticed": 0, "cause_first": 0, "exact_first": 0, "first": Counter(),
             "steps": [], "missed": {}},
        )  # fmt: skip
        row["cases"] += 1
        row["noticed"] += bool(named)
        row["cause_first"] += first in accepted
        row["exact_first"] += first == case.fault
        row["first"][first] += 1
        steps = [f["step"] for f in named if f["fault"] in accepted]
        row["steps"] += [step for step in steps if step is not None][:1]
        if first not in accepted:
            row["missed"][case.name] = [f["fault"] for f in named]
    total = sum(r["cases"] for r in per_fault.values()) or 1
    early = [s for f in WITHIN_20_STEPS for s in per_fault.get(f, {"steps": []})["steps"]]
    costs = [r["overhead"] for r in results.values() if "overhead" in r]
    return {
        "scripts": len(chosen),
        "broken": {n: r["error"] for n, r in results.items() if "error" in r},
        "healthy": {"runs": len(well), "false_alarms": len(false), "alarms": false},
        "seeded": {
            "cases": total,
            "noticed": sum(r["noticed"] for r in per_fault.values()) / total,
            "cause_first": sum(r["cause_first"] for r in per_fault.values()) / total,
            "exact_first": sum(r["exact_first"] for r in per_fault.values()) / total,
        },
        "named_within_20_steps": sum(s <= 20 for s in early) / max(1, len(early)),
        "overhead": {
            "median": statistics.median(costs) if costs else None,
            "worst": max(costs, default=None),
        },
        "faults": {
            name: row | {"step": statistics.median(row.pop("steps") or [-1])}
            for name, row in sorted(per_fault.items())
        },
    }


def table(scores: dict[str, Any]) -> str:
    lines = [
        "healthy runs {runs}, false alarms {false_alarms}".format(**scores["healthy"]),
        *(f"    {name}: {', '.join(named)}" for name, named in scores["healthy"]["alarms"].items()),
        "seeded {cases}: noticed {noticed:.3f}, right cause first {cause_first:.3f} "
        "(by the very name {exact_first:.3f})".format(**scores["seeded"]),
        f"overhead {scores['overhead']}",
        f"named within 20 steps: {scores['named_within_20_steps']:.2f}",
        f"{'fault':30s} {'n':>3s} {'seen':>4s} {'1st':>4s} {'step':>5s}  named first",
    ]
    for name, row in scores["faults"].items():
        first = ", ".join(f"{k} {v}" for k, v in row["first"].most_common())
        lines.append(f"{name:30s} {row['cases']:3d} {row['noticed']:4d} {row['cause_first']:4d} "
                     f"{row['step']:5.0f}  {first}")  # fmt: skip
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
