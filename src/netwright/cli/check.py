"""`netwright check`: what to know before training, of a data source or of a script."""

import json
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from netwright.cli.options import parse_changes
from netwright.errors import UsageError

if TYPE_CHECKING:
    from netwright.check.result import Checks

__all__ = ["run_check"]

STEPS = 60
SECONDS = 15.0  # of a script's training
_OF_SOURCES = ("target", "task", "test", "time_column", "group", "horizon", "split",
               "unlabelled", "order", "plan", "set_", "threads")  # fmt: skip


def run_check(given: dict[str, Any]) -> int:
    """Check the source or script that the flags describe; return the exit code: 10 where a check
    failed."""
    folder = _folder(given["out"])
    found = _of_script(given) if _is_script(given["source"]) else _of_source(given)
    from netwright.check.text import to_text

    written = json.dumps(found.to_dict(), ensure_ascii=False)
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "checks.json").write_text(written + "\n", encoding="utf-8")
    print(written if given["json"] else to_text(found))
    return found.exit_code


def _of_source(given: dict[str, Any]) -> "Checks":
    from netwright.check.check import check
    from netwright.data.options import READING
    from netwright.data.read import read
    from netwright.plan.design import design
    from netwright.plan.plan import Plan

    if given["arguments"] or given["steps"] is not None:
        raise UsageError(
            f"--steps and arguments are for a script; {given['source']!r} is no .py file."
        )
    data = read(given["source"], **{name: given[name] for name in READING})
    plan = Plan.load(given["plan"]) if given["plan"] else design(data)
    plan = plan.with_(parse_changes(given["set_"]))
    return check(
        data, plan, seed=given["seed"], device=given["device"], num_threads=given["threads"]
    )


def _is_script(source: str) -> bool:
    return source.endswith(".py")


def _of_script(given: dict[str, Any]) -> "Checks":
    from netwright.doctor.examine import observe
    from netwright.doctor.script import Script

    wrong = [name.strip("_").replace("_", "-") for name in _OF_SOURCES if given[name]]
    if wrong:
        raise UsageError(f"--{wrong[0]} is for a data source; a script chooses that itself.")
    steps = given["steps"] if given["steps"] is not None else STEPS
    if steps < 1:
        raise UsageError(f"--steps is {steps}; expected at least 1.")
    if not Path(given["source"]).is_file():
        raise UsageError(f"There is no {given['source']!r}; expected a Python script or data.")
    began, here = time.perf_counter(), Path.cwd()
    script = Script(given["source"], given["arguments"] or [])
    with _output_on_stderr():
        code, observer = observe(script, max_steps=steps, max_seconds=SECONDS)
    os.chdir(here)  # the script may have gone elsewhere
    # Only here may torch be imported: the script comes first, and chooses its switches.
    from netwright.check.script import check_training

    return check_training(
        observer, name=script.name, script_exit=code, seed=given["seed"], began=began
    )


@contextmanager
def _output_on_stderr() -> Iterator[None]:
    """Send what the script writes to stdout, and its children, to stderr: stdout is the checks'."""
    shown = sys.stdout
    shown.flush()
    kept = os.dup(1)
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    try:
        yield
    finally:
        sys.stdout = shown
        os.dup2(kept, 1)
        os.close(kept)


def _folder(out: str | None) -> Path | None:
    if out is None:
        return None
    folder = Path(out).resolve()
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UsageError(
            f"--out {out!r} is no empty folder, and was left untouched. Give another --out."
        )
    return folder
