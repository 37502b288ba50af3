"""`netwright train`: from a source to a run folder."""

import json
import sys
from typing import Any

from netwright.cli.options import parse_changes, parse_seconds
from netwright.data.options import READING, ReadOptions
from netwright.making import Job, make
from netwright.report.progress import make_progress

__all__ = ["run_train"]


def run_train(given: dict[str, Any]) -> int:
    """Run the job that the flags describe; return the exit code (130 after Ctrl-C, when all so far
    is written)."""
    job = Job(
        source=given["source"],
        options=ReadOptions(**{name: given[name] for name in READING}),
        out=given["out"],
        plan=given["plan"],
        init_from=given.get("model"),
        changes=parse_changes(given["set_"]) | _freezing(given.get("freeze")),
        seconds=parse_seconds(given["time"]),
        epochs=given["epochs"],
        members=given["members"],
        device=given["device"],
        num_threads=given["threads"],
        metric=given["metric"],
        resume=given["resume"],
        begun=given["begun"],
    )
    # With --json stdout holds one object alone: progress goes to stderr.
    stream = sys.stderr if given["json"] else sys.stdout
    progress = make_progress(stream, seconds=job.seconds)
    try:
        made = make(job, progress=progress)
    finally:
        close = getattr(progress, "close", None)
        if close is not None:  # the live table is taken away before an error is printed
            close()
    if given["json"]:
        print(json.dumps(made.metrics, ensure_ascii=False))
    elif made.report is not None:
        from netwright.report.text import print_report  # draws: slow to import

        print_report(made.report, sys.stdout)
    else:
        print(f"{made.folder}: this run is finished; nothing was changed.")
    return 130 if made.run is not None and made.run.interrupted else 0


def _freezing(policy: str | None) -> dict[str, Any]:
    """Return the plan field that --freeze sets."""
    return {} if policy is None else {"recipe.freeze": policy}
