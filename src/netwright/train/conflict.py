"""How the tasks of one trunk pull at it while it learns: cosines of their gradients, and weights.

"grad.cosine" of two tasks, by "first ~ second", is measured on PER_EPOCH batches of each epoch that
are about to be learned. Below 0 a small step for one task raises the other's loss.
"""

import torch
from torch import nn

from netwright.data.data import Batch
from netwright.objectives.multi_task import MultiTask
from netwright.watch.trace import Trace

__all__ = ["BETWEEN", "SIGNAL", "facts_of_tasks", "record_conflict"]

PER_EPOCH = 5  # a measurement costs a forward pass and a backward pass a task
SIGNAL = "grad.cosine"
BETWEEN = " ~ "  # the names of the two tasks


def record_conflict(
    trace: Trace, objective: object, net: nn.Module, batch: Batch, *, step: int, every: int
) -> None:
    """Record the cosines at this step, where one in `every` // PER_EPOCH is measured."""
    if not isinstance(objective, MultiTask) or step % max(every // PER_EPOCH, 1):
        return
    for (first, second), cosine in objective.gradient_cosines(net, batch).items():
        trace.record(SIGNAL, f"{first}{BETWEEN}{second}", step, cosine)


def facts_of_tasks(
    trace: Trace, objective: object, net: nn.Module, *, since: int
) -> dict[str, float]:
    """Return what a row of the history holds of the tasks: the mean cosine from step `since` on,
    the share of measurements below 0, and the weight exp(-s) of each task."""
    if not isinstance(objective, MultiTask):
        return {}
    cosines = [
        float(value)
        for place in trace.places(SIGNAL)
        for step, value in zip(trace.steps(SIGNAL, place), trace.values(SIGNAL, place), strict=True)
        if step >= since
    ]
    row: dict[str, float] = {}
    if cosines:
        row["gradient_cosine"] = sum(cosines) / len(cosines)
        row["conflicting"] = sum(value < 0 for value in cosines) / len(cosines)
    s = getattr(net, "log_variances", None)
    if s is not None:
        weights = torch.exp(-s.detach()).tolist()
        row |= {f"weight.{t.target}": w for t, w in zip(objective.tasks, weights, strict=True)}
    return row
