"""sample_forecasts: a few forecasts of the test part beside what came."""

import torch
from torch import Tensor

from netwright.data.data import Data
from netwright.data.forecast_encoding import ForecastEncoding
from netwright.evaluate.judge import inputs_of, predictions_of
from netwright.model.model import Model
from netwright.report.report import Forecast

__all__ = ["sample_forecasts"]

SHOWN = 4
HISTORY_OVER_HORIZON = 3  # how much of the window is drawn before a forecast


def sample_forecasts(model: Model, data: Data, outputs: Tensor) -> list[Forecast]:
    """Return up to four forecasts, evenly taken from the test origins; none for other tasks."""
    encoding = data.encoding
    if not isinstance(encoding, ForecastEncoding):
        return []
    predicted, actual = predictions_of(model, outputs, data.test)
    windows = inputs_of(data.test)[0]
    ends = model.ends(outputs, (windows,))
    raw = getattr(data.test, "raw", None)
    history = encoding.restore(windows[:, :, 0])
    keep = min(history.shape[1], HISTORY_OVER_HORIZON * encoding.horizon)
    count = min(SHOWN, len(predicted))
    found = []
    for at in torch.linspace(0, len(predicted) - 1, count).round().long().tolist():
        naive: list[float] = []
        label = f"test forecast {at + 1}"
        if raw is not None:
            # A day without a time of day is only a day.
            label = f"from {raw.iloc[at]['origin']}".removesuffix(" 00:00:00")
            naive = [float(raw.iloc[at][f"season_{h + 1}"]) for h in range(encoding.horizon)]
        found.append(
            Forecast(
                label=label,
                history=history[at, -keep:].tolist(),
                actual=actual[at].tolist(),
                predicted=predicted[at].tolist(),
                naive=naive,
                low=[] if ends is None else ends[0][at].tolist(),
                high=[] if ends is None else ends[1][at].tolist(),
            )
        )
    return found
