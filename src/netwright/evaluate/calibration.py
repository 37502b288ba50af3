"""Temperature scaling: p = softmax(logits / T) (or sigmoid), with one T fitted on the validation
rows.

Guo, Pleiss, Sun and Weinberger 2017, arXiv:1706.04599. T > 1 tempers a net that is too sure of
itself; the order of classes, and so accuracy, stays. T minimises the log loss of the validation
rows, which the net's weights have not seen, and never of training or test rows. Differs from the
source: log T has a normal prior (mean 0, deviation 0.5), which thousands of rows outweigh, but
which keeps a few dozen rows that are all right from sending T to 0.
"""

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

from netwright.data.task import Form
from netwright.errors import DataError, TrainingError
from netwright.evaluate.curves import reliability

__all__ = ["apply_temperature", "fit_temperature", "log_loss", "reliability"]

PRIOR = 0.5  # nets are seldom off by more than a factor of e, that is two deviations
BOUND = 3.0  # |log T|: beyond 0.05 and 20 probabilities are 0 and 1, or all the same
MAX_ROWS = 20_000  # one number is known to three digits from these


def fit_temperature(logits: Tensor, targets: Tensor, *, form: Form | None = None) -> float:
    """Return T for validation logits, or 1.0 where no T lowers their log loss.

    logits: (rows, classes) with targets (rows,); (rows,) or (rows, 1), one logit a row, with
    targets 0 or 1; (rows, labels) with 0/1 targets of the same shape. form: "ordinal" for one logit
    a threshold, (rows, grades - 1); else read off the shapes.
    """
    loss = _loss_of(logits, targets, form)
    logits = logits.detach().cpu().double()
    targets = targets.detach().cpu()
    if not len(logits):
        raise DataError("Calibration needs validation rows, but got none. Hold some out.")
    if not bool(torch.isfinite(logits).all()):
        raise TrainingError(
            "The validation logits hold values that are not finite, so they cannot be calibrated. "
            "Training has diverged: lower recipe.lr or set recipe.clip."
        )
    rows = len(logits)
    if rows > MAX_ROWS:
        part = torch.linspace(0, rows - 1, MAX_ROWS).long()
        logits, targets, rows = logits[part], targets[part], MAX_ROWS

    def objective(log_t: float) -> float:
        t = float(torch.tensor(log_t).exp())
        return rows * float(loss(logits / t, targets)) + log_t**2 / (2 * PRIOR**2)

    from scipy.optimize import minimize_scalar  # slow to import, and first needed after training

    found = minimize_scalar(
        objective, bounds=(-BOUND, BOUND), method="bounded", options={"xatol": 1e-4}
    )
    temperature = float(torch.tensor(float(found.x)).double().exp())
    better = loss(logits / temperature, targets) < loss(logits, targets)
    return temperature if bool(better) else 1.0


def apply_temperature(logits: Tensor, temperature: float) -> Tensor:
    """Return calibrated logits: softmax, sigmoid or cumulative probabilities are taken of them."""
    return logits / temperature


def log_loss(logits: Tensor, targets: Tensor, *, form: Form | None = None) -> float:
    """Return the mean nats a row (or label) of logits, shaped as in `fit_temperature`."""
    return float(_loss_of(logits, targets, form)(logits.double(), targets))


def _loss_of(
    logits: Tensor, targets: Tensor, form: Form | None
) -> Callable[[Tensor, Tensor], Tensor]:
    if form == "ordinal":
        return _ordinal_loss
    if targets.shape == logits.shape or logits.dim() == 1 or logits.shape[1] == 1:
        return lambda x, t: F.binary_cross_entropy_with_logits(x, t.double().view_as(x))
    if logits.dim() != 2 or targets.shape != logits.shape[:1]:
        raise ValueError(
            f"Logits of shape {tuple(logits.shape)} do not fit targets of shape "
            f"{tuple(targets.shape)}. Give (rows, classes) with (rows,), or both (rows, labels)."
        )
    return lambda x, t: F.cross_entropy(x, t.long())


def _ordinal_loss(logits: Tensor, targets: Tensor) -> Tensor:
    above = logits.sigmoid().cummin(1).values  # P(grade > k) cannot rise with k
    grades = F.pad(above, (1, 0), value=1.0) - F.pad(above, (0, 1), value=0.0)
    true = grades.gather(1, targets.long()[:, None])
    return -true.clamp_min(1e-7).log().mean()
