"""Reruns of a script: in a child process, in a temporary copy of its working folder, trackers
offline, stdin closed, with its seeds shifted and interventions on its live objects."""

import contextlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from netwright.diagnose.finding import Finding
from netwright.doctor.script import Script
from netwright.doctor.working_copy import WorkingCopy, working_copy
from netwright.watch.trace import FILE, Trace

__all__ = ["Place", "Rerun", "rerun"]

MOST_OUTPUT = 2_000_000  # bytes of stdout that are read for a score, from its end


@dataclass(frozen=True)
class Place:
    """Where and with which environment the user called the script."""

    folder: Path
    environment: Mapping[str, str]


@dataclass(frozen=True)
class Rerun:
    """What came of it. exit: None where it was stopped at its limit of seconds. training,
    evaluation: measures (`watch/measured.py`) as {"name", "value", "higher_is_better"}. findings,
    trace: of a rerun that was watched."""

    exit: int | None
    steps: int
    seconds: float
    stdout: str
    stderr: str
    training: Mapping[str, Any] | None = None
    evaluation: Mapping[str, Any] | None = None
    notes: Sequence[str] = field(default_factory=tuple)
    findings: Sequence[Finding] = ()
    trace: Trace | None = None


def rerun(
    script: Script,
    place: Place,
    *,
    interventions: Sequence[Mapping[str, Any]] = (),
    seed: int,
    max_steps: int | None = None,
    seconds: float = 3600.0,
    watch: bool = False,
) -> Rerun:
    """Run the script once more, its seeds shifted by `seed`, for at most so many seconds; watch:
    say what is wrong with it."""
    with working_copy(place.folder) as copy:
        own = copy.folder.parent / "netwright-rerun"
        own.mkdir()
        job = {
            "script": script.name
            if script.is_module
            else str(copy.place(place.folder / script.name)),
            "arguments": list(script.arguments),
            "is_module": script.is_module,
            "interventions": list(interventions),
            "seed": seed,
            "max_steps": max_steps,
            "watch": watch,
            "protected": [str(copy.original), str((place.folder / script.name).resolve().parent)],
            "allowed": [str(copy.folder.parent)],
        }
        (own / "job.json").write_text(json.dumps(job), encoding="utf-8")
        began = time.perf_counter()
        environment = _environment(place, own)
        code = _run(copy, own, environment, seconds)
        spent = time.perf_counter() - began
        held: dict[str, Any] = {"steps": 0, "training": None, "evaluation": None}
        with contextlib.suppress(FileNotFoundError):  # it was stopped, or left by os._exit
            held = json.loads((own / "result.json").read_text(encoding="utf-8"))
        return Rerun(
            exit=code,
            steps=held["steps"],
            seconds=spent,
            stdout=_tail(own / "stdout"),
            stderr=_tail(own / "stderr"),
            training=held["training"],
            evaluation=held["evaluation"],
            notes=tuple(_notes(copy)),
            findings=[Finding.from_dict(found) for found in held.get("findings", ())],
            trace=Trace.load(own) if (own / FILE).is_file() else None,
        )


def _run(
    copy: WorkingCopy, own: Path, environment: Mapping[str, str], seconds: float
) -> int | None:
    command = [sys.executable, "-m", "netwright.doctor.child"]
    command += [str(own / "job.json"), str(own / "result.json")]
    with (own / "stdout").open("wb") as out, (own / "stderr").open("wb") as errors:
        process = subprocess.Popen(
            command, cwd=copy.folder, env=environment, stdin=subprocess.DEVNULL, stdout=out,
            stderr=errors,
        )  # fmt: skip
        try:
            return process.wait(timeout=seconds)
        except subprocess.TimeoutExpired:
            return None
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()


def _environment(place: Place, own: Path) -> dict[str, str]:
    """The user's, with trackers offline, figures undrawn and our own package to be found."""
    given = place.environment.get("PYTHONPATH", "").split(os.pathsep)
    paths = [str((place.folder / p).resolve()) for p in given if p]
    here = str(Path(__file__).resolve().parents[2])
    return dict(place.environment) | {
        "PYTHONPATH": os.pathsep.join(paths if here in paths else [*paths, here]),
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONHASHSEED": place.environment.get("PYTHONHASHSEED", "0"),
        "MPLBACKEND": "Agg",
        "WANDB_MODE": "offline",
        "WANDB_SILENT": "true",
        "WANDB_DIR": str(own),
        "MLFLOW_TRACKING_URI": (own / "mlruns").as_uri(),
        "HF_HUB_OFFLINE": "1",
        "TRANSFORMERS_OFFLINE": "1",
        "HF_DATASETS_OFFLINE": "1",
        "CLEARML_OFFLINE_MODE": "1",
        "NEPTUNE_MODE": "offline",
        "COMET_MODE": "offline",
    }


def _tail(path: Path) -> str:
    with path.open("rb") as file:
        file.seek(max(path.stat().st_size - MOST_OUTPUT, 0))
        return file.read().decode("utf-8", errors="replace")


def _notes(copy: WorkingCopy) -> Iterator[str]:
    if copy.linked:
        names = ", ".join(copy.linked[:5]) + (" ..." if len(copy.linked) > 5 else "")
        yield f"In the reruns' copy of the working folder {names} are links, to be read only."
    if copy.left:
        names = ", ".join(copy.left[:5]) + (" ..." if len(copy.left) > 5 else "")
        yield f"The reruns' copy of the working folder is without {names}."
