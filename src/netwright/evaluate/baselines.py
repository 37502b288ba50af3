"""Honest baselines beside the net, on the same test rows: a trivial guess, a linear model, boosted
trees.

trivial: the share of each class, the mean, or for forecasts the better of last value and seasonal
naive. linear: logistic or ridge regression. trees: histogram gradient boosting. All with
scikit-learn's defaults, fitted on training and validation rows together (the net uses the latter
too, to stop and to calibrate), and within a bound of time.
"""

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from netwright.data.data import Data
from netwright.data.forecast_encoding import ForecastEncoding
from netwright.evaluate.baseline_forecasts import (
    forecast_by_ridge,
    forecast_by_trees,
    naive_forecasts,
)
from netwright.evaluate.baseline_inputs import (
    MAX_TEST_ROWS,
    MAX_TRAIN_ROWS,
    Features,
    Sample,
    coded_features,
    gather,
    image_features,
    one_hot_features,
    principal_components,
    series_features,
    summary_features,
    telling_words,
    text_features,
)
from netwright.evaluate.baseline_models import Fitted, fit_logistic, fit_ridge, fit_trees
from netwright.evaluate.judge import mase_scale, overlap
from netwright.evaluate.metrics import score_classes, score_values
from netwright.evaluate.scores import Scores
from netwright.evaluate.verdict import verdict

__all__ = ["Baseline", "Baselines", "baselines", "verdict"]

DEFAULT_SECONDS = 60.0
MAX_PIXELS = 1024  # more, and boosting on single pixels takes longer than any net
COMPONENTS = 128  # principal components in their place
TELLING_WORDS = 300  # of a text, that trees are given


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


@dataclass(frozen=True, eq=False)
class Baselines(Mapping[str, Baseline]):
    """ "trivial", "linear" and "trees", in this order."""

    by_name: Mapping[str, Baseline]
    seconds: float

    def __getitem__(self, name: str) -> Baseline:
        return self.by_name[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.by_name)

    def __len__(self) -> int:
        return len(self.by_name)

    def to_dict(self) -> dict[str, Any]:
        """Return {"trivial": {metric: {"value", "low", "high"}} or None, "linear": ..., "trees":
        ...}.
        """
        return {name: b.scores.to_dict() if b.scores else None for name, b in self.items()}

    def reasons(self) -> dict[str, dict[str, Any]]:
        """Return {"trivial": {"model", "reason", "rows", "seconds"}, ...}: what was fitted, or why
        nothing was.
        """
        return {
            name: {
                "model": b.model,
                "reason": b.reason,
                "rows": b.rows,
                "seconds": round(b.seconds, 3),
            }
            for name, b in self.items()
        }

    def __str__(self) -> str:
        lines = []
        for name, b in self.items():
            result = f"{b.scores.primary} {b.scores[b.scores.primary]}" if b.scores else "-"
            lines.append(f"{name:<8} {result:<36} {b.model}{f' ({b.reason})' if b.reason else ''}")
        return "\n".join(lines)


@dataclass(frozen=True)
class _Job:
    """What every baseline is given."""

    data: Data
    train: Sample
    test: Sample
    metric: str | None
    seed: int
    resamples: int
    rows_cut: str


def baselines(
    data: Data,
    *,
    seconds: float | None = None,
    metric: str | None = None,
    seed: int = 0,
    resamples: int = 1000,
) -> Baselines:
    """Fit and score all three within `seconds` (60 by default). The seed is that of the net's own
    scores, so that both are resampled alike and can be compared in pairs.
    """
    begun = time.monotonic()
    bound = DEFAULT_SECONDS if seconds is None else seconds
    job = _open(data, metric=metric, seed=seed, resamples=resamples)
    found = {"trivial": _timed(lambda: _trivial(job))}
    # Scoring takes as long for each; what is left is shared, and what the linear model leaves goes
    # to the trees.
    scoring = found["trivial"].seconds
    end = begun + bound - 2 * scoring - 0.03 * bound
    fits: dict[str, tuple[str, Callable[[_Job, float], Baseline]]] = {
        "linear": ("a linear model", _linear),
        "trees": ("histogram gradient boosting", _trees),
    }
    for name, (words, fit) in fits.items():
        left = end - time.monotonic()
        if left <= 0.05:
            found[name] = Baseline(words, reason=f"no time was left of {bound:.3g} s for baselines")
            continue
        deadline = time.monotonic() + (0.3 * left if name == "linear" else left)
        found[name] = _timed(lambda fit=fit, until=deadline: fit(job, until))  # type: ignore[misc]
    return Baselines(found, time.monotonic() - begun)


def _open(data: Data, *, metric: str | None, seed: int, resamples: int) -> _Job:
    train = gather([data.train, data.validation], limit=MAX_TRAIN_ROWS, seed=seed)
    test = gather([data.test], limit=MAX_TEST_ROWS, seed=seed)
    cut = []
    if len(train) < train.total:
        cut.append(f"fitted on {len(train):,} of {train.total:,} rows")
    if len(test) < test.total:
        cut.append(f"measured on {len(test):,} of {test.total:,} test rows")
    return _Job(data, train, test, metric, seed, resamples, "; ".join(cut))


def _timed(work: Callable[[], Baseline]) -> Baseline:
    start = time.monotonic()
    done = work()
    return replace(done, seconds=time.monotonic() - start)


def _trivial(job: _Job) -> Baseline:
    task, rows, targets = job.data.task, len(job.test), job.train.targets
    if task.form == "language-modelling":
        return Baseline("none", reason="not measured for language modelling")
    if task.form == "forecasting":
        return _naive(job)
    if not task.is_classification:
        mean = np.tile(targets.reshape(len(targets), -1).mean(0), (rows, 1))
        return _score(job, mean, "the mean of the training rows")
    if task.form == "multilabel":
        share = np.tile(targets.mean(0), (rows, 1))
        return _score(job, share, "how often each label occurs")
    counts = np.bincount(targets.astype(np.int64), minlength=len(task.classes))
    prior = np.tile(counts / counts.sum(), (rows, 1))
    return _score(job, prior, "how often each class occurs, so always the most frequent")


def _naive(job: _Job) -> Baseline:
    encoding = job.data.encoding
    if not isinstance(encoding, ForecastEncoding):
        return Baseline("none", reason="these windows do not say which channel is the target")
    forecasts = naive_forecasts(encoding, torch.from_numpy(job.test.inputs[0]))
    found = {name: _score_values(job, values.numpy()) for name, values in forecasts.items()}
    # The better one on the test rows: an unfair choice, in the baseline's favour.
    primary = next(iter(found.values())).primary
    best = min(found, key=lambda name: found[name][primary].value)
    each = ", ".join(f"{name} {scores[primary].value:.4g}" for name, scores in found.items())
    return Baseline(best, found[best], f"{primary}: {each}", len(job.train))


def _linear(job: _Job, deadline: float) -> Baseline:
    task = job.data.task
    if task.form == "language-modelling":
        return Baseline("none", reason="not measured for language modelling")
    if task.form == "forecasting":
        return _forecast(job, deadline, forecast_by_ridge, "ridge regression on the window")
    job, features = _linear_features(job, deadline)
    rest: dict[str, Any] = {"deadline": deadline, "seed": job.seed}
    if task.is_classification:
        name = "logistic regression"
        fitted = fit_logistic(features.train, _targets(job), classes=len(task.classes), **rest)
    else:
        name = "ridge regression"
        fitted = fit_ridge(features.train, _targets(job), **rest)
    predictions = _predict(fitted, features, job.test)
    return _score(job, predictions, f"{name} on {features.words}", fitted.cut)


def _trees(job: _Job, deadline: float) -> Baseline:
    task, name = job.data.task, "histogram gradient boosting"
    if task.form == "language-modelling":
        return Baseline("none", reason="not measured for language modelling")
    if task.form == "forecasting":
        return _forecast(job, deadline, forecast_by_trees, f"{name} on lags and step")
    job, features = _tree_features(job, deadline)
    if time.monotonic() > deadline:
        return Baseline(name, reason="preparing the features took all the time there was")
    targets = _targets(job)
    if not task.is_classification and targets.shape[1] == 1:
        targets = targets[:, 0]
    fitted = fit_trees(
        features.train,
        targets,
        classes=len(task.classes),
        categorical=features.categorical,
        deadline=deadline,
        seed=job.seed,
    )
    predictions = _predict(fitted, features, job.test)
    return _score(job, predictions, f"{name} on {features.words}", fitted.cut)


def _linear_features(job: _Job, deadline: float) -> tuple[_Job, Features]:
    kind = job.data.kind
    if kind == "table":
        return job, one_hot_features(job.train)
    if kind == "text":
        job = _affordable_texts(job, deadline)
        return job, text_features(job.train)
    if kind == "series":
        return job, series_features(job.train)
    features = image_features(job.train)
    if features.train.shape[1] > MAX_PIXELS:
        features = principal_components(features, COMPONENTS, seed=job.seed)
    return job, features


def _tree_features(job: _Job, deadline: float) -> tuple[_Job, Features]:
    kind = job.data.kind
    if kind == "table":
        return job, coded_features(job.train)
    if kind == "text":
        job = _affordable_texts(job, deadline)
        return job, telling_words(text_features(job.train), _targets(job), TELLING_WORDS)
    if kind == "series":
        return job, summary_features(job.train)
    features = image_features(job.train)
    if features.train.shape[1] > MAX_PIXELS:
        features = principal_components(features, COMPONENTS // 2, seed=job.seed)
    return job, features


def _affordable_texts(job: _Job, deadline: float) -> _Job:
    """Keep as many texts as can be read within a third of the time."""
    count = len(job.train)
    order = np.random.default_rng(job.seed).permutation(count)
    if count <= 1000:
        return job
    start = time.monotonic()
    text_features(job.train.select(order[:500]))
    seconds = (time.monotonic() - start) / 500
    allowed = int((deadline - start) / 3 / seconds)
    if allowed >= count:
        return job
    part = job.train.select(np.sort(order[: max(allowed, 500)]))
    return replace(job, train=part, rows_cut=f"fitted on {len(part):,} of {job.train.total:,} rows")


def _forecast(
    job: _Job,
    deadline: float,
    method: Callable[..., tuple[torch.Tensor, str]],
    name: str,
) -> Baseline:
    encoding = job.data.encoding
    if not isinstance(encoding, ForecastEncoding):
        return Baseline(name, reason="these windows do not say which channel is the target")
    values, cut = method(encoding, job.train, job.test, deadline=deadline, seed=job.seed)
    reason = "; ".join(part for part in (job.rows_cut, cut) if part)
    scores = _score_values(job, values.numpy())
    return Baseline(name, scores, reason, len(job.train), cut=bool(reason))


def _targets(job: _Job) -> NDArray[Any]:
    """Class ids (rows,), labels (rows, labels) or standardised numbers (rows, outputs)."""
    task, targets = job.data.task, job.train.targets
    if not task.is_classification:
        return targets.reshape(len(targets), -1)
    return targets.astype(np.int64)


def _predict(fitted: Fitted, features: Features, test: Sample) -> NDArray[np.float64]:
    """Predict in pieces: the features of all rows at once may be large."""
    pieces = [
        fitted.predict(features.of(test.select(np.arange(start, min(start + 8192, len(test))))))
        for start in range(0, len(test), 8192)
    ]
    return np.concatenate(pieces)


def _score(job: _Job, predictions: NDArray[Any], model: str, cut: str = "") -> Baseline:
    """Score probabilities, or standardised numbers."""
    task = job.data.task
    if task.is_classification:
        scores = score_classes(
            predictions,
            job.test.targets,
            task,
            metric=job.metric,
            resamples=job.resamples,
            seed=job.seed,
        )
    else:
        mean, std = np.array(task.target_mean), np.array(task.target_std)
        scores = _score_values(job, predictions * std + mean)
    reason = "; ".join(part for part in (job.rows_cut, cut) if part)
    return Baseline(model, scores, reason, len(job.train), cut=bool(reason))


def _score_values(job: _Job, values: NDArray[Any]) -> Scores:
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
