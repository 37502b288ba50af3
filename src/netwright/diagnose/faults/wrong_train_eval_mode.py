"""Train and eval modes mixed up: dropout and batch norm act in the wrong phase.

## What it does
Looks at the mode of nets with dropout or batch norm while they train and while they are judged, and
compares the losses that the two modes give for the same batch.

## Why is this bad?
In train mode batch norm uses the batch's own statistics and dropout deletes; in eval mode batch
norm uses what it gathered in train mode. Judged in train mode, a net looks worse than it is, or its
answers depend on the batch; trained in eval mode, it does without what was asked for.

## Example
    net.eval()
    accuracy = judge(net, validation)
    train_epoch(net, train)  # still in eval mode

Use instead:

    net.eval()
    accuracy = judge(net, validation)
    net.train()
    train_epoch(net, train)

## References
- Ioffe and Szegedy 2015, arXiv:1502.03167
- PyTorch, torch.nn.Module.train
"""

from collections.abc import Iterator

import numpy as np

from netwright.diagnose.fault import Evidence, fault
from netwright.diagnose.patch import Edit
from netwright.watch.trace import Trace

__all__ = ["wrong_train_eval_mode"]

_DECIDED = 0.05  # share of answers that the mode changes
_COST = 0.02  # of the score: under it no conclusion changes


@fault(
    "wrong-train-eval-mode",
    severity="error",
    remedies=("set-mode",),
    explains=(
        "underfitting", "undertrained", "exploding-gradient", "learning-rate-too-high",
        "vanishing-gradient", "overfitting",
    ),
)  # fmt: skip
def wrong_train_eval_mode(trace: Trace) -> Iterator[Evidence]:
    """Trained in eval mode though the net's batch norm never gathered any statistics, or though
    it is evaluated in train mode, or since an evaluation in the course of the run; or evaluated in
    train mode: where that changes one answer in twenty, or the score by two points and by two
    standard errors. Asking for the same rows again and again in train mode is Monte Carlo dropout
    (Gal and Ghahramani 2016), and meant. Or one answer in twenty changes in eval mode from one
    asking to the next.
    """
    yield from _drawn_in_eval(trace)
    training, evaluation = trace.values("training.mode"), trace.values("evaluation.mode")
    net = trace.text("variable", "net") or "model"
    decided, gap = trace.last("mode.decided"), trace.last("mode.gap")
    if len(training) >= 3 and not training[len(training) // 2 :].any():
        unused = trace.places("norm.unused")
        if trace.last("mode.norm") and unused and not trace.places("loaded"):
            yield Evidence(
                place=unused[0],
                event="forward",
                step=int(trace.steps("training.mode")[0]),
                numbers={"layers": len(unused)},
                confidence=0.95,
                edit=Edit("before", f"{net}.train()"),
                explanation=(
                    f"The net is trained in eval mode: {len(unused)} batch norm layers "
                    f"({unused[0]!r} the first) never gathered statistics and normalise nothing. "
                    f"Call {net}.train() before each epoch's training steps (an evaluation before "
                    "them leaves the net in eval mode)."
                ),
            )
            return
    if decided is None or gap is None:
        return
    if _left_in_eval(trace):
        yield _mended_by_train(trace, net, decided, gap)
        return
    if not len(evaluation) or np.mean(evaluation[-4:]) < 1 or len(training) < 3:
        return
    if (trace.last("evaluation.again") or 0) >= 0.5:
        return
    if not training.any():
        yield _swapped(trace, net, decided, gap)
    if training[-1] < 1:
        return
    yield Evidence(
        event="evaluation",
        step=int(trace.steps("evaluation.mode")[0]),
        severity=None if decided > _DECIDED or _costs(trace) else "info",
        numbers={"answers that the mode changes": decided, "change over spread": gap},
        confidence=0.9,
        edit=Edit("before", f"{net}.eval()"),
        explanation=(
            f"The net is evaluated in train mode, where its dropout or batch norm still acts: "
            f"{decided:.0%} of the answers differ from those in eval mode, so the score is not the "
            f"net's. Call {net}.eval() before evaluating and {net}.train() before training on."
        ),
    )


def _drawn_in_eval(trace: Trace) -> Iterator[Evidence]:
    drawn = trace.last("eval.drawn")
    if drawn is None or drawn <= _DECIDED or (trace.last("evaluation.again") or 0) >= 0.5:
        return
    yield Evidence(
        event="evaluation",
        numbers={"classes that change from one asking to the next": drawn},
        confidence=0.9,
        remedies=(),
        explanation=(
            f"Asked twice for the same rows in eval mode, the net answers {drawn:.0%} of them "
            "otherwise: its F.dropout(x, p) knows no mode and acts in evaluations too. Pass "
            "training=self.training, or use nn.Dropout."
        ),
    )


def _costs(trace: Trace) -> bool:
    """Whether the score is lower in train mode."""
    cost, noise = trace.last("mode.cost"), trace.last("mode.cost.noise")
    return cost is not None and noise is not None and cost > max(_COST, 2 * noise)


def _swapped(trace: Trace, net: str, decided: float, gap: float) -> Evidence:
    return Evidence(
        event="forward",
        step=int(trace.steps("training.mode")[0]),
        severity=None if decided > _DECIDED or _costs(trace) else "info",
        numbers={"answers that the mode changes": decided, "change over spread": gap},
        confidence=0.95,
        edit=Edit("before", f"{net}.train()"),
        explanation=(
            "The modes are swapped: the net is trained in eval mode, without its dropout and with "
            "batch norm's stored statistics, and evaluated in train mode, where the mode changes "
            f"{decided:.0%} of the answers. Call {net}.train() before training, {net}.eval() "
            "before evaluating."
        ),
    )


def _left_in_eval(trace: Trace) -> bool:
    """Whether training began in train mode and was in eval mode for its last half or more."""
    modes, steps = trace.values("training.mode"), trace.steps("training.mode")
    if len(modes) < 3 or not modes[0] or modes[-1]:
        return False
    switched = int(steps[np.flatnonzero(modes)[-1]])
    return switched < 0.5 * int(steps[-1])


def _mended_by_train(trace: Trace, net: str, decided: float, gap: float) -> Evidence:
    modes = trace.values("training.mode")
    return Evidence(
        event="forward",
        step=int(trace.steps("training.mode")[np.flatnonzero(modes == 0)[0]]),
        severity=None if decided > _DECIDED else "info",
        numbers={"answers that the mode changes": decided, "change over spread": gap},
        confidence=0.85,
        edit=Edit("before", f"{net}.train()"),
        explanation=(
            "Training began in train mode and went on in eval mode after an evaluation: dropout "
            "deletes nothing any more, and batch norm's statistics stay at what they were then. "
            f"The mode decides {decided:.0%} of the answers. Call {net}.train() before each "
            "epoch's training steps."
        ),
    )
