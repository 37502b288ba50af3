"""Gradient clipping: no step is longer than the usual ones."""

from collections.abc import Iterator

import numpy as np

from netwright.diagnose.finding import Finding
from netwright.plan.plan import Plan
from netwright.repair.remedy import Dose, remedy
from netwright.watch.intervene import Intervention
from netwright.watch.trace import Trace

__all__ = ["clip_gradient"]


def _live(finding: Finding, trace: Trace) -> Iterator[Dose]:
    norm = _usual(trace)
    if norm is not None:
        yield (Intervention("clip-gradient", {"max_norm": norm}),)
    yield (Intervention("clip-gradient", {"max_norm": 1.0}),)


@remedy(
    "clip-gradient",
    advice=(
        "Call torch.nn.utils.clip_grad_norm_(net.parameters(), max_norm) between backward() "
        "and optimizer.step(); max_norm at what nine of ten healthy steps stay under, 1.0 to "
        "begin with."
    ),
    intervention=_live,
)
def clip_gradient(plan: Plan, trace: Trace) -> Iterator[Plan]:
    """Scales a gradient down to the norm that nine of ten steps had before the first spike; or to
    1.

    Pascanu, Mikolov and Bengio 2013, arXiv:1211.5063.
    """
    for norm, why in ((_usual(trace), "what nine of ten steps stayed under"), (1.0, "the usual")):
        now = plan.recipe.clip
        if norm is not None and (now is None or norm < now):
            yield plan.with_({"recipe.clip": norm}, why=why)


def _usual(trace: Trace) -> float | None:
    """Return the ninth decile of the gradient norms before the first of 20 times their median."""
    norms = trace.values("grad.norm")
    norms = norms[np.isfinite(norms)]
    calm = next((i for i in range(1, len(norms)) if norms[i] > 20 * np.median(norms[:i])), None)
    norms = norms[:calm]
    return float(f"{np.quantile(norms, 0.9):.3g}") if len(norms) and norms.max() > 0 else None
