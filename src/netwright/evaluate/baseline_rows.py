"""Baselines of rows that have one answer each: classes, labels, numbers."""

import time
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from netwright.data.graph_encoding import GraphEncoding
from netwright.data.node_encoding import NodeEncoding
from netwright.evaluate.baseline_inputs import (
    Features,
    Sample,
    coded_features,
    frame_features,
    graph_features,
    image_features,
    one_hot_features,
    series_features,
    summary_features,
    telling_words,
    text_features,
)
from netwright.evaluate.baseline_job import Baseline, Job, judged, values_scores
from netwright.evaluate.baseline_models import Fitted, fit_logistic, fit_ridge, fit_trees
from netwright.evaluate.baseline_sounds import band_features
from netwright.evaluate.metrics import score_classes

__all__ = [
    "LINEAR_PIXELS",
    "TREES",
    "linear_of_rows",
    "read_texts",
    "trees_of_rows",
    "trivial_of_rows",
]

TREES = "histogram gradient boosting"
# Boosting looks at every feature in every round, so it is given fewer pixels.
LINEAR_PIXELS = 1024
TREE_PIXELS = 200
TELLING_WORDS = (
    300  # that trees are given; a third with many classes, each of which needs its own trees
)


def trivial_of_rows(job: Job) -> Baseline:
    """Answer every row alike."""
    task, rows, targets = job.data.task, len(job.test), job.train.targets
    if not task.is_classification:
        mean = np.tile(targets.reshape(len(targets), -1).mean(0), (rows, 1))
        return _score(job, mean, "the mean of the training rows")
    if task.form == "multilabel":
        share = np.tile(targets.mean(0), (rows, 1))
        return _score(job, share, "how often each label occurs")
    counts = np.bincount(targets.astype(np.int64), minlength=len(task.classes))
    prior = np.tile(counts / counts.sum(), (rows, 1))
    return _score(job, prior, "how often each class occurs, so always the most frequent")


def linear_of_rows(job: Job, deadline: float) -> Baseline:
    """Fit logistic or ridge regression."""
    task = job.data.task
    features = _linear_features(job)
    rest: dict[str, Any] = {"deadline": deadline, "seed": job.seed}
    if task.is_classification:
        name = "logistic regression"
        fitted = fit_logistic(features.train, _targets(job), classes=len(task.classes), **rest)
    else:
        name = "ridge regression"
        fitted = fit_ridge(features.train, _targets(job), **rest)
    predictions = _predict(fitted, features, job.test)
    return _score(job, predictions, f"{name} on {features.words}", fitted.cut)


def trees_of_rows(job: Job, deadline: float) -> Baseline:
    """Fit boosted trees."""
    task, name = job.data.task, TREES
    features = _tree_features(job)
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


def _linear_features(job: Job) -> Features:
    kind = job.data.kind
    if kind == "table":
        return one_hot_features(job.train)
    if kind == "text":
        assert job.texts is not None
        return job.texts
    if kind == "series":
        return series_features(job.train)
    if kind == "audio":
        return band_features(job.train)
    if kind == "graph":
        return _graph_features(job)
    if kind == "video":
        return frame_features(job.train, most=LINEAR_PIXELS)
    return image_features(job.train, most=LINEAR_PIXELS)


def _tree_features(job: Job) -> Features:
    kind = job.data.kind
    if kind == "table":
        return coded_features(job.train)
    if kind == "text":
        assert job.texts is not None
        count = TELLING_WORDS if len(job.data.task.classes) <= 3 else TELLING_WORDS // 3
        return telling_words(job.texts, _targets(job), count)
    if kind == "series":
        return summary_features(job.train)
    if kind == "audio":
        return band_features(job.train)
    if kind == "graph":
        features = _graph_features(job)
        if features.train.shape[1] <= TELLING_WORDS:
            return features
        return telling_words(features, _targets(job), TELLING_WORDS // 3)
    if kind == "video":
        return frame_features(job.train, most=TREE_PIXELS)
    return image_features(job.train, most=TREE_PIXELS)


def _graph_features(job: Job) -> Features:
    encoding = job.data.encoding
    assert isinstance(encoding, NodeEncoding | GraphEncoding)
    return graph_features(job.train, encoding)


def read_texts(job: Job, *, until: float) -> Job:
    """Turn the training texts into TF-IDF once, as many of them as can be read `until` then."""
    count = len(job.train)
    order = np.random.default_rng(job.seed).permutation(count)
    part, cut = job.train, job.rows_cut
    if count > 500:
        few, some = (job.train.select(order[:n]) for n in (50, 250))
        text_features(few)  # the first call of all also loads and compiles
        start = time.monotonic()
        text_features(some)
        allowed = int(0.7 * (until - time.monotonic()) * 250 / (time.monotonic() - start))
        if allowed < count:
            part = job.train.select(np.sort(order[: max(allowed, 250)]))
            cut = f"fitted on {len(part):,} of {job.train.total:,} rows"
    return replace(job, train=part, rows_cut=cut, texts=text_features(part))


def _targets(job: Job) -> NDArray[Any]:
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


def _score(job: Job, predictions: NDArray[Any], model: str, cut: str = "") -> Baseline:
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
        scores = values_scores(job, predictions * std + mean)
    return judged(job, scores, model, cut)
