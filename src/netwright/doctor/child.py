"""One rerun of a script, in a process of its own: `python -m netwright.doctor.child JOB RESULT`.

JOB is a JSON file (`rerun.py` writes it), RESULT is where the measures go; where the job says
"watch", what is wrong goes there too, and the trace beside it.
"""

import json
import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from netwright.doctor.script import Script
from netwright.doctor.seeding import shift_seeds_
from netwright.doctor.torch_import import when_torch_is_imported
from netwright.doctor.working_copy import protect_

if TYPE_CHECKING:
    from netwright.watch.observer import Observer


def main(job_file: str, result_file: str) -> int:
    """Run it; return its exit code."""
    job: dict[str, Any] = json.loads(Path(job_file).read_text(encoding="utf-8"))
    script = Script(job["script"], job["arguments"], is_module=job["is_module"])
    process, watching = os.getpid(), []
    observed: list[Any] = []  # the context that watches, and its observer
    began = time.perf_counter()
    shift_seeds_(job["seed"])

    def watch() -> None:
        from netwright.watch.comparisons import attach_comparisons_
        from netwright.watch.intervene import Intervention, intervene_
        from netwright.watch.measured import Measured
        from netwright.watch.patches import attach_
        from netwright.watch.rewire import around_nets

        measured = Measured(script.folder, max_steps=job["max_steps"])
        attach_comparisons_(measured)
        attach_(measured)  # first, and so inside: it measures what the interventions make of it
        if job["watch"]:
            from netwright.watch.observer import watch_any

            context = watch_any(script.folder, max_steps=None)
            observed[:] = [context, context.__enter__()]
        intervene_(Intervention(one["name"], one["values"]) for one in job["interventions"])
        if job["interventions"]:
            around_nets(after=measured.answered_otherwise)  # last, and so outside
        watching.append(measured)

    when_torch_is_imported(watch)
    protect_(job["protected"], allowed=job["allowed"])
    code = script.run()
    sys.stdout.flush()
    if observed:
        observed[0].__exit__(None, None, None)
    if os.getpid() != process:  # the script forked, and this is its child
        os._exit(code)
    result: dict[str, Any] = {"exit": code, "steps": 0, "training": None, "evaluation": None}
    for measured in watching:
        measures = {"training": measured.training(), "evaluation": measured.evaluation()}
        result["steps"] = measured.steps
        result |= {name: m.to_dict() if m else None for name, m in measures.items()}
    if observed:
        result["findings"] = _findings(observed[1], time.perf_counter() - began, result_file)
    Path(result_file).write_text(json.dumps(result), encoding="utf-8")
    return code


def _findings(observer: "Observer", seconds: float, result_file: str) -> list[dict[str, Any]]:
    """Judge what was seen, leave the trace of the first training, return the findings."""
    from netwright.doctor.examine import Examination, judge

    examination = Examination("", 0)
    judge(observer, examination, seconds)
    if observer.learners:
        observer.learners[0].trace.save(Path(result_file).parent)
    return [finding.to_dict() for finding in examination.findings]


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:3]))
