"""check(data, plan) -> Checks: the practitioner's list before training, in seconds."""

import time
from collections.abc import Callable

from netwright.check.build import case_of
from netwright.check.case import Case
from netwright.check.checks.class_balance import class_balance
from netwright.check.checks.duplicate_rows import duplicate_rows
from netwright.check.checks.giveaway_column import giveaway_column
from netwright.check.checks.gradients import gradients
from netwright.check.checks.initial_loss import initial_loss
from netwright.check.checks.input_scales import input_scales
from netwright.check.checks.input_values import input_values
from netwright.check.checks.label_noise import label_noise
from netwright.check.checks.outputs_and_loss import outputs_and_loss
from netwright.check.checks.overfit_one_batch import overfit_one_batch
from netwright.check.checks.row_independence import row_independence
from netwright.check.checks.split_shift import split_shift
from netwright.check.checks.train_and_eval import train_and_eval
from netwright.check.result import Check, Checks
from netwright.data.data import Data
from netwright.device import seeded, threads
from netwright.errors import UsageError
from netwright.plan.design import design
from netwright.plan.plan import Plan

__all__ = ["DATA_CHECKS", "NET_CHECKS", "check", "run_checks"]

DATA_CHECKS: tuple[Callable[[Case], Check], ...] = (
    input_values,
    duplicate_rows,
    giveaway_column,
    split_shift,
    label_noise,
    class_balance,
)
WITHOUT_ROWS = {"environment": "an environment to act in", "words": "a stream of words"}
# Each needs a loss that can be computed, which the first one finds out.
NET_CHECKS: tuple[Callable[[Case], Check], ...] = (
    outputs_and_loss,
    input_scales,
    initial_loss,
    gradients,
    overfit_one_batch,
    train_and_eval,
    row_independence,
)


def check(
    data: Data,
    plan: Plan | None = None,
    *,
    seed: int = 0,
    device: str = "auto",
    num_threads: int | None = None,
) -> Checks:
    """Look at data and net before training: leaks, labels, scales, the loss, gradients, one batch.

    plan: designed for the data where None is given; of a plan with members the first is looked at.
    Nothing of the data or the plan is changed. Large data is sampled, which the words then say.
    """
    begun = time.monotonic()
    if data.kind in WITHOUT_ROWS:
        raise UsageError(
            f"{data.source.name} is {WITHOUT_ROWS[data.kind]}: there are no rows whose inputs and "
            "targets could be checked before training. Train it: netwright train watches it."
        )
    with threads(num_threads), seeded(seed):  # what the nets draw is put back
        case = case_of(data, plan or design(data), seed=seed, device=device)
        found = run_checks(case)
    return Checks(tuple(found), data.source.name, time.monotonic() - begun)


def run_checks(case: Case) -> list[Check]:
    """Make all checks that the case has something for."""
    found = [_timed(one, case) for one in DATA_CHECKS if case.parts]
    impossible = case.step is None
    for one in NET_CHECKS:
        if impossible:
            break
        found.append(_timed(one, case))
        # The others need outputs that the loss can take.
        impossible = found[-1].name == "outputs-and-loss" and found[-1].status == "failed"
    return found


def _timed(one: Callable[[Case], Check], case: Case) -> Check:
    begun = time.monotonic()
    return one(case).timed(time.monotonic() - begun)
