"""The plain models of the baselines, each held to a time: scikit-learn's logistic regression, ridge
regression and histogram gradient boosting, with its own defaults.

A few iterations are timed first, on few rows; then as many rows and iterations are given as fit
before the deadline, and what was cut is said. A baseline that was cut is weaker than it could be,
so that a win over it proves less.
"""

import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression, Ridge, RidgeCV

__all__ = ["Fitted", "OutOfTime", "fit_logistic", "fit_ridge", "fit_trees"]

Matrix = Any
LINEAR_ITERATIONS = 300
TREES = 100  # scikit-learn's default
FEWEST_ITERATIONS = 5
PROBE_ROWS = (500, 2000)  # enough to time an iteration by


class OutOfTime(Exception):
    """A model cannot be fitted within its time; the message says why."""


@dataclass(frozen=True)
class Fitted:
    """predict: features -> probabilities (rows, classes) or values (rows, outputs). cut: what time
    did not allow.
    """

    predict: Callable[[Matrix], NDArray[np.float64]]
    cut: str = ""


def fit_logistic(
    x: Matrix, targets: NDArray[Any], *, classes: int, deadline: float, seed: int
) -> Fitted:
    """Fit logistic regression (L2, C = 1, lbfgs) on class ids (rows,), or on 0/1 labels (rows,
    labels), one each.
    """
    if targets.ndim == 2:
        return _each_label(
            targets,
            lambda t, until: fit_logistic(x, t, classes=2, deadline=until, seed=seed),
            deadline,
        )
    if targets.min() == targets.max():
        return Fitted(_only(int(targets[0]), classes))
    rows = _affordable(
        lambda part: _quietly(LogisticRegression(max_iter=3), x[part], targets[part]),
        targets, deadline, seed=seed, iterations=3, wanted=30,
    )  # fmt: skip
    x, targets = (x, targets) if rows is None else (x[rows], targets[rows])
    model = LogisticRegression(max_iter=10, warm_start=True)
    seconds = _timed(lambda: _quietly(model, x, targets))
    done, limit = 10, LINEAR_ITERATIONS
    while int(np.max(model.n_iter_)) >= model.max_iter and done < limit:
        # Restarting lbfgs forgets its curvature, so one long stretch is better than many short.
        more = min(limit - done, int(0.8 * (deadline - time.monotonic()) * 10 / seconds))
        if more < 5:
            break
        model.max_iter = more
        _quietly(model, x, targets)
        done += more
    converged = int(np.max(model.n_iter_)) < model.max_iter
    cut = "" if converged else f"stopped after {done} iterations, before it had converged"
    return Fitted(_probabilities(model, classes), _join(_row_cut(rows, len(targets)), cut))


def fit_ridge(x: Matrix, targets: NDArray[Any], *, deadline: float, seed: int) -> Fitted:
    """Fit ridge regression on (rows, outputs); its penalty by leave-one-out where that is cheap,
    else 1.
    """
    dense = not hasattr(x, "tocsr")
    if dense:
        x = np.asarray(
            x, dtype=np.float64
        )  # neighbouring lags are nearly equal: float32 is too coarse
    cheap = dense and x.shape[0] * x.shape[1] ** 2 < 2e9 * max(deadline - time.monotonic(), 0.0)

    def build() -> Any:
        return RidgeCV(alphas=np.logspace(-2, 4, 13)) if cheap else Ridge(alpha=1.0)

    rows = _affordable(
        lambda part: build().fit(x[part], targets[part]),
        None, deadline, seed=seed, iterations=1, wanted=1, total=x.shape[0],
    )  # fmt: skip
    if rows is not None:
        x, targets = x[rows], targets[rows]
    model = build().fit(x, targets)
    return Fitted(
        lambda features: np.asarray(model.predict(features), np.float64).reshape(
            features.shape[0], -1
        ),
        _row_cut(rows, len(targets)),
    )


def fit_trees(
    x: NDArray[Any],
    targets: NDArray[Any],
    *,
    classes: int,
    categorical: tuple[int, ...],
    deadline: float,
    seed: int,
) -> Fitted:
    """Fit histogram gradient boosting, 100 trees a class. classes: 0 for numbers (rows, outputs),
    fitted one by one.

    Its leaves hold 20 rows by default, which leaves small sets without a single cut: below 400
    rows, a twentieth.
    """
    if targets.ndim == 2:
        return _each_label(
            targets,
            lambda t, until: fit_trees(
                x, t, classes=classes and 2, categorical=categorical, deadline=until, seed=seed
            ),
            deadline,
            probabilities=classes > 0,
        )

    def build(trees: int, rows: int) -> Any:
        kind = HistGradientBoostingClassifier if classes else HistGradientBoostingRegressor
        return kind(
            max_iter=trees,
            categorical_features=list(categorical) or None,
            min_samples_leaf=20 if rows >= 400 else max(2, rows // 20),
            warm_start=True,
            random_state=seed,
        )

    if classes and targets.min() == targets.max():
        return Fitted(_only(int(targets[0]), classes))
    rows = _affordable(
        lambda part: build(2, len(part)).fit(x[part], targets[part]),
        targets if classes else None, deadline,
        seed=seed, iterations=2, wanted=40, total=len(x),
    )  # fmt: skip
    if rows is not None:
        x, targets = x[rows], targets[rows]
    model = build(5, len(x))
    seconds = _timed(lambda: model.fit(x, targets))
    while model.n_iter_ == model.max_iter and model.max_iter < TREES:
        affordable = int(0.75 * (deadline - time.monotonic()) * model.max_iter / seconds)
        # Doubling keeps the estimate near: the first trees carry the cost of binning, later ones
        # are deeper.
        more = min(TREES - model.max_iter, affordable, 2 * model.max_iter)
        if more < 1:
            break
        before = model.max_iter
        model.max_iter = before + more
        seconds = _timed(lambda: model.fit(x, targets)) * model.max_iter / more
    stopped = model.n_iter_ == model.max_iter and model.max_iter < TREES
    cut = f"stopped at {model.n_iter_} of {TREES} rounds" if stopped else ""
    predict = (
        _probabilities(model, classes)
        if classes
        else lambda features: np.asarray(model.predict(features), np.float64)[:, None]
    )
    return Fitted(predict, _join(_row_cut(rows, len(targets)), cut))


def _each_label(
    targets: NDArray[Any],
    fit: Callable[[NDArray[Any], float], Fitted],
    deadline: float,
    *,
    probabilities: bool = True,
) -> Fitted:
    """Fit one model a column, each within its share of the time; a label of one value only needs no
    model.
    """
    models: list[Fitted] = []
    for k in range(targets.shape[1]):
        column = targets[:, k].astype(np.int64) if probabilities else targets[:, k]
        if probabilities and column.min() == column.max():
            models.append(Fitted(_always(float(column[0]))))
            continue
        left = deadline - time.monotonic()
        models.append(fit(column, time.monotonic() + left / (targets.shape[1] - k)))
    cut = next((model.cut for model in models if model.cut), "")
    return Fitted(lambda x: np.stack([model.predict(x)[:, -1] for model in models], axis=1), cut)


def _always(value: float) -> Callable[[Matrix], NDArray[np.float64]]:
    return lambda x: np.full((x.shape[0], 1), value)


def _only(found: int, classes: int) -> Callable[[Matrix], NDArray[np.float64]]:
    """The training rows held one class: nothing is to be fitted."""
    return lambda x: np.tile(np.eye(classes)[found], (x.shape[0], 1))


def _probabilities(model: Any, classes: int) -> Callable[[Matrix], NDArray[np.float64]]:
    """Classes that no training row had keep a column, of zeros."""

    def predict(x: Matrix) -> NDArray[np.float64]:
        found = np.zeros((x.shape[0], classes))
        found[:, model.classes_.astype(int)] = model.predict_proba(x)
        return found / found.sum(1, keepdims=True)

    return predict


def _affordable(
    probe: Callable[[NDArray[np.int64]], Any],
    labels: NDArray[Any] | None,
    deadline: float,
    *,
    seed: int,
    iterations: int,
    wanted: int,
    total: int | None = None,
) -> NDArray[np.int64] | None:
    """Return which rows to fit on so that `wanted` iterations fit before the deadline; None for
    all.

    probe: fits `iterations` on some rows. labels: every class keeps a row.
    """
    count = total if total is not None else len(labels) if labels is not None else 0
    few, some = PROBE_ROWS
    if count <= 2 * few:
        return None
    some = min(some, count)
    order = np.random.default_rng(seed).permutation(count)
    if labels is not None:
        # One row of each class first, so that no part of the rows lacks one.
        first = np.unique(labels[order], return_index=True)[1]
        order = np.concatenate([order[first], np.delete(order, first)])
    # Time is a + b x rows; two sizes tell a from b. The first call of all also loads libraries.
    probe(order[:50] if labels is None else order[: max(50, len(first))])
    base = _timed(lambda: probe(order[:few]))
    left = 0.7 * (deadline - time.monotonic())
    if base * FEWEST_ITERATIONS / iterations > left:
        raise OutOfTime(
            f"even {few:,} of {count:,} rows would take longer than the {max(left, 0):.1f} s left"
        )
    if 4 * base > 0.3 * left:
        return np.sort(order[:few])
    slope = max(_timed(lambda: probe(order[:some])) - base, 0.1 * base) / (some - few)
    left = 0.7 * (deadline - time.monotonic()) * iterations / wanted
    allowed = few + int((left - base) / slope)
    return None if allowed >= count else np.sort(order[: max(allowed, few)])


def _quietly(model: Any, x: Matrix, targets: NDArray[Any]) -> None:
    with warnings.catch_warnings():
        # That it has not converged is seen from its iterations, and said in `cut`.
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.fit(x, targets)


def _timed(work: Callable[[], Any]) -> float:
    start = time.monotonic()
    work()
    return max(time.monotonic() - start, 1e-6)


def _row_cut(rows: NDArray[np.int64] | None, fitted: int) -> str:
    return "" if rows is None else f"fitted on {fitted:,} rows for want of time"


def _join(*parts: str) -> str:
    return "; ".join(part for part in parts if part)
