"""`netwright doctor`: runs a script once, watched, and says what is wrong with its training; with
`--fix` it is rerun with remedies, and what helps is proved."""

import csv
import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from netwright.doctor.examine import Examination, examine
from netwright.doctor.script import Script
from netwright.errors import UsageError


@dataclass(frozen=True)
class Fix:
    """What `--fix` was asked: seeds of the proof, and the pattern of `--score`."""

    seeds: int = 5
    score: str | None = None


def run_doctor(
    arguments: list[str],
    *,
    is_module: bool,
    json_file: str | None,
    steps: int | None,
    out: str | None,
    sarif_file: str | None,
    fix: Fix | None = None,
) -> int:
    """Examine what `arguments` names; return the exit code."""
    if not arguments:
        raise UsageError("The doctor needs SCRIPT.py, -m MODULE or a run folder.")
    if steps is not None and steps < 1:
        raise UsageError(f"--steps is {steps}; expected at least 1.")
    name, rest = arguments[0], arguments[1:]
    # The script may change directory: our own files are where the command was given.
    files = [None if f is None else Path(f).resolve() for f in (json_file, sarif_file, out)]
    if not is_module and Path(name).is_dir() and (Path(name) / "findings.json").is_file():
        if fix is not None:
            raise UsageError(
                f"--fix needs a script; {name!r} is a run folder. Use `netwright repair {name}`."
            )
        if rest:
            raise UsageError(
                f"{name!r} is a run folder, which takes no arguments, but {' '.join(rest)!r} "
                "follows it. Options of the doctor stand before it: netwright doctor --json FILE "
                f"{name}."
            )
        result = _of_run(Path(name))
    else:
        if not is_module and not Path(name).is_file():
            raise UsageError(
                f"There is no {name!r}; expected a Python script, `-m MODULE` or a run folder "
                "with findings.json."
            )
        script = Script(name, rest, is_module=is_module)
        if fix is not None:
            return _fixed(script, steps, fix, files)
        result = examine(script, max_steps=steps, save=_saver(files[2]))
    _write(result, *files)
    return result.exit_code


def _fixed(script: Script, steps: int | None, fix: Fix, files: list[Path | None]) -> int:
    """Examine the script, then try remedies; Ctrl-C ends that and keeps what is proved by then."""
    from netwright.repair.fix_script import FixJob, check_job, fix_script

    here, environment = Path.cwd(), dict(os.environ)
    json_file, sarif_file, out = files
    job = FixJob(script, here, environment, seeds=fix.seeds, score=fix.score, out=out)
    check_job(job)
    traces: list[Any] = []
    keep = _saver(out)

    def save(found: list[Any]) -> None:
        traces.extend(found)
        keep(found)

    result = examine(script, max_steps=steps, save=save)
    os.chdir(here)  # the script may have gone elsewhere
    stopped = False
    if result.verdict == "faulty" and traces:
        stopped, out = fix_script(job, result, traces[0], say=_say)
    _write(result, json_file, sarif_file, out)
    return 130 if stopped else result.exit_code


def _say(text: str) -> None:
    print(f"netwright doctor: {text}", file=sys.stderr, flush=True)


def _saver(out: Path | None) -> Any:
    def save(traces: list[Any]) -> None:
        if out is not None:
            for number, trace in enumerate(traces):
                trace.save(out if number == 0 else out / f"learner-{number}")

    return save


def _of_run(folder: Path) -> Examination:
    from netwright.diagnose.finding import Finding

    held = json.loads((folder / "findings.json").read_text(encoding="utf-8"))
    findings = [Finding.from_dict(values) for values in held["findings"]]
    return Examination(
        held.get("script", str(folder)),
        held.get("script_exit", 0),
        steps=held.get("steps", 0) or _steps_of(folder / "history.csv"),
        findings=findings,
        notes=_notes_of(folder / "metrics.json"),
        kept=True,
    )


def _steps_of(history: Path) -> int:
    """Return how many steps a run of `train` took, by its last epoch; 0 where it does not say."""
    if not history.is_file():
        return 0
    with history.open(encoding="utf-8", newline="") as file:
        steps = [row.get("step") or "" for row in csv.DictReader(file)]
    return int(steps[-1]) if steps and steps[-1].isdigit() else 0


def _notes_of(metrics: Path) -> list[str]:
    """What the test rows say of a run: watching finds no fault in a net that is merely poor."""
    if not metrics.is_file():
        return []
    said = json.loads(metrics.read_text(encoding="utf-8")).get("verdict")
    return [f"on the test rows: {said}"] if said else []


def _write(
    result: Examination, json_file: Path | None, sarif_file: Path | None, out: Path | None
) -> None:
    from netwright.doctor.sarif import sarif
    from netwright.doctor.summary import summary
    from netwright.run_folder import write_json

    if json_file is not None:
        write_json(json_file, result.to_dict())
    if sarif_file is not None:
        write_json(sarif_file, sarif(result))
    if out is not None:
        out.mkdir(parents=True, exist_ok=True)
        write_json(out / "findings.json", result.to_dict())
    print(summary(result), file=sys.stderr)
