"""Do the inputs come on one scale? If not, does standardising them help this net?

LeCun et al. 1998, "Efficient BackProp".
"""

import math
from collections.abc import Callable

import torch
from torch import Tensor

from netwright.check.case import Case, Step
from netwright.check.result import Check
from netwright.data.data import Batch
from netwright.quality.scales import Scales, scales_of
from netwright.train.trial import trial

__all__ = ["input_scales"]

NAME = "input-scales"
STEPS = 150
LR = 3e-3
HELPS = 0.9  # the loss that standardised inputs must come under, as a share of the other


def input_scales(case: Case, *, seconds: float = 4.0) -> Check:
    """Warn where features differ widely in scale and the net learns better once they do not."""
    x = case.train.prepared
    if case.kind == "audio":
        words = "nets look at no loudness, only at how a sound's parts compare"
        return Check(name=NAME, status="skipped", words=words)
    if x is None or x.ndim < 2:
        return Check(name=NAME, status="skipped", words="the inputs are codes, which have no scale")
    scales = scales_of(x)
    if scales is None:
        return Check(name=NAME, status="passed", words="every input is constant")
    numbers: dict[str, float | str] = {
        "std ratio": scales.ratio,
        "largest mean over std": scales.shift,
        "largest std": scales.largest,
    }
    if not scales.unusual:
        words = f"standard deviations differ by a factor of {scales.ratio:.3g} at most"
        return Check(name=NAME, status="passed", words=words, numbers=numbers)
    said = (
        f"standard deviations differ up to {scales.ratio:.3g} times, means lie up to "
        f"{scales.shift:.3g} standard deviations from zero, the largest standard deviation is "
        f"{scales.largest:.3g}"
    )
    if case.step is None:
        return Check(name=NAME, status="info", words=said, numbers=numbers)
    plain, scaled = _compare(case.step, scales, seconds, case.seed)
    numbers |= {"loss as it is": plain, "loss standardised": scaled}
    helps = scaled < HELPS * plain or plain == math.inf
    after = f"a short trial ends at a loss of {plain:.4g}, with standardised inputs at {scaled:.4g}"
    return Check(
        name=NAME,
        status="warning" if helps else "passed",
        fault="unscaled-inputs" if helps else "",
        words=f"{said}; {after}" + ("" if helps else ": the net does not mind"),
        advice="Standardise the inputs: subtract the training rows' mean, divide by their standard "
        "deviation, and keep both with the model."
        if helps
        else "",
        numbers=numbers,
    )


def _compare(step: Step, scales: Scales, seconds: float, seed: int) -> tuple[float, float]:
    """Train on half of the rows, as they are and standardised; return the losses of the others."""
    at = next(i for i, x in enumerate(step.many.inputs) if x.is_floating_point())
    x = step.many.inputs[at]
    shape = [1, -1] if x.ndim == 2 else [1, 1, -1] if x.ndim == 3 else [1, -1, *[1] * (x.ndim - 2)]
    mean = torch.as_tensor(scales.mean.reshape(shape), dtype=x.dtype, device=x.device)
    std = torch.as_tensor(scales.std.reshape(shape), dtype=x.dtype, device=x.device)
    std = torch.where(std > 0, std, torch.ones_like(std))

    def as_is(values: Tensor) -> Tensor:
        return values

    def standardised(values: Tensor) -> Tensor:
        return (values - mean) / std

    first = _trial(step, at, as_is, STEPS, seconds / 2, seed)
    second = _trial(step, at, standardised, first[1], seconds, seed)
    return first[0], second[0]


def _trial(
    step: Step, at: int, change: Callable[[Tensor], Tensor], steps: int, seconds: float, seed: int
) -> tuple[float, int]:
    """Return the held-out loss after some steps, and how many there was time for."""
    inputs = tuple(change(x) if i == at else x for i, x in enumerate(step.many.inputs))
    half = len(step.many.targets) // 2
    train = Batch(tuple(x[:half] for x in inputs), step.many.targets[:half])
    held = Batch(tuple(x[half:] for x in inputs), step.many.targets[half:])
    done = trial(
        step.net,
        lambda net: step.loss(net, train),
        lr=LR,
        steps=steps,
        seconds=seconds,
        seed=seed,
    )
    done.net.eval()
    with torch.no_grad():
        loss = float(step.loss(done.net, held))
    return (loss if math.isfinite(loss) else math.inf), len(done.losses)
