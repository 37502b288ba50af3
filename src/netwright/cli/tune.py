"""`netwright tune`: from a source and a space to a folder with the best plan."""

import json
import sys
from typing import Any

from netwright.cli.options import parse_changes, parse_seconds
from netwright.data.options import READING, ReadOptions
from netwright.report.tune_progress import make_search_progress, values_line
from netwright.report.words import duration, metric_in_words, number
from netwright.tuning import TuneJob, training_command, tune_source

__all__ = ["run_tune"]

_SAME = (
    "source", "space", "out", "plan", "epochs", "method", "sampler", "trials", "storage", "workers",
    "pack", "device", "metric", "resume", "begun",
)  # fmt: skip
SHOWN = 5  # rows of the leaderboard at the end


def run_tune(given: dict[str, Any]) -> int:
    """Run the search that the flags describe; return the exit code (130 after Ctrl-C, when all so
    far is written)."""
    job = TuneJob(
        **{name: given[name] for name in _SAME},
        options=ReadOptions(**{name: given[name] for name in READING}),
        changes=parse_changes(given["set_"]),
        seconds=parse_seconds(given["time"]),
        name=given["study"],
        backend="ray" if given["ray"] else "processes",
        warm_start=tuple(given["warm_start"] or ()),
        num_threads=given["threads"],
    )
    progress = make_search_progress(
        sys.stderr if given["json"] else sys.stdout, seconds=job.seconds
    )
    try:
        tuned = tune_source(job, progress=progress)
    finally:
        progress.close()  # the live table is taken away before an error is printed
    if given["json"]:
        print(json.dumps(tuned.summary, ensure_ascii=False))
    elif tuned.study is None:
        print(f"{tuned.folder}: this study is finished; nothing was changed.")
    else:
        study = tuned.study
        done = f"{len(study.trials)} trials in {duration(study.seconds)}"
        print(f"{'Interrupted after' if study.interrupted else 'Tuned:'} {done}")
        for place, trial in enumerate(study.leaderboard(SHOWN), 1):
            score = f"{metric_in_words(study.metric)} {number(trial.score, 4)}"
            print(f"{place}. trial {trial.number:<4} {score}  {trial.state}  {values_line(trial)}")
        if study.leaderboard(1):
            print(f"The winner is {tuned.folder / 'plan.yaml'}, the report report.html beside it.")
            print(f"To train it and test it: {training_command(job, tuned.folder)}")
    return 130 if tuned.study is not None and tuned.study.interrupted else 0
