"""Does the net answer one batch alike in train() and in eval(), and the same in eval() every time?

Dropout is off and batch norm is given time to settle on the batch; what differs then will differ
between training and use.
"""

import math
import time

import torch
from torch import Tensor, nn

from netwright.check.case import Case
from netwright.check.modes import batch_norms, without_dropout_
from netwright.check.result import Check
from netwright.device import seeded

__all__ = ["train_and_eval"]

NAME = "train-and-eval"
MOST_PASSES = 200
GAP = 0.25  # of the outputs' spread; batch norm's two ways to divide make about a hundredth
STEADY = 1e-4


def train_and_eval(case: Case, *, seconds: float = 3.0) -> Check:
    """Warn where one batch is answered otherwise in the two modes; fail where eval() is random."""
    step = case.step
    assert step is not None
    net = step.copy()
    inputs = step.batch.inputs
    with torch.no_grad(), seeded(case.seed):
        net.eval()
        once, again = net(*inputs), net(*inputs)
    spread = max(float(once.std()), 1e-12) if once.numel() > 1 else 1.0
    unsteady = float((once - again).abs().max()) / spread
    if unsteady > STEADY:
        return Check(
            name=NAME,
            status="failed",
            fault="wrong-train-eval-mode",
            words="The same batch gets other answers each time in eval() (they differ by "
            f"{unsteady:.2g} of their spread): something stays random in use",
            advice="Give F.dropout its training=self.training, or use nn.Dropout, which eval() "
            "switches off.",
            numbers={"difference": unsteady},
        )
    without_dropout_(net)
    settled = _settle_(net, inputs, seconds)
    with torch.no_grad(), seeded(case.seed):
        trained = net.train()(*inputs)
        used = net.eval()(*inputs)
    spread = max(float(used.std()), float(trained.std()), 1e-12) if used.numel() > 1 else 1.0
    gap = float((trained - used).abs().mean()) / spread
    numbers: dict[str, float | str] = {
        "difference": gap,
        "batch norm layers": len(batch_norms(net)),
    }
    said = f"the answers in train() and eval() differ by {gap:.2g} of their spread"
    if not settled:
        words = f"{said}, while batch norm has not settled on the batch: its momentum is small"
        return Check(name=NAME, status="info", words=words, numbers=numbers)
    if gap > GAP:
        return Check(
            name=NAME,
            status="warning",
            fault="wrong-train-eval-mode",
            words=f"{said}, with dropout off and batch norm settled",
            advice="Look at batch norm's momentum and statistics, and at code that asks for "
            "self.training.",
            numbers=numbers,
        )
    return Check(name=NAME, status="passed", words=said, numbers=numbers)


def _settle_(net: nn.Module, inputs: tuple[Tensor, ...], seconds: float) -> bool:
    """Let batch norm's running statistics reach those of the batch; return whether they did."""
    layers = batch_norms(net)
    if not layers:
        return True
    slowest = min((m.momentum for m in layers if m.momentum), default=1.0)
    passes = math.ceil(8 / slowest)
    end = time.monotonic() + seconds
    with torch.no_grad():
        for number in range(min(passes, MOST_PASSES)):
            net.train()(*inputs)
            if time.monotonic() > end:
                return number + 1 >= passes / 2
    return passes <= MOST_PASSES
