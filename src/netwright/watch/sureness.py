"""How sure the net is of training rows and of evaluated ones.

Signals: "sure.train" and "sure.evaluated" (mean over rows of the probability that it gives to its
own answer), "right.train" and "right.evaluated" (share of rows where that is the target).
"""

import torch
from torch import Tensor

from netwright.watch.kept import Kept
from netwright.watch.rows import Rows, ask
from netwright.watch.skill import answers


def sureness(kept: Kept, training: Rows, judged: Rows) -> None:
    """Record both of the last state, where one loss gives each row one class."""
    if any(len(tape.losses()) > 1 for tape in kept.tapes):
        return  # a row may have two answers (mixup)
    for name, rows in (("train", training), ("evaluated", judged)):
        output = ask(kept.last, rows.inputs)
        answer = None if output is None else answers(rows.goal, output)
        if output is None or answer is None or not rows.goal.classes:
            return
        sure = float(_probability(rows.goal.loss, output).double().mean())
        kept.trace.record(f"sure.{name}", "", kept.steps, sure)
        right = float((answer == rows.goal.values).double().mean())
        kept.trace.record(f"right.{name}", "", kept.steps, right)


def _probability(loss: str, output: Tensor) -> Tensor:
    """Return (rows,): of the likeliest class."""
    if loss == "cross_entropy":
        return output.softmax(1).amax(1)
    if loss == "nll_loss":
        return output.exp().amax(1)
    one = output.sigmoid() if loss == "binary_cross_entropy_with_logits" else output
    return torch.maximum(one, 1 - one).reshape(-1)
