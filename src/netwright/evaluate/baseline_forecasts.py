"""Forecast baselines: seasonal naive and last value, ridge regression on the lags, boosted trees on
lags and step.

They see the same windows as the net and predict in the same units; ridge and trees learn what the
encoding's anchor leaves over, as the net does.
"""

from collections.abc import Callable, Mapping

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from netwright.data.forecast_encoding import ForecastEncoding
from netwright.evaluate.baseline_inputs import Sample
from netwright.evaluate.baseline_models import fit_ridge, fit_trees

__all__ = ["forecast_by_ridge", "forecast_by_trees", "naive_forecasts"]

Array = NDArray[np.float64]
MAX_LAGS = 64  # of a window that the trees see beside its seasonal values
MAX_STACKED = 100_000  # rows times steps
MAX_WIDTH = 1000  # ridge columns: its cost grows with their square


def naive_forecasts(encoding: ForecastEncoding, windows: Tensor) -> Mapping[str, Tensor]:
    """Return by name the simple forecasts, in the target's unit: "last value", "seasonal naive"."""
    y = windows[:, :, 0].cpu()
    season, horizon = encoding.season, encoding.horizon
    found = {"last value": encoding.restore(y[:, -1:].expand(-1, horizon))}
    if 1 < season <= y.shape[1]:
        same = y.shape[1] - season + torch.arange(horizon) % season
        found["seasonal naive"] = encoding.restore(y[:, same])
    return found


def forecast_by_ridge(
    encoding: ForecastEncoding, train: Sample, test: Sample, *, deadline: float, seed: int
) -> tuple[Tensor, str]:
    """Return forecasts of the test windows and what time did not allow."""
    known = np.isfinite(train.targets).all(1)
    x = _flat(encoding, train)
    fitted = fit_ridge(x[known], train.targets[known], deadline=deadline, seed=seed)
    outputs = torch.from_numpy(fitted.predict(_flat(encoding, test))).float()
    return encoding.decode(outputs, _tensors(test)), fitted.cut


def forecast_by_trees(
    encoding: ForecastEncoding, train: Sample, test: Sample, *, deadline: float, seed: int
) -> tuple[Tensor, str]:
    """Return forecasts by one model for all steps: it is told which step ahead it is asked for."""
    x, _ = _stacked(encoding, train)
    y = train.targets.reshape(-1)
    known = np.flatnonzero(np.isfinite(y))
    if len(known) > MAX_STACKED:
        known = np.sort(np.random.default_rng(seed).choice(known, MAX_STACKED, replace=False))
    fitted = fit_trees(x(known), y[known], classes=0, categorical=(), deadline=deadline, seed=seed)
    ahead, total = _stacked(encoding, test)
    outputs = fitted.predict(ahead(np.arange(total))).reshape(len(test), encoding.horizon)
    return encoding.decode(torch.from_numpy(outputs).float(), _tensors(test)), fitted.cut


def _tensors(sample: Sample) -> tuple[Tensor, ...]:
    return tuple(torch.from_numpy(x) for x in sample.inputs)


def _flat(encoding: ForecastEncoding, sample: Sample) -> NDArray[np.float32]:
    """(rows, columns): every channel of every step, or the target's lags and the rest's last
    values.
    """
    windows = encoding.prepare(_tensors(sample))[0].numpy()
    if windows.shape[1] * windows.shape[2] <= MAX_WIDTH:
        return windows.reshape(len(windows), -1)
    lags = windows[:, -MAX_WIDTH // 2 :, 0]
    return np.concatenate([lags, windows[:, -1, 1:]], axis=1)


def _stacked(
    encoding: ForecastEncoding, sample: Sample
) -> tuple[Callable[[NDArray[np.int64]], NDArray[np.float32]], int]:
    """Return (which -> features (len(which), columns), rows x horizon), one row for each window and
    step ahead.
    """
    windows = encoding.prepare(_tensors(sample))[0].numpy()
    lags = windows[:, -MAX_LAGS:, 0]
    last = windows[:, -1, 1:]
    context, season, horizon = encoding.context, encoding.season, encoding.horizon
    steps = np.arange(horizon)
    seasonal = np.stack(
        [
            windows[:, context - back * season + steps % season, 0]
            for back in range(1, 4)
            if back * season <= context
        ]
        or [np.zeros((len(windows), horizon), np.float32)],
        axis=2,
    )  # (rows, horizon, seasons back)

    def features(which: NDArray[np.int64]) -> NDArray[np.float32]:
        row, step = which // horizon, which % horizon
        parts = [lags[row], last[row], seasonal[row, step], step[:, None]]
        return np.concatenate(parts, axis=1, dtype=np.float32)

    return features, len(windows) * horizon
