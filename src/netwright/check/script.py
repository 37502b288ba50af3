"""check_training(...) -> Checks: the practitioner's list, asked of a script's first steps.

The script runs once, as it is, under the doctor's observer, and is stopped after a few steps. What
it left (batches that can be run again, copies of the nets as they began) is asked the same
questions as a source: `on_scripts/` has a file a question.
"""

import time
from collections.abc import Callable, Sequence

from netwright.check.on_scripts.gradients import gradients
from netwright.check.on_scripts.initial_loss import initial_loss
from netwright.check.on_scripts.input_scales import input_scales
from netwright.check.on_scripts.input_values import input_values
from netwright.check.on_scripts.labels import class_balance, label_noise
from netwright.check.on_scripts.leaks import duplicate_rows, giveaway_column, split_shift
from netwright.check.on_scripts.outputs_and_loss import outputs_and_loss
from netwright.check.on_scripts.overfit_one_batch import overfit_one_batch
from netwright.check.on_scripts.parameters import parameters
from netwright.check.on_scripts.row_independence import row_independence
from netwright.check.on_scripts.shuffling import shuffling
from netwright.check.on_scripts.train_and_eval import train_and_eval
from netwright.check.on_scripts.zero_grad import zero_grad
from netwright.check.result import Check, Checks
from netwright.check.seen import Seen, seen_of
from netwright.watch.observer import Observer

__all__ = ["SCRIPT_CHECKS", "check_training", "run_script_checks"]

SCRIPT_CHECKS: tuple[Callable[[Seen], Check], ...] = (
    input_values,
    duplicate_rows,
    giveaway_column,
    split_shift,
    label_noise,
    class_balance,
    shuffling,
    outputs_and_loss,
    input_scales,
    initial_loss,
    gradients,
    parameters,
    zero_grad,
    overfit_one_batch,
    train_and_eval,
    row_independence,
)
MOST_LEARNERS = 3
_GRAVER = ("failed", "warning", "info", "passed", "skipped")


def check_training(
    observer: Observer | None, *, name: str, script_exit: int = 0, seed: int = 0, began: float
) -> Checks:
    """Answer every question from what was watched. observer: None where torch was never imported.
    began: time.perf_counter() when the script was started.

    Where a script trains several nets, the gravest answer of the first few counts.
    """
    notes = []
    steps = 0 if observer is None else observer.steps
    learners = [] if observer is None else observer.learners
    if observer is not None and observer.trouble is not None:
        kind = type(observer.trouble).__name__
        notes.append(f"Watching ended early by a bug of ours ({kind}: {observer.trouble}).")
    if script_exit:
        notes.append(f"The script failed (exit {script_exit}) after {steps} steps.")
    if not steps:
        notes.append(
            "No training was seen: no optimizer step of torch after a backward. `netwright check` "
            "takes a data source or a script that trains."
        )
    if len(learners) > MOST_LEARNERS:
        notes.append(f"The first {MOST_LEARNERS} of {len(learners)} trainings were looked at.")
    found: list[Sequence[Check]] = []
    for learner in learners[:MOST_LEARNERS]:
        seen = seen_of(learner, seed=seed)
        if seen.kept is None:
            notes.append("No step was kept that can be run again: few checks can be made.")
        found.append(run_script_checks(seen))
    gravest = [
        min(of_one, key=lambda c: _GRAVER.index(c.status)) for of_one in zip(*found, strict=True)
    ]
    return Checks(
        tuple(gravest), name, time.perf_counter() - began, script_exit, steps, tuple(notes)
    )


def run_script_checks(seen: Seen) -> list[Check]:
    """Ask every question of one training."""
    return [_asked(one, seen) for one in SCRIPT_CHECKS]


def _asked(one: Callable[[Seen], Check], seen: Seen) -> Check:
    begun = time.perf_counter()
    try:
        found = one(seen)
    except Exception as error:  # the user's own code may refuse another batch, mode or dtype
        said = (str(error).splitlines() or [""])[0][:120]
        words = f"the step could not be run again on a copy ({type(error).__name__}: {said})"
        found = Check(name=one.__name__.replace("_", "-"), status="skipped", words=words)
    return found.timed(time.perf_counter() - begun)
