"""Wrong loss reduction: the loss is a sum over the batch, and the step is too big for it.

## What it does
Gives the loss every row twice. Where that doubles it, it tries the first steps again with the loss
divided by the number of rows.

## Why is this bad?
The gradient of a sum grows with the batch: a learning rate that fits the mean is then too large by
as many times as there are rows. Under SGD the run diverges or ends in a poor place; another batch
size is another learning rate.

## Example
    loss = F.mse_loss(net(x), y, reduction="sum")
    torch.optim.SGD(net.parameters(), lr=0.05)

Use instead:

    loss = F.mse_loss(net(x), y)

## References
- Goyal et al. 2017, arXiv:1706.02677 (the learning rate and the size of the batch)
- PyTorch, torch.nn.MSELoss: `reduction`
"""

import math
from collections.abc import Iterator

from netwright.diagnose.fault import Evidence, fault
from netwright.diagnose.symptoms import diverged, learned_little
from netwright.watch.trace import Trace

__all__ = ["wrong_loss_reduction"]


@fault(
    "wrong-loss-reduction",
    severity="error",
    remedies=("mean-reduction", "lower-lr"),
    explains=(
        "learning-rate-too-high", "exploding-gradient", "numerical-instability", "dying-relu",
        "saturated-units", "underfitting", "undertrained", "unscaled-inputs", "vanishing-gradient",
        "wrong-initialization", "overfitting", "class-imbalance", "output-loss-mismatch",
    ),
)  # fmt: skip
def wrong_loss_reduction(trace: Trace) -> Iterator[Evidence]:
    """Doubling the batch doubles the loss, the run learned little, and from the same start the mean
    of the loss ends a fifth of the start lower than its sum.
    """
    doubled, start = trace.last("loss.doubled"), trace.last("trial.per.row")
    summed, averaged = trace.last("trial.summed"), trace.last("trial.averaged")
    if doubled is None or start is None or summed is None or averaged is None:
        return
    better = not math.isfinite(summed) or summed - averaged > 0.2 * abs(start)
    if not (better and averaged < start and (diverged(trace) or learned_little(trace))):
        return
    yield Evidence(
        event="loss",
        step=0,
        numbers={
            "loss of a doubled batch over the batch's": doubled,
            "loss a row after a trial, summed": summed,
            "averaged": averaged,
        },
        confidence=0.95,
        explanation=(
            "The loss is a sum over the batch, so its gradient grows with the number of rows, and "
            f"the learning rate is too large for it: from the same start a short trial ends at "
            f"{summed:.3g} a row as it is, at {averaged:.3g} with the mean. Use reduction='mean', "
            "or divide by the number of rows."
        ),
    )
