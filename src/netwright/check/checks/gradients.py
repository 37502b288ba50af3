"""Are the gradients those of the loss? Analytic against numeric, in float64, at some parameters.

Central differences (f(w + h) - f(w - h)) / 2h. A detached tensor, a round trip through numpy or a
backward written by hand gone wrong show here and nowhere else.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from netwright.check.case import Case
from netwright.check.result import Check
from netwright.check.words import listed
from netwright.data.data import Batch
from netwright.device import seeded

__all__ = ["Slope", "compare", "gradients"]

NAME = "gradients"
ROWS = 8
MOST_TENSORS = 40
STRIDES = (1e-5, 1e-7)  # the second where the first one may have stepped over a kink (ReLU)
ROUNDING = 20 * np.finfo(np.float64).eps  # of a loss, relative
TOLERANCE = 1e-3  # relative; right gradients agree to about 1e-7


@dataclass(frozen=True)
class Slope:
    """A loss's slope along one weight of the parameter `name`: by backward, and by differences.
    noise: what rounding the two losses may add to the latter."""

    name: str
    analytic: float
    numeric: float
    noise: float = 0.0

    def agrees(self, scale: float) -> bool:
        """Whether both are one; scale: a usual size of slopes."""
        size = max(abs(self.analytic), abs(self.numeric), 1e-6 * scale, 1e-12)
        return abs(self.analytic - self.numeric) <= max(TOLERANCE * size, self.noise)


def gradients(case: Case, *, seconds: float = 3.0) -> Check:
    """Fail where a parameter's gradient is not the slope of the loss."""
    step = case.step
    assert step is not None
    net = step.copy().cpu().double().train()
    batch = Batch(
        tuple(_double(x) for x in step.first(ROWS).inputs), _double(step.first(ROWS).targets)
    )

    def loss() -> Tensor:
        with seeded(case.seed):  # dropout draws the same units every time
            return step.loss(net, batch)

    try:
        first = loss()
    except RuntimeError as error:
        words = f"the net cannot be run in float64 ({str(error).splitlines()[0]})"
        return Check(name=NAME, status="skipped", words=words)
    if not first.requires_grad:
        return _disconnected([name for name, _ in net.named_parameters()], "the loss has no graph")
    if not torch.isfinite(first):
        return Check(name=NAME, status="skipped", words="the loss is not finite")
    named = [(n, p) for n, p in net.named_parameters() if p.requires_grad and p.numel()]
    entries, silent = compare(named, first, loss, seconds=seconds, seed=case.seed)
    scale = max((abs(e.numeric) for e in entries), default=0.0)
    return _judged(entries, silent, scale)


def _judged(entries: list[Slope], silent: list[str], scale: float) -> Check:
    wrong = [e for e in entries if not e.agrees(scale)]
    tiny = 1e-6 * scale
    cut = [e for e in wrong if abs(e.analytic) <= tiny]
    # A slope of zero under a gradient: rounding or thresholds passed straight through, on purpose.
    through = [e for e in wrong if abs(e.numeric) <= tiny]
    other = [e for e in wrong if e not in cut and e not in through]
    numbers: dict[str, float | str] = {"parameters": len(entries), "wrong": len(wrong)}
    if cut:
        names = list(dict.fromkeys(e.name for e in cut))
        how = f"moving {cut[0].name!r} changes the loss by {cut[0].numeric:.3g} a unit"
        return _disconnected(names, how)
    if other:
        worst = max(other, key=lambda e: abs(e.analytic - e.numeric))
        names = list(dict.fromkeys(e.name for e in other))
        return Check(
            name=NAME,
            status="failed",
            words=f"{len(other)} of {len(entries)} gradients are wrong ({listed(names)}): at "
            f"{worst.name!r} backward gives {worst.analytic:.4g}, the loss's slope is "
            f"{worst.numeric:.4g}",
            advice="Look at the backward written by hand (torch.autograd.Function), at in-place "
            "changes, and at randomness that differs between two passes.",
            numbers=numbers,
            columns=tuple(names),
        )
    said = f"{len(entries)} gradients agree with the loss's slope to {TOLERANCE:g}"
    if through:
        said += f"; {len(through)} pass straight through a step without slope"
    if silent:
        said += f"; {listed(silent)} got none in this batch"
    status = "info" if through else "passed"
    return Check(name=NAME, status=status, words=said, numbers=numbers)  # type: ignore[arg-type]


def _disconnected(names: list[str], how: str) -> Check:
    return Check(
        name=NAME,
        status="failed",
        fault="disconnected-loss",
        words=f"No gradient reaches {listed(names)}, though {how}"
        if "graph" not in how
        else f"No gradient reaches the net: {how}",
        advice="Keep the graph from parameters to loss: no .detach(), .item(), .numpy(), argmax or "
        "torch.no_grad() on that way.",
        numbers={"tensors": len(names)},
        columns=tuple(names[:20]),
    )


def compare(
    named: Sequence[tuple[str, Tensor]],
    first: Tensor,
    loss: Callable[[], Tensor],
    *,
    seconds: float,
    seed: int = 0,
) -> tuple[list[Slope], list[str]]:
    """Return the entries compared, and the names of tensors whose gradient is zero all over.

    named: float64 tensors that `loss` is computed from. first: what it gave, with its graph.
    """
    end = time.thread_time() + seconds
    rng = np.random.default_rng(seed)
    slopes = torch.autograd.grad(first, [p for _, p in named], allow_unused=True)
    kept = range(len(named))
    if len(named) > MOST_TENSORS:
        kept = sorted(rng.permutation(len(named))[:MOST_TENSORS].tolist())  # type: ignore[assignment]
    entries, silent = [], []
    for at in kept:
        (name, parameter), slope = named[at], slopes[at]
        flat = torch.zeros_like(parameter) if slope is None else slope
        if not bool(flat.any()):
            silent.append(name)
        chosen = {int(flat.abs().argmax()), int(rng.integers(parameter.numel()))}
        for place in sorted(chosen):
            analytic = float(flat.reshape(-1)[place])
            entries.append(_entry(name, parameter, place, analytic, loss))
        if time.thread_time() > end:
            break
    return entries, silent


def _entry(
    name: str, parameter: Tensor, place: int, analytic: float, loss: Callable[[], Tensor]
) -> Slope:
    found = Slope(name, analytic, 0.0)
    values = parameter.data.reshape(-1)
    before = float(values[place])
    for stride in STRIDES:
        h = stride * max(1.0, abs(before))
        sides = []
        for sign in (1, -1):
            _set(parameter, place, before + sign * h)
            with torch.no_grad():
                sides.append(float(loss()))
        _set(parameter, place, before)
        noise = ROUNDING * max(map(abs, sides)) / h
        found = Slope(name, analytic, (sides[0] - sides[1]) / (2 * h), noise)
        if found.agrees(abs(analytic)):
            break
    return found


def _set(parameter: Tensor, place: int, value: float) -> None:
    index = np.unravel_index(place, parameter.shape)
    parameter.data[tuple(int(i) for i in index)] = value


def _double(x: Tensor) -> Tensor:
    return x.cpu().double() if x.is_floating_point() else x.cpu()
