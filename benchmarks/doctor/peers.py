"""Other tools over the same scripts: torchmortem, torch-audit, training-doctor, mldoct, and sets of
published rules (`published.py`).

    bash benchmarks/doctor/peers.sh                                    # once
    benchmarks/doctor/.peers/bin/python benchmarks/doctor/peers.py [--only WORD ...] [--each 5]

They need a loop instrumented by hand, so each script that is written from a Program gets the lines
of `watched.py` (scripts that exist as text alone are left out). A finding counts as the right cause
if any id that its words may generously mean is right. Figures go to results/doctor_peers.json, with
netwright's over the same scripts, from what suite.py wrote. Eight tools on one script take eight
seconds: `--each N` takes every N-th script of a fault and every N-th healthy one.
"""

import argparse
import contextlib
import io
import json
import runpy
import sys
from dataclasses import replace
from typing import Any

import controls
import seeds
from programs import Program, write
from suite import ALSO, RESULTS, Case, alarms
from trying import CELLS, HERE, digest, environment, in_children, lay

OUT = RESULTS.with_name("doctor_peers.json")
TOOLS = (
    "torchmortem", "torch-audit", "torch-audit-correctness", "training-doctor", "mldoct",
    "sagemaker-rules", "deepdiagnosis-rules", "umlaut-rules",
)  # fmt: skip
RULES = ("watched.py", "published.py")  # whose text is part of a cell's name


def instrumented(p: Program) -> str:
    """The script with the lines that these tools ask for."""
    plain = not (p.before_forward or p.before_loss or "$t[" in p.loss)
    judge = "with torch.no_grad():\n    $out, $t = $model($xb), $yb\n    watched.epoch(({}).item())"
    epoch = judge.format(p.loss) if plain else "watched.epoch()"
    return write(
        replace(
            p,
            imports=(*p.imports, "import watched"),
            after_optimizer=f"{p.after_optimizer}\nwatched.start($model, $opt)",
            after_step=f"{p.after_step}\nwatched.step($loss.item())",
            after_epoch=f"{epoch}\n{p.after_epoch}",
        )
    )


def cases() -> list[tuple[Case, str]]:
    """(case, instrumented script)."""
    carriers = {p.name: p for p in seeds.CARRIERS}
    made: list[tuple[Case, str]] = []
    healthy: dict[str, tuple[Case, str]] = {}
    for name, row in json.loads(seeds.EFFECTIVE.read_text()).items():
        fault, carrier, which = name.split(".")
        ill, twin = seeds.pairs(fault, carriers[carrier])[int(which)]
        case = Case(name, write(ill), "seeded", row["fault"], ALSO.get(fault, ()))
        made.append((case, instrumented(ill)))
        text = write(twin)
        healthy[text] = (Case(f"twin.{digest(text)}", text, "twin"), instrumented(twin))
    for carrier_of, control, _ in controls.changed():
        text = write(control)
        healthy[text] = (Case(carrier_of, text, "healthy"), instrumented(control))
    return made + list(healthy.values())


def examined(case: Case, text: str) -> dict[str, Any]:
    """One watched run; what each tool found, in its order."""
    environment(0)
    script = lay(f"watched.{case.name}", text)
    plain = lay(case.name, case.text)
    sys.path.insert(0, str(HERE))
    silent = io.StringIO()
    error = None
    with contextlib.redirect_stdout(silent), contextlib.redirect_stderr(silent):
        import watched

        try:
            runpy.run_path(str(script), run_name="__main__")
        except Exception as problem:
            error = f"{type(problem).__name__}: {problem}"
        found = watched.found(plain)
    return {"tools": found} | ({"stopped": error} if error else {})


def score(tool: str, run: list[tuple[Case, dict[str, Any]]]) -> dict[str, Any]:
    """False alarms, noticed, right cause first for one tool."""
    named = [(c, alarms({"findings": r.get("tools", {}).get(tool, [])})) for c, r in run]
    well = [found for c, found in named if not c.ill]
    ill = [(c, found) for c, found in named if c.ill]
    first = sum(bool(f) and bool({c.fault, *c.also} & set(f[0]["also"])) for c, f in ill)
    return {
        "healthy": len(well),
        "false_alarms": sum(map(bool, well)),
        "cases": len(ill),
        "noticed": sum(bool(f) for _, f in ill) / max(1, len(ill)),
        "cause_first": first / max(1, len(ill)),
    }


def sampled(pairs: list[tuple[Case, str]], each: int) -> list[tuple[Case, str]]:
    """Every so-manieth of each fault and of the healthy ones, in the order of their names."""
    groups: dict[str, list[tuple[Case, str]]] = {}
    for pair in sorted(pairs, key=lambda pair: pair[0].name):
        groups.setdefault(pair[0].fault, []).append(pair)
    return [pair for group in groups.values() for pair in group[::each]]


def ours(chosen: list[Case]) -> dict[str, Any]:
    """netwright's figures over the same scripts."""
    told = json.loads(RESULTS.read_text())
    missed = {
        name: found for row in told["faults"].values() for name, found in row["missed"].items()
    }
    ill = [case.name for case in chosen if case.ill]
    well = [case.name for case in chosen if not case.ill]
    return {
        "healthy": len(well),
        "false_alarms": sum(name in told["healthy"]["alarms"] for name in well),
        "cases": len(ill),
        "noticed": sum(missed.get(name, [name]) != [] for name in ill) / max(1, len(ill)),
        "cause_first": sum(name not in missed for name in ill) / max(1, len(ill)),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--only", nargs="*", default=[], help="words in the names of cases")
    parser.add_argument("--each", type=int, default=1)
    given = parser.parse_args()
    chosen = [
        pair
        for pair in sampled(cases(), given.each)
        if not given.only or any(word in pair[0].name for word in given.only)
    ]
    rules = "".join((HERE / name).read_text() for name in RULES)
    held = {
        case: CELLS / "peers" / f"{case.name}-{digest(text, rules)}.json" for case, text in chosen
    }
    tasks = {held[c]: (lambda c=c, t=t: examined(c, t)) for c, t in chosen}  # type: ignore[misc]
    in_children(tasks, at_once=given.jobs)
    run = [(case, json.loads(path.read_text())) for case, path in held.items()]
    broken = {c.name: r["error"] for c, r in run if "error" in r}
    scores = {tool: score(tool, [(c, r) for c, r in run if "error" not in r]) for tool in TOOLS}
    scores["netwright, the same scripts"] = ours([case for case, r in run if "error" not in r])
    for tool, row in scores.items():
        print(f"{tool:26s} {row}")
    for name, error in broken.items():
        print(f"broken: {name}: {error}")
    if not given.only:
        OUT.write_text(
            json.dumps({"each": given.each, "tools": scores, "broken": broken}, indent=1) + "\n"
        )


if __name__ == "__main__":
    main()
