"""Does the untrained net start where it should: about as bad as not knowing (ln C for C classes),
not worse?"""

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.optimize import minimize
from torch import Tensor

from netwright.check.case import Case, Step
from netwright.check.result import Check
from netwright.device import seeded

__all__ = ["best_constant", "initial_loss"]

NAME = "initial-loss"
# A start of logits with standard deviation 1 costs half a nat; three times ignorance is a spread of
# outputs as no known initialisation gives it, ten times will take many steps to unlearn.
HIGH, FAR_TOO_HIGH = 3.0, 10.0
LOW = 0.5  # of the best constant's: the net knows something already
ITERATIONS = 50


def initial_loss(case: Case) -> Check:
    """Warn where the first loss is far above that of a net that knows nothing."""
    step = case.step
    assert step is not None
    with torch.no_grad(), seeded(case.seed):
        outputs = step.copy().train()(*step.many.inputs)
        first = float(step.criterion(outputs, step.many.targets))
        ignorant = float(step.criterion(torch.zeros_like(outputs), step.many.targets))
    constant = best_constant(step, outputs)
    numbers: dict[str, float | str] = {
        "initial loss": first,
        "loss of zeros": ignorant,
        "loss of the best constant": constant,
        "spread of the outputs": float(outputs.std()),
    }
    nothing = "ln C" if case.one_class else "zeros"
    said = (
        f"{first:.4g} at the start; knowing nothing ({nothing}) costs {ignorant:.4g}, the best "
        f"constant {constant:.4g}"
    )
    reference = max(ignorant, constant)
    if first > HIGH * reference:
        return Check(
            name=NAME,
            status="failed" if first > FAR_TOO_HIGH * reference else "warning",
            fault="wrong-initialization",
            words=f"{said}: the untrained net is sure of what it cannot know (its outputs spread "
            f"by {float(outputs.std()):.3g})",
            advice="Draw the weights by He (ReLU) or Xavier (tanh, sigmoid), scale the inputs, and "
            "let the last layer start small: --set recipe.init=auto.",
            numbers=numbers,
        )
    if ignorant > FAR_TOO_HIGH * constant and case.numbers:
        return Check(
            name=NAME,
            status="warning",
            fault="unscaled-inputs",
            words=f"{said}: the targets lie far from zero, and the net has to grow there first",
            advice="Standardise the targets, and turn the predictions back.",
            numbers=numbers,
        )
    knows = first < LOW * constant
    return Check(
        name=NAME,
        status="info" if knows else "passed",
        words=said + (": the net knows something already (is it pretrained?)" if knows else ""),
        numbers=numbers,
    )


def best_constant(step: Step, outputs: Tensor) -> float:
    """Return the loss of the best outputs that are the same for every row."""
    shape = outputs.shape[-1:] if outputs.dim() > 1 else outputs.shape[:0]
    if outputs.dim() == 4:  # maps (batch, classes, height, width)
        shape = torch.Size([outputs.shape[1], 1, 1])
    targets = step.many.targets
    targets = targets.double() if targets.is_floating_point() else targets

    lowest = [float("inf")]

    def loss(flat: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        answer = torch.from_numpy(flat).to(outputs.device).view(shape).requires_grad_()
        found = step.criterion(answer.expand(outputs.shape), targets)
        (slope,) = torch.autograd.grad(found, answer)
        value = float(found.detach())
        lowest[0] = min(lowest[0], value) if value == value else lowest[0]
        return value, slope.detach().cpu().numpy().reshape(-1)

    start = np.zeros(max(int(np.prod(shape)), 1))
    minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": ITERATIONS})
    return lowest[0]  # of those that are numbers: a loss may break on the way
