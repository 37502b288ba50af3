"""Weight decay too strong: weights shrink faster than the gradient can build them up.

Reads "decay.ratio", the share of the weights that decay takes away in a step: the rate times the
decay where it is decoupled, that over 1 - momentum with SGD, and the part that decay has of Adam's
update where it is a part of the gradient.

## What it does
Compares the share of the weights that decay takes in a step with 1 %, and asks whether the weights
collapsed and the training loss stayed near that of a constant answer; and lets the run go on from
its end with its decay and without.

## Why is this bad?
What is not renewed within 1 / (rate x decay) steps is forgotten. Where that is a few dozen batches,
the net holds no more than they say, and the loss is fought by the decay, not by the data.

## Example
    optimizer = torch.optim.AdamW(net.parameters(), lr=3e-3, weight_decay=30)

Use instead:

    optimizer = torch.optim.AdamW(net.parameters(), lr=3e-3, weight_decay=0.03)

## References
- Loshchilov and Hutter 2019, arXiv:1711.05101
- Krogh and Hertz 1991, "A Simple Weight Decay Can Improve Generalization", NeurIPS
"""

from collections.abc import Iterator

import numpy as np

from netwright.diagnose.fault import Evidence, fault
from netwright.diagnose.symptoms import (
    diverged,
    end_of,
    finite,
    losses,
    skill_gained,
    skill_of,
    stuck,
    trivial_loss,
    weights_in_order,
)
from netwright.watch.trace import Trace

__all__ = ["weight_decay_too_strong"]

# Usual ones take 1e-6 to 1e-3 of the weights a step; with 0.01 all but a third of what was learned
# a hundred steps ago is gone.
_SHARE = 0.01
_STRONG = 0.002
_COLLAPSED = 0.25
_UNLEARNED = 0.3  # of a constant answer's loss


@fault(
    "weight-decay-too-strong",
    severity="error",
    remedies=("less-weight-decay", "less-regularization"),
    explains=("vanishing-gradient", "underfitting", "undertrained", "learning-rate-too-low"),
)
def weight_decay_too_strong(trace: Trace) -> Iterator[Evidence]:
    """Decay takes 1 % of the weights a step or more, the hidden weight matrices end under a quarter
    of their first size, and the training loss rests above three tenths of a constant answer's (or,
    where that is not known, where it began). Or it takes 0.2 % or more, and from the run's end the
    same steps without it gain much more than with it; so with a function of the weights that is
    added to the loss.
    """
    yield from _better_unpenalised(trace)
    shares = finite(trace.values("decay.ratio"))
    values = finite(losses(trace))
    if len(shares) < 3 or len(values) < 3:
        return
    share = float(np.quantile(shares, 0.9))  # warm-up and annealing are small on purpose
    left, trivial, end = _left(trace), trivial_loss(trace), end_of(values)
    if share < _SHARE or not left or max(left.values()) > _COLLAPSED or _is_lost(trace, end):
        yield from _better_without(trace, share)
        return
    if not (stuck(trace) if trivial is None else end > _UNLEARNED * trivial):
        return
    smallest = min(left, key=lambda name: left[name])
    yield Evidence(
        place=smallest.removesuffix(".weight"),
        step=int(trace.steps("weight.norm", smallest)[-1]),
        numbers={
            "decay of a step": share,
            "weights left": left[smallest],
            "loss first": float(values[0]),
            "loss last": end,
        },
        confidence=0.9,
        explanation=(
            f"Weight decay takes {share:.1%} of the weights away at every step (0.1 % is much), so "
            f"that what was learned {1 / share:.0f} steps ago is forgotten; the hidden weights "
            f"shrank to {left[smallest]:.0%} of their first size and the loss rests at {end:.4g}. "
            "Divide the decay by 30 or more."
        ),
    )


def _is_lost(trace: Trace, end: float) -> bool:
    """Whether the loss ran away: decay alone brings it to a constant answer's at most."""
    trivial = trivial_loss(trace)
    return diverged(trace) if trivial is None else not end < 1.1 * trivial


def _better_without(trace: Trace, share: float) -> Iterator[Evidence]:
    decayed, undecayed = skill_of(trace, "decayed"), skill_of(trace, "undecayed")
    if decayed is None or undecayed is None or share < _STRONG:
        return
    if not _gains(trace, "undecayed", "decayed"):
        return
    yield Evidence(
        numbers={
            "decay of a step": share,
            "skill after more steps": decayed[0],
            "after as many without decay": undecayed[0],
        },
        confidence=0.9,
        explanation=(
            f"Weight decay takes {share:.1%} of the weights away at every step (0.1 % is much). "
            f"Going on from the run's end, the net tells {decayed[0]:.2f} of what there is to tell "
            "(0: one answer for all, 1: all right) with the decay, and after the same steps "
            f"without it {undecayed[0]:.2f}. Divide the decay by 30 or more."
        ),
    )


def _better_unpenalised(trace: Trace) -> Iterator[Evidence]:
    kept, without = skill_of(trace, "penalised"), skill_of(trace, "unpenalised")
    if kept is None or without is None:
        return
    if not _gains(trace, "unpenalised", "penalised"):
        return
    yield Evidence(
        event="loss",
        numbers={"skill after more steps": kept[0], "after as many without it": without[0]},
        confidence=0.9,
        remedies=("less-regularization", "less-weight-decay"),
        explanation=(
            "What is added to the loss depends on the weights alone, and holds them down: going on "
            f"from the run's end, the net tells {kept[0]:.2f} of what there is to tell (0: one "
            f"answer for all, 1: all right) with it, and after the same steps without it "
            f"{without[0]:.2f}. Divide its factor by 30 or more."
        ),
    )


def _gains(trace: Trace, without: str, with_it: str) -> bool:
    """Whether evaluated rows are told clearly better without, or training rows, which are more, and
    evaluated ones better too."""
    if skill_gained(trace, without, with_it, least=0.1, errors=3):
        return True
    better = skill_gained(trace, without, with_it, least=0.05, errors=0)
    own = (f"{without}.train", f"{with_it}.train")
    return better and skill_gained(trace, *own, least=0.1, errors=3)


def _left(trace: Trace) -> dict[str, float]:
    """Return last over first norm of the hidden weight matrices; the last one makes the outputs."""
    found = {}
    for name in weights_in_order(trace)[:-1]:
        norms = finite(trace.values("weight.norm", name))
        if len(norms) > 1 and norms[0] > 0:
            found[name] = float(norms[-1] / norms[0])
    return found
