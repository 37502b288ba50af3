"""`netwright repair`: from a run folder with findings to a mended one with its proof."""

import json
import sys

from netwright.repairing import RepairJob, repair_folder
from netwright.report.progress import make_progress

__all__ = ["run_repair"]


def run_repair(
    run: str,
    *,
    seeds: int,
    out: str | None,
    device: str,
    threads: int | None,
    as_json: bool,
    begun: float,
) -> int:
    """Repair the run; return the exit code (130 after Ctrl-C in the last training)."""
    job = RepairJob(run=run, seeds=seeds, out=out, device=device, num_threads=threads, begun=begun)
    # With --json stdout holds one object alone: progress goes to stderr.
    progress = make_progress(sys.stderr if as_json else sys.stdout)
    try:
        repaired = repair_folder(job, progress=progress)
    finally:
        close = getattr(progress, "close", None)
        if close is not None:  # the live table is taken away before an error is printed
            close()
    made = repaired.made
    if as_json:
        folder = str(repaired.folder) if repaired.folder else None
        print(json.dumps(dict(repaired.proof) | {"folder": folder}, ensure_ascii=False))
    else:
        if made is not None and made.report is not None:
            from netwright.report.text import print_report  # draws: slow to import

            print_report(made.report, sys.stdout)
        print(repaired.said)
        if repaired.folder is not None:
            print(f"The proof: {repaired.folder / 'proof.json'}")
    return 130 if made is not None and made.run is not None and made.run.interrupted else 0
