"""Do the net's outputs, the loss and the targets belong together: shapes, ranges, sign, size?"""

import numpy as np

from netwright.check.result import Check
from netwright.check.seen import Seen, of_finding
from netwright.check.tapes import first_input
from netwright.diagnose.finding import Finding
from netwright.watch.kept import target_of

__all__ = ["outputs_and_loss"]

NAME = "outputs-and-loss"
FAULTS = (
    "disconnected-loss", "loss-broadcasting", "wrong-loss-for-task", "output-loss-mismatch",
    "flipped-loss-sign", "wrong-loss-reduction",
)  # fmt: skip
SQUASHED = {
    ("cross_entropy", "softmax"),
    ("cross_entropy", "sigmoid"),
    ("binary_cross_entropy_with_logits", "sigmoid"),
    ("binary_cross_entropy_with_logits", "softmax"),
}
SURE = 0.9  # a rule that is less sure rests on how little the run learned


def outputs_and_loss(seen: Seen) -> Check:
    """Fail where the loss is not finite, or is given what it cannot use."""
    losses = seen.trace.values("loss")
    broken = np.flatnonzero(~np.isfinite(losses))
    if len(broken):
        return _not_finite(seen, int(broken[0]), float(losses[broken[0]]))
    found = of_finding(seen, NAME, FAULTS, certain=_certain) or _squashed_twice(seen)
    if found is not None:
        return found
    if seen.kept is None:
        return Check(name=NAME, status="skipped", words="no step was kept that can be run again")
    tape = seen.kept.tapes[0]
    given, target = first_input(tape), target_of(tape)
    shapes = [f"outputs {shape}" for entry in tape.nets()[:1] for shape in entry.shapes[:1]]
    if given is not None:
        shapes.insert(0, f"inputs {tuple(given.shape)}")
    if target is not None:
        shapes.append(f"targets {tuple(target.shape)}")
    name = seen.trace.text("loss.name") or "a loss of the script's own"
    first = f" of {losses[0]:.4g}" if len(losses) else ""
    return Check(name=NAME, status="passed", words=f"{', '.join(shapes)}: {name}{first}")


def _not_finite(seen: Seen, at: int, loss: float) -> Check:
    found = of_finding(seen, NAME, ("numerical-instability",))
    said = (
        "The first loss, before anything was learned, is" if not at else f"The loss of step {at} is"
    )
    return Check(
        name=NAME,
        status="failed",
        fault="numerical-instability",
        words=f"{said} {loss:g}: no number",
        advice="Look for inputs that are not finite, a division by zero, a logarithm or root of "
        "zero, weights drawn too large, or a learning rate that is too high.",
        numbers={"step": at},
        where=found.where if found is not None else seen.where("loss"),
    )


def _squashed_twice(seen: Seen) -> Check | None:
    """Warn of it also where a short training without it goes no better."""
    name, function = seen.trace.text("loss.name"), seen.trace.text("output.function")
    if (name, function) not in SQUASHED:
        return None
    return Check(
        name=NAME,
        status="warning",
        fault="output-loss-mismatch",
        words=f"The net ends in a {function}, and {name} applies its own to that: the loss cannot "
        "become small, and gradients shrink",
        advice=f"Leave the {function} out of the net; it is part of the loss.",
        where=seen.where("loss"),
    )


def _certain(found: Finding) -> bool:
    return found.confidence >= SURE and found.fault != "wrong-loss-reduction"
