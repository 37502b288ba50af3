"""Classifier and Regressor: netwright's nets behind scikit-learn's contract.

    Classifier().fit(X, y).predict_proba(X2)

X is a table, (rows, features): numbers, or a DataFrame whose columns are typed, imputed and encoded
as `read` does, so words, dates and missing cells are welcome. A share of the rows is set aside for
early stopping and calibration. What `fit` made is in `run_`.
"""

from dataclasses import replace
from typing import Any, Self

import numpy as np
import pandas as pd
import torch
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.utils import check_random_state
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import assert_all_finite, check_is_fitted, column_or_1d, validate_data
from torch import Tensor

from netwright.data.data import Data, Source
from netwright.data.ledger import Ledger
from netwright.data.options import ReadOptions
from netwright.data.splits import validation_share
from netwright.data.tables import table_data
from netwright.plan.design import design
from netwright.plan.members import with_count
from netwright.plan.plan import Plan
from netwright.train.fit import fit
from netwright.train.run import Run

__all__ = ["Classifier", "Regressor"]

TARGET = "target"
BATCH = 4096


class _Tabular(BaseEstimator):  # type: ignore[misc] # scikit-learn ships no types
    """What both estimators share: parameters, and the way from X to the net's outputs.

    plan: what to train; None lets the designer decide. members: nets of an ensemble; None: as the
    plan says. epochs, seconds: bounds on training. metric: what early stopping goes by.
    random_state: int, RandomState or None (scikit-learn's meaning).
    """

    run_: Run

    def __init__(
        self,
        *,
        plan: Plan | None = None,
        members: int | None = None,
        epochs: int | None = None,
        seconds: float | None = 600.0,
        metric: str | None = None,
        device: str = "auto",
        random_state: Any = 0,
    ) -> None:
        self.plan = plan
        self.members = members
        self.epochs = epochs
        self.seconds = seconds
        self.metric = metric
        self.device = device
        self.random_state = random_state

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.input_tags.categorical = True
        return tags

    def _frame(self, X: Any, *, reset: bool) -> pd.DataFrame:
        """Check X as scikit-learn does and return it with columns named by strings."""
        if isinstance(X, pd.DataFrame):
            validate_data(self, X, reset=reset, skip_check_array=True)
            frame = X.reset_index(drop=True)
            numbers = frame.select_dtypes("number").to_numpy(float)
            if np.isinf(numbers).any():
                raise ValueError("X holds infinity. Replace it with a number or a missing cell.")
            return frame.set_axis([str(name) for name in frame.columns], axis=1)
        table = validate_data(
            self,
            X,
            reset=reset,
            ensure_all_finite="allow-nan",
            ensure_min_samples=2 if reset else 1,
        )
        names = [f"x{number}" for number in range(table.shape[1])]
        return pd.DataFrame(np.array(table, dtype=np.float64), columns=names)

    def _train(
        self, frame: pd.DataFrame, y: "pd.Series[Any]", strata: NDArray[Any], task: str
    ) -> None:
        seed = int(check_random_state(self.random_state).randint(2**31 - 1))
        held = _hold_out(strata, seed)
        table = frame.assign(**{TARGET: y.to_numpy()})
        # The estimator has no test rows of its own: validation stands in, and is not scored.
        parts = {"train": table[~held], "validation": table[held], "test": table[held]}
        options = ReadOptions(target=TARGET, task=task, seed=seed)
        data: Data = table_data(
            {name: part.reset_index(drop=True) for name, part in parts.items()},
            source=Source("array"),
            options=options,
            ledger=Ledger(),
        )
        if data.blocks is None:  # it was this estimator that divided the rows, by chance
            rows = len(data.train) + len(data.validation)
            data = replace(data, blocks=torch.arange(rows))
        plan = self.plan or design(data)
        if self.members is not None:
            plan = plan.with_(with_count(self.members))
        self.run_ = fit(
            plan,
            data,
            seed=seed,
            device=self.device,
            seconds=self.seconds,
            epochs=self.epochs,
            metric=self.metric,
        )
        # In float64 a row's answer does not depend on the rows it is computed with.
        self.run_.model.net.cpu().double()

    @torch.no_grad()
    def _outputs(self, X: Any) -> Tensor:
        check_is_fitted(self, "run_")
        model = self.run_.model
        inputs = model.encoding.prepare(model.encoding.encode(self._frame(X, reset=False)))
        rows = len(inputs[0])
        pieces = []
        for start in range(0, rows, BATCH):
            some = (x[start : start + BATCH] for x in inputs)
            pieces.append(
                model.combine(
                    model.net(*(x.double() if x.is_floating_point() else x for x in some))
                )
            )
        return torch.cat(pieces)


class Classifier(ClassifierMixin, _Tabular):  # type: ignore[misc] # as above
    """A net that tells classes apart. After fit: classes_, n_features_in_, run_.

    Parameters: plan, members, epochs, seconds, metric, device, random_state (see netwright.fit).
    """

    def fit(self, X: ArrayLike, y: ArrayLike) -> Self:
        """Train on X (rows, features) and labels y (rows,)."""
        if y is None:
            raise ValueError("Classifier requires y to be passed, but the target y is None.")
        frame = self._frame(X, reset=True)
        labels = column_or_1d(y, warn=True)
        assert_all_finite(labels, input_name="y")
        _same_length(frame, labels)
        check_classification_targets(labels)
        self.classes_, ids = np.unique(labels, return_inverse=True)
        if len(self.classes_) < 2:
            raise ValueError(
                f"Classifier needs at least two classes, but y holds only one class: "
                f"{self.classes_[0]!r}. Add rows of another class."
            )
        # Names that sort like the ids, whatever type the labels are of.
        names = pd.Series([f"class-{number:06d}" for number in ids])
        self._train(frame, names, ids, "classification")
        return self

    def predict_proba(self, X: ArrayLike) -> NDArray[np.float64]:
        """Return calibrated probabilities (rows, classes), in the order of classes_."""
        outputs = self._outputs(X)
        found = self.run_.model.probabilities(outputs).numpy()
        full = np.zeros((len(found), len(self.classes_)))
        for column, name in enumerate(self.run_.model.task.classes):
            full[:, int(name.removeprefix("class-"))] = found[:, column]
        return full

    def predict(self, X: ArrayLike) -> NDArray[Any]:
        """Return the most probable label of each row."""
        check_is_fitted(self, "run_")
        return self.classes_[self.predict_proba(X).argmax(1)]


class Regressor(RegressorMixin, _Tabular):  # type: ignore[misc] # as above
    """A net that predicts a number. After fit: n_features_in_, run_.

    Parameters: plan, members, epochs, seconds, metric, device, random_state (see netwright.fit).
    """

    def fit(self, X: ArrayLike, y: ArrayLike) -> Self:
        """Train on X (rows, features) and numbers y (rows,)."""
        if y is None:
            raise ValueError("Regressor requires y to be passed, but the target y is None.")
        frame = self._frame(X, reset=True)
        numbers = column_or_1d(y, warn=True).astype(np.float64)
        _same_length(frame, numbers)
        assert_all_finite(numbers, input_name="y")
        # Rows of every height are set aside alike: neighbours in rank form a stratum.
        ranks = numbers.argsort(kind="stable").argsort(kind="stable")
        self._train(frame, pd.Series(numbers), ranks // 10, "regression")
        return self

    def predict(self, X: ArrayLike) -> NDArray[np.float64]:
        """Return one number a row, in y's unit."""
        outputs = self._outputs(X)
        return self.run_.model.values(self.run_.model.middle(outputs)).numpy()[:, 0]


def _hold_out(strata: NDArray[Any], seed: int) -> NDArray[np.bool_]:
    """Choose validation rows: the same share of every stratum, at least one row in all."""
    rng = np.random.default_rng(seed)
    share = validation_share(len(strata))
    held = np.zeros(len(strata), dtype=bool)
    for stratum in np.unique(strata):
        rows = rng.permutation(np.flatnonzero(strata == stratum))
        held[rows[: round(share * len(rows))]] = True
    if not held.any():
        held[rng.integers(len(held))] = True
    return held


def _same_length(frame: pd.DataFrame, y: NDArray[Any]) -> None:
    if len(frame) != len(y):
        raise ValueError(
            f"X and y have inconsistent numbers of samples: {len(frame)} and {len(y)}."
        )
