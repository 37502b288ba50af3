"""What every baseline is given, and what it gives."""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import torch
from numpy.typing import NDArray

from netwright.data.data import Data, Rows, Split
from netwright.data.forecast_encoding import ForecastEncoding
from netwright.evaluate.baseline_inputs import (
    MAX_TEST_ROWS,
    MAX_TRAIN_ROWS,
    Features,
    Sample,
    gather,
)
from netwright.evaluate.judge import mase_scale, overlap
from netwright.evaluate.metrics import score_values
from netwright.evaluate.scores import Scores

__all__ = ["Baseline", "Job", "in_memory", "judged", "open_job", "timed", "values_scores"]


@dataclass(frozen=True)
class Baseline:
    """scores: None where there are none, and `reason` says why; else `reason` says what was cut.

    cut: whether it might have been better with all rows and rounds.
    """

    model: str
    scores: Scores | None = None
    reason: str = ""
    rows: int = 0
    seconds: float = 0.0
    cut: bool = False


@dataclass(frozen=True)
class Job:
    """What every baseline is given."""

    data: Data
    train: Sample
    test: Sample
    metric: str | None
    seed: int
    resamples: int
    rows_cut: str
    code_size: int = 0
    texts: Features | None = None  # of the training rows: both models read them


def open_job(data: Data, *, metric: str | None, seed: int, resamples: int) -> Job:
    train = gather([data.train, data.validation], limit=MAX_TRAIN_ROWS, seed=seed)
    test = gather([data.test], limit=MAX_TEST_ROWS, seed=seed)
    cut = []
    if len(train) < train.total:
        cut.append(f"fitted on {len(train):,} of {train.total:,} rows")
    if len(test) < test.total:
        cut.append(f"measured on {len(test):,} of {test.total:,} test rows")
    return Job(data, train, test, metric, seed, resamples, "; ".join(cut))


def timed(work: Callable[[], Baseline]) -> Baseline:
    start = time.monotonic()
    done = work()
    return replace(done, seconds=time.monotonic() - start)


def in_memory(split: Split) -> Rows:
    assert isinstance(split, Rows)  # sentences are never streamed
    return split


def judged(job: Job, scores: Scores, model: str, cut: str = "") -> Baseline:
    """Return the baseline with its scores. cut: what it had to leave out."""
    reason = "; ".join(part for part in (job.rows_cut, cut) if part)
    return Baseline(model, scores, reason, len(job.train), cut=bool(reason))


def values_scores(job: Job, values: NDArray[Any]) -> Scores:
    """Score numbers in the target's own unit."""
    data, task = job.data, job.data.task
    targets = torch.from_numpy(job.test.targets)
    targets = targets.reshape(len(targets), -1)
    if isinstance(data.encoding, ForecastEncoding):
        truth = data.encoding.decode(targets, (torch.from_numpy(job.test.inputs[0]),))
    else:
        truth = targets * torch.tensor(task.target_std) + torch.tensor(task.target_mean)
    return score_values(
        values,
        truth,
        task,
        metric=job.metric,
        mase_scale=mase_scale(data.encoding),
        block=overlap(task, data.test),
        resamples=job.resamples,
        seed=job.seed,
    )
