"""fit(plan, data) -> Run: the one training loop, for every objective."""

import logging
from pathlib import Path

import torch

from netwright.data.data import Data
from netwright.data.set_aside import WITHOUT_LABELS
from netwright.data.task import Form
from netwright.device import choose_device, seeded, threads
from netwright.errors import UsageError
from netwright.plan.plan import Plan
from netwright.train.building import completed
from netwright.train.members import check_members, fit_members
from netwright.train.run import Run
from netwright.train.training import Progress, Training

__all__ = ["Progress", "check_averages", "fit"]

# Forms whose answers have no mean that is an answer.
WITHOUT_AVERAGES = (*WITHOUT_LABELS, "masked-language-modelling", "multi-task")

log = logging.getLogger("netwright")


def fit(
    plan: Plan,
    data: Data,
    *,
    out: str | Path | None = None,
    seed: int = 0,
    order_seed: int | None = None,
    device: str = "auto",
    num_threads: int | None = None,
    seconds: float | None = None,
    epochs: int | None = None,
    metric: str | None = None,
    resume: bool = False,
    progress: Progress | None = None,
) -> Run:
    """Train the plan's net on the data and return the Run, watched and calibrated, with its best
    weights.

    seed: of weights and dropout, and of the order and augmentation of batches unless order_seed is
    given. out: run folder for events, trace and checkpoints; None keeps all in memory. seconds:
    bound on training; the schedule is fitted to it. metric: what early stopping and best weights go
    by. resume: go on from out/checkpoint. Raises TrainingError where no epoch gave finite numbers.
    """
    place = choose_device(device)
    folder = Path(out) if out is not None else None
    if epochs is not None:
        plan = plan.with_({"recipe.epochs": epochs})
    check_averages(plan, data.task.form)
    if plan.members is not None:
        return fit_members(
            completed(plan, data), data, out=folder, seed=seed, device=device,
            num_threads=num_threads, seconds=seconds, metric=metric, resume=resume,
            progress=progress,
        )  # fmt: skip
    while True:
        with seeded(seed), threads(num_threads):
            training = Training(
                plan, data, folder, seed, place, seconds, metric, progress, order_seed=order_seed
            )
            training.threads_given = num_threads is not None
            try:
                return training.run(resume=resume)
            except torch.OutOfMemoryError:
                size = training.batch_size
                if size <= 1:
                    raise
        smaller = {
            "recipe.batch_size": size // 2,
            "recipe.accumulate": plan.recipe.accumulate * 2,
        }
        plan = plan.with_(smaller, why=f"a batch of {size} did not fit into {place}'s memory")
        log.warning("out of memory at batch size %d: halved, with accumulation", size)


def check_averages(plan: Plan, form: Form) -> None:
    """Refuse members and averages of weights where the form has none (UsageError)."""
    if plan.members is not None:
        check_members(form)
    if form not in WITHOUT_AVERAGES:
        return
    asked = {
        "members": plan.members is not None,
        "recipe.snapshots": plan.recipe.snapshots > 1,
        # Statistics of batches are measured anew by rows, and a net that draws is given noise.
        "recipe.swa": plan.recipe.swa is not None and form == "generation",
    }
    for name in (name for name, there in asked.items() if there):
        raise UsageError(
            f"The plan has {name}, which a net for {form} cannot have. Leave it out; recipe.ema "
            "averages the weights of one net."
        )
