"""The net's last function and the loss do not fit each other.

## What it does
Looks at what enters the loss: rows that sum to one under cross_entropy, numbers between 0 and 1
under binary_cross_entropy_with_logits, numbers above 0 under nll_loss, a softmax over one unit, a
last ReLU, sigmoid or tanh whose range cannot reach the targets; and asks a short training whether
the net is better off without.

## Why is this bad?
torch's cross_entropy and binary_cross_entropy_with_logits take logits and apply the softmax or
sigmoid themselves; nll_loss and kl_div take log-probabilities. Applied twice, a sure answer costs
almost as much as an unsure one, and gradients fade. Of numbers that are no log-probabilities
nll_loss has no lower bound: it falls for ever without a better answer. Targets beyond a bounded
output cannot be reached at all.

## Example
    loss = F.cross_entropy(net(x).softmax(dim=1), y)

Use instead:

    loss = F.cross_entropy(net(x), y)

## References
- PyTorch, torch.nn.CrossEntropyLoss
- Goodfellow, Bengio and Courville 2016, "Deep Learning", 6.2.2
"""

from collections.abc import Iterator

import numpy as np

from netwright.diagnose.fault import Evidence, fault
from netwright.diagnose.patch import Edit, without_call
from netwright.diagnose.symptoms import learned_little, losses, would_gain
from netwright.watch.trace import Trace

__all__ = ["output_loss_mismatch"]

_SQUASHED = ("softmax", "sigmoid", "hardtanh", "tanh")
_EXPLAINS = (
    "vanishing-gradient", "underfitting", "undertrained", "learning-rate-too-low", "dying-relu",
    "learning-rate-too-high", "overfitting", "saturated-units", "unscaled-inputs",
    "exploding-gradient", "numerical-instability",
)  # fmt: skip


@fault(
    "output-loss-mismatch",
    severity="error",
    remedies=("remove-output-activation", "replace-loss"),
    explains=_EXPLAINS,
)
def output_loss_mismatch(trace: Trace) -> Iterator[Evidence]:
    """A softmax or sigmoid before a loss that applies its own, where a short training without it
    goes clearly better; an output that is the same for every input, or a cross_entropy over one
    column; an nll_loss or kl_div that is given numbers above 0 and came to lie under 0 itself, as
    no likelihood of classes can; a last ReLU over classes, some of which are never answered, or in
    a net that learned little, or whose logarithm is taken and is not finite; a last function whose
    range misses targets that make up a twentieth of their variance or more.
    """
    name, function = trace.text("loss.name"), trace.text("output.function")
    constant = trace.values("output.constant")
    outside, lost = trace.last("target.outside") or 0.0, trace.last("target.lost") or 0.0
    bounded = function in ("softmax", "log_softmax", "sigmoid")
    if len(constant) >= 2 and constant.all() and bounded and not _saturated(trace, function):
        yield _evidence(
            f"The net ends in a {function} whose answer is the same number for every input (a "
            "softmax over a single column is always 1), so nothing can be learned. Use a sigmoid "
            "for one column, or one column a class.",
            0.97,
        )
    elif name == "cross_entropy" and trace.last("output.columns") == 1 and _stays_at_0(trace):
        yield _evidence(
            "cross_entropy takes a softmax over the columns of the output, and there is one: its "
            "softmax is 1 for every input, the loss 0 and so is every gradient. Use "
            "binary_cross_entropy_with_logits for one column, or one column a class.",
            0.97,
        )
    elif name == "cross_entropy" and function in _SQUASHED and would_gain(trace, "unsquashed"):
        yield _evidence(
            f"The net ends in a {function} and cross_entropy applies its own softmax to that: the "
            "differences between classes are at most 1 (2 for a tanh), so the loss cannot become "
            "small and the gradients vanish. Return the last layer's numbers themselves.",
            0.95,
            edit=without_call(function),
        )
    elif (
        name == "binary_cross_entropy_with_logits"
        and function in ("softmax", "sigmoid")
        and would_gain(trace, "unsquashed")
    ):
        yield _evidence(
            f"The net ends in a {function} and binary_cross_entropy_with_logits applies a sigmoid "
            "to that: no answer can come near 0. Return the last layer's numbers themselves, or "
            "use binary_cross_entropy.",
            0.95,
            edit=without_call(function),
        )
    elif name in ("nll_loss", "kl_div") and function in ("softmax", "sigmoid", "relu"):
        yield _evidence(
            f"{name} takes log-probabilities, and the net ends in a {function}: the loss is not a "
            "likelihood. Use log_softmax, or logits with cross_entropy.",
            0.9,
        )
    elif name in ("nll_loss", "kl_div") and not function and _no_likelihood(trace):
        yield _evidence(
            f"{name} takes log-probabilities, which are never above 0, and the net gives it the "
            "last layer's numbers themselves: the loss has no lower bound, and falls as they grow. "
            "Use cross_entropy, or log_softmax before it.",
            0.95,
        )
    elif function and lost >= 0.05:
        yield _evidence(
            f"{outside:.0%} of the targets lie outside what the net's last {function} can give: it "
            "can never answer them. Leave the last function away, or scale the targets into its "
            "range.",
            0.95,
            outside=outside,
            lost=lost,
        )
    elif _relu_over_classes(trace, name, function):
        yield _evidence(
            "The net ends in a ReLU, so that no class can be answered against, a class whose "
            "number is 0 gets no gradient, and a logarithm of it is not finite. Leave the last "
            "ReLU away.",
            0.85,
            never_answered=trace.last("output.off") or 0.0,
        )


def _relu_over_classes(trace: Trace, name: str, function: str) -> bool:
    """Whether classes are answered by a ReLU, or the logarithm of one, and that does harm."""
    by_hand = "relu" in trace.texts("log.of").values()
    if by_hand and not np.isfinite(losses(trace)).all():
        return True
    last = function == "relu" and (by_hand or name == "cross_entropy")
    return last and (learned_little(trace) or bool(trace.last("output.off")))


def _stays_at_0(trace: Trace) -> bool:
    values = losses(trace)
    return len(values) > 0 and not values.any()


def _saturated(trace: Trace, function: str) -> bool:
    """Whether a sigmoid's one answer is 0 or 1: numbers far out came in, of whatever cause."""
    ends = {*trace.values("output.min").tolist(), *trace.values("output.max").tolist()}
    return function == "sigmoid" and ends <= {0.0, 1.0}


def _no_likelihood(trace: Trace) -> bool:
    """Whether what should be log-probabilities is above 0 and its loss fell under 0, or broke."""
    values = losses(trace)
    above = trace.values("output.above.0")
    under = not np.isfinite(values).all() or bool((values < 0).any())
    return bool(len(above)) and bool(above.max() > 0.01) and under


def _evidence(
    explanation: str, confidence: float, *, edit: Edit | None = None, **numbers: float
) -> Evidence:
    return Evidence(
        event="loss",
        step=0,
        numbers=numbers,
        confidence=confidence,
        explanation=explanation,
        edit=edit,
    )
