"""Out-of-fold predictions: what a plain model says of rows that it was not fitted on.

Dense features: extremely randomised trees on bootstrap samples (Geurts, Ernst and Wehenkel 2006),
each row predicted by the trees that did not draw it (Breiman 1996, "Out-of-bag estimation"): one
fit serves all rows. Words: logistic regression in four folds.
"""

import time
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import ExtraTreesClassifier, ExtraTreesRegressor

from netwright.data.data import Kind
from netwright.evaluate.baseline_inputs import (
    Features,
    Sample,
    coded_features,
    frame_features,
    image_features,
    summary_features,
    text_features,
)
from netwright.evaluate.baseline_models import OutOfTime, fit_logistic
from netwright.evaluate.baseline_sounds import band_features

__all__ = ["OutOfFold", "out_of_fold"]

MOST_PIXELS = 1024
FOLDS = 4
TREES_A_ROUND = 50
FEWEST_TREES = 50  # a row is then left out of about 18
MOST_TREES = 200


@dataclass(frozen=True)
class OutOfFold:
    """predictions: probabilities (rows, classes), or values (rows, outputs). words: of which
    model. cut: what time did not allow."""

    predictions: NDArray[np.float64]
    words: str
    cut: str = ""


def out_of_fold(
    sample: Sample, kind: Kind, *, classes: int, seconds: float, seed: int = 0
) -> OutOfFold | None:
    """Predict each row of `sample` by a model that has not seen it. classes: 0 for numbers. None
    where time or rows are too few."""
    if len(sample) < 2 * FOLDS:
        return None
    if kind == "text":
        return _words(sample, classes=classes, seconds=seconds, seed=seed) if classes else None
    features = {
        "table": coded_features,
        "image": lambda rows: image_features(rows, most=MOST_PIXELS),
        "series": summary_features,
        "audio": band_features,
        "video": lambda rows: frame_features(rows, most=MOST_PIXELS),
    }[kind](sample)
    return _trees(features, sample.targets, classes=classes, seconds=seconds, seed=seed)


def _trees(
    features: Features, targets: NDArray[Any], *, classes: int, seconds: float, seed: int
) -> OutOfFold | None:
    end = time.monotonic() + seconds
    kind: Any = ExtraTreesClassifier if classes else ExtraTreesRegressor
    model = kind(n_estimators=0, bootstrap=True, warm_start=True, random_state=seed)
    x = np.nan_to_num(np.asarray(features.train, dtype=np.float32), nan=-1.0)
    y = targets if classes or targets.ndim == 1 or targets.shape[1] > 1 else targets[:, 0]
    while model.n_estimators < MOST_TREES:
        begun = time.monotonic()
        model.n_estimators += TREES_A_ROUND
        model.fit(x, y)
        took = time.monotonic() - begun
        if time.monotonic() + 1.5 * took > end:
            break
    return _left_out(model, x, classes)


def _left_out(model: Any, x: NDArray[np.float32], classes: int) -> OutOfFold | None:
    """Average, for each row, the trees whose bootstrap sample lacks it."""
    rows = len(x)
    outputs = classes or model.n_outputs_
    total, count = np.zeros((rows, outputs)), np.zeros(rows)
    for tree, drawn in zip(model.estimators_, model.estimators_samples_, strict=True):
        out = np.ones(rows, dtype=bool)
        out[drawn] = False
        said = tree.predict_proba(x[out]) if classes else tree.predict(x[out]).reshape(-1, outputs)
        if classes:
            total[np.ix_(np.flatnonzero(out), model.classes_.astype(int))] += said
        else:
            total[out] += said
        count[out] += 1
    if not count.all():
        return None
    trees = len(model.estimators_)
    cut = "" if trees >= 2 * FEWEST_TREES else f"stopped at {trees} trees"
    return OutOfFold(total / count[:, None], f"{trees} extremely randomised trees", cut)


def _words(sample: Sample, *, classes: int, seconds: float, seed: int) -> OutOfFold | None:
    end = time.monotonic() + seconds
    features = text_features(sample)
    order = np.random.default_rng(seed).permutation(len(sample))
    folds = np.empty(len(sample), dtype=np.int64)
    # In the order of the labels, so that each fold has its share of every class.
    folds[order[np.argsort(sample.targets[order], kind="stable")]] = np.arange(len(sample)) % FOLDS
    found = np.zeros((len(sample), classes))
    cut = ""
    for fold in range(FOLDS):
        fit, asked = np.flatnonzero(folds != fold), np.flatnonzero(folds == fold)
        left = (end - time.monotonic()) / (FOLDS - fold)
        try:
            model = fit_logistic(
                features.train[fit], sample.targets[fit], classes=classes,
                deadline=time.monotonic() + left, seed=seed,
            )  # fmt: skip
        except OutOfTime:
            return None
        found[asked] = model.predict(features.train[asked])
        cut = cut or model.cut
    return OutOfFold(found, f"logistic regression on {features.words}", cut)
