"""Missing zero_grad: every step uses the sum of all gradients so far.

## What it does
Looks, when a backward begins, whether the gradients of earlier steps are still there, and how large
they are beside what the optimizer then uses. Adding up on purpose (gradient accumulation) clears
them after each step, so none is left when the next step's first backward begins.

## Why is this bad?
`backward` adds to `.grad`. Without `zero_grad()` between steps the sum grows like the step count,
and points where the net was, not where it is.

## Example
    loss.backward()
    optimizer.step()

Use instead:

    optimizer.zero_grad()
    loss.backward()
    optimizer.step()

## References
- PyTorch, torch.optim.Optimizer.zero_grad
- Jiang et al. 2025, TrainCheck, OSDI
"""

from collections.abc import Iterator

import numpy as np

from netwright.diagnose.fault import Evidence, fault
from netwright.diagnose.patch import Edit
from netwright.watch.trace import Trace

__all__ = ["missing_zero_grad"]


@fault(
    "missing-zero-grad",
    severity="error",
    remedies=("insert-zero-grad",),
    explains=(
        "exploding-gradient", "learning-rate-too-high", "dying-relu", "saturated-units",
        "numerical-instability", "vanishing-gradient", "underfitting", "overfitting",
        "undertrained",
    ),
)  # fmt: skip
def missing_zero_grad(trace: Trace) -> Iterator[Evidence]:
    """After a step, the old gradient is still there when the next backward begins, at most samples
    beyond the first step (once an epoch it may be cleared), and makes up half of what the optimizer
    then uses, or more.
    """
    steps, carried = trace.steps("grad.carried"), trace.values("grad.carried")
    norms = dict(zip(trace.steps("grad.norm").tolist(), trace.values("grad.norm"), strict=True))
    later = [(c, norms.get(s, np.nan)) for s, c in zip(steps.tolist(), carried, strict=True) if s]
    piled = [(c, n) for c, n in later if c > 0 or not np.isfinite(c)]
    if len(later) < 3 or len(piled) <= 0.7 * len(later):
        return
    shares = [c / n for c, n in piled if np.isfinite(c) and np.isfinite(n) and n > 0]
    if not shares or np.median(shares) < 0.5:
        return
    name = trace.text("variable", "optimizer") or "optimizer"
    yield Evidence(
        event="backward",
        step=int(steps[steps > 0][0]),
        numbers={
            "gradient before backward over after": float(np.median(shares)),
            "samples": len(later),
            "samples with old gradients": len(piled),
        },
        confidence=0.97,
        edit=Edit("before", f"{name}.zero_grad()"),
        explanation=(
            f"At {len(piled)} of {len(later)} samples the gradients of earlier steps were still "
            f"there when backward began, {np.median(shares):.0%} as large as what the optimizer "
            "then used: every step adds up all gradients since they were last cleared. Call "
            f"{name}.zero_grad() before backward, once a step."
        ),
    )
