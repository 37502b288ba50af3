"""Are the gradients those of the script's loss? Analytic against numeric, on a float64 copy of the
first step, at some of the parameters that its optimizer holds."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor

from netwright.check.checks.gradients import TOLERANCE, Slope, compare
from netwright.check.result import Check
from netwright.check.seen import Seen, of_finding
from netwright.check.tapes import fewer_rows, in_float64, loss_on
from netwright.check.words import listed
from netwright.watch.kept import Kept
from netwright.watch.snapshot import Snapshot
from netwright.watch.tape import Tape

__all__ = ["gradients"]

NAME = "gradients"
ROWS = 16
NODES = 5_000  # of a graph that are looked at


def gradients(seen: Seen, *, seconds: float = 2.5) -> Check:
    """Fail where no gradient reaches what the optimizer holds, or a backward is wrong."""
    found = of_finding(seen, NAME, ("disconnected-loss",), certain=lambda f: f.confidence >= 0.9)
    if found is not None:
        return found
    kept = seen.kept
    if kept is None:
        return Check(name=NAME, status="skipped", words="no step was kept that can be run again")
    tape = in_float64(fewer_rows(kept.tapes[0], kept, ROWS) or kept.tapes[0])
    state = kept.first.again()
    for net in state.nets:
        net.double()
    with _default_float64():
        return _compared(seen, kept, state, tape, seconds)


def _compared(seen: Seen, kept: Kept, state: Snapshot, tape: Tape, seconds: float) -> Check:
    named = _held(kept, state)
    if not named:
        words = "the optimizer holds no parameter of the nets that were seen"
        return Check(name=NAME, status="skipped", words=words)
    try:
        first, again = loss_on(state, tape), loss_on(state, tape)
    except (RuntimeError, TypeError, ValueError) as error:
        words = f"the step cannot be run in float64 ({str(error).splitlines()[0][:120]})"
        return Check(name=NAME, status="skipped", words=words)
    if first.dtype != torch.float64:
        words = f"the step casts to {str(first.dtype).removeprefix('torch.')}: too coarse to tell"
        return Check(name=NAME, status="skipped", words=words)
    steady = torch.equal(first.detach(), again.detach())
    if not torch.isfinite(first) or not first.requires_grad or not steady:
        words = "the step's loss is not finite, has no graph or is not the same a second time"
        return Check(name=NAME, status="skipped", words=words)
    own = _made_by_hand(first)
    slopes, silent = compare(
        named, first, lambda: loss_on(state, tape), seconds=seconds, seed=seen.seed
    )
    return _judged(seen, slopes, silent, own)


def _held(kept: Kept, state: Snapshot) -> list[tuple[str, Tensor]]:
    """Return the copies of the parameters that the optimizer holds, by name."""
    held = {id(kept.first.originals[i]) for _, ids in kept.recipe.groups for i in ids
            if i in kept.first.originals}  # fmt: skip
    named: list[tuple[str, Tensor]] = []
    for net, began in zip(state.nets, kept.first.nets, strict=True):
        copies = dict(net.named_parameters())
        for name, parameter in began.named_parameters():
            if id(parameter) in held and copies[name].requires_grad and copies[name].numel():
                named.append((name, copies[name]))
    return named


def _made_by_hand(loss: Tensor) -> list[str]:
    """Name the functions in the loss's graph whose backward is written in Python."""
    waiting: list[Any] = [loss.grad_fn]
    seen: set[Any] = set()
    found = []
    while waiting and len(seen) < NODES:
        node = waiting.pop()
        if node is None or node in seen:
            continue
        seen.add(node)
        if isinstance(node, torch.autograd.function.BackwardCFunction):
            found.append(type(node).__name__.removesuffix("Backward"))
        waiting += [following for following, _ in node.next_functions]
    return sorted(set(found))


def _judged(seen: Seen, slopes: list[Slope], silent: list[str], own: list[str]) -> Check:
    scale = max((abs(s.numeric) for s in slopes), default=0.0)
    wrong = [s for s in slopes if not s.agrees(scale)]
    tiny = 1e-6 * scale
    cut = [s for s in wrong if abs(s.analytic) <= tiny and s.name in silent]
    other = [s for s in wrong if abs(s.analytic) > tiny and abs(s.numeric) > tiny]
    numbers: dict[str, float | str] = {"parameters": len(slopes), "wrong": len(wrong)}
    if cut and len({s.name for s in cut}) == len({s.name for s in slopes}):
        return Check(
            name=NAME,
            status="failed",
            fault="disconnected-loss",
            words="No gradient reaches any parameter that the optimizer holds, though moving "
            f"{cut[0].name!r} changes the loss by {cut[0].numeric:.3g} a unit",
            advice="Keep the graph from parameters to loss: no .detach(), .item(), .numpy(), "
            "argmax or torch.no_grad() on that way.",
            numbers=numbers,
            where=seen.where("loss"),
        )
    if other:
        return _wrong(seen, slopes, other, own, numbers)
    said = f"{len(slopes)} gradients agree with the loss's slope to {TOLERANCE:g}"
    if wrong:
        names = list(dict.fromkeys(s.name for s in wrong))
        said = (
            f"{len(slopes) - len(wrong)} of {len(slopes)} gradients agree with the loss's slope; "
            f"at {listed(names)} one of the two is zero: detached, or a step passed straight "
            "through, on purpose or not"
        )
    elif silent:
        said += f"; {listed(silent)} got none in this batch"
    status = "info" if wrong else "passed"
    return Check(name=NAME, status=status, words=said, numbers=numbers)  # type: ignore[arg-type]


def _wrong(
    seen: Seen, slopes: list[Slope], other: list[Slope], own: list[str], numbers: dict[str, Any]
) -> Check:
    """Where a backward is written by hand, one factor for all may be meant (a gradient reversed or
    scaled); without any, part of the graph was detached, which may be meant too."""
    worst = max(other, key=lambda s: abs(s.analytic - s.numeric))
    names = list(dict.fromkeys(s.name for s in other))
    factors = [s.analytic / s.numeric for s in other]
    one = max(factors) - min(factors) <= 0.01 * max(map(abs, factors))
    said = (
        f"{len(other)} of {len(slopes)} gradients are not the loss's slope ({listed(names)}): at "
        f"{worst.name!r} backward gives {worst.analytic:.4g}, differences give {worst.numeric:.4g}"
    )
    if not own:
        words = f"{said}: part of what they lead to is detached, on purpose or not"
        return Check(name=NAME, status="info", words=words, numbers=numbers, columns=tuple(names))
    return Check(
        name=NAME,
        status="warning" if one or len(other) < 3 else "failed",
        words=f"{said}; {listed(own)} has a backward written by hand",
        advice="Look at that backward: torch.autograd.gradcheck tries it alone."
        + (" (A gradient that is reversed or scaled on purpose is none.)" if one else ""),
        numbers=numbers,
        columns=tuple(names),
        where=seen.where("forward"),
    )


@contextmanager
def _default_float64() -> Iterator[None]:
    """Let what a net makes on its way (a state of zeros) be float64 too."""
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    try:
        yield
    finally:
        torch.set_default_dtype(before)
