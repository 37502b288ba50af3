"""One rerun of a script, in a process of its own: `python -m netwright.doctor.child JOB RESULT`.

JOB is a JSON file (`rerun.py` writes it), RESULT is where the measures go.
"""

import json
import os
import sys
from pathlib import Path
from typing import Any

from netwright.doctor.script import Script
from netwright.doctor.seeding import shift_seeds_
from netwright.doctor.torch_import import when_torch_is_imported
from netwright.doctor.working_copy import protect_


def main(job_file: str, result_file: str) -> int:
    """Run it; return its exit code."""
    job: dict[str, Any] = json.loads(Path(job_file).read_text(encoding="utf-8"))
    script = Script(job["script"], job["arguments"], is_module=job["is_module"])
    process, watching = os.getpid(), []
    shift_seeds_(job["seed"])

    def watch() -> None:
        from netwright.watch.intervene import Intervention, intervene_
        from netwright.watch.measured import Measured
        from netwright.watch.patches import attach_

        measured = Measured(script.folder, max_steps=job["max_steps"])
        attach_(measured)  # first, and so inside: it measures what the interventions make of it
        intervene_(Intervention(one["name"], one["values"]) for one in job["interventions"])
        watching.append(measured)

    when_torch_is_imported(watch)
    protect_(job["protected"], allowed=job["allowed"])
    code = script.run()
    sys.stdout.flush()
    if os.getpid() != process:  # the script forked, and this is its child
        os._exit(code)
    result: dict[str, Any] = {"exit": code, "steps": 0, "training": None, "evaluation": None}
    for measured in watching:
        measures = {"training": measured.training(), "evaluation": measured.evaluation()}
        result["steps"] = measured.steps
        result |= {name: m.to_dict() if m else None for name, m in measures.items()}
    Path(result_file).write_text(json.dumps(result), encoding="utf-8")
    return code


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:3]))
