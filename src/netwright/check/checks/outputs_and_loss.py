"""Do the net's outputs, the loss and the targets belong together: shapes, class ids, ranges?"""

import torch
from torch import Tensor

from netwright.check.case import Case, Step
from netwright.check.result import Check
from netwright.device import seeded

__all__ = ["outputs_and_loss"]

NAME = "outputs-and-loss"
LOGITS = (
    "cross-entropy", "cross_entropy", "binary-cross-entropy", "cumulative",
    "binary_cross_entropy_with_logits",
)  # fmt: skip
NUMBER_LOSSES = ("mse", "mse_loss", "mae", "l1_loss", "huber", "smooth_l1_loss", "huber_loss")
SUMS_TO_ONE = 1e-4


def outputs_and_loss(case: Case) -> Check:
    """Fail where the loss cannot be computed, is not finite, or is given what it cannot use."""
    step = case.step
    assert step is not None
    net = step.copy()
    with torch.no_grad(), seeded(case.seed):
        outputs = net(*step.batch.inputs)
        try:
            loss = step.criterion(outputs, step.batch.targets)
        except (ValueError, RuntimeError, IndexError) as error:
            return _impossible(case, step, outputs, error)
    shapes = f"outputs {tuple(outputs.shape)}, targets {tuple(step.batch.targets.shape)}"
    numbers: dict[str, float | str] = {
        "loss": float(loss),
        "smallest output": float(outputs.min()),
        "largest output": float(outputs.max()),
    }
    if not torch.isfinite(outputs).all() or not torch.isfinite(loss):
        return Check(
            name=NAME,
            status="failed",
            fault="numerical-instability",
            words=f"The untrained net gives values that are not finite ({shapes}, loss "
            f"{float(loss):g})",
            advice="Look for a division by zero, a logarithm of zero or weights drawn too large.",
            numbers=numbers,
        )
    wrong = _wrong_pair(case, step, outputs) or _wrong_range(step, outputs)
    if wrong is not None:
        fault, words, advice = wrong
        return Check(
            name=NAME, status="failed", fault=fault, words=words, advice=advice, numbers=numbers
        )
    words = f"{shapes}: {step.loss_name} of {float(loss):.4g}"
    return Check(name=NAME, status="passed", words=words, numbers=numbers)


def _impossible(case: Case, step: Step, outputs: Tensor, error: Exception) -> Check:
    targets = step.batch.targets
    ids = not targets.is_floating_point()
    wrong_loss = ids and step.loss_name in NUMBER_LOSSES
    advice = (
        f"The targets are class ids: --set objective.loss={_loss_for(case)}."
        if wrong_loss
        else f"The task has {len(case.classes)} classes: give the net as many outputs."
        if case.one_class
        else "Give the net one output for each target."
    )
    return Check(
        name=NAME,
        status="failed",
        fault="wrong-loss-for-task" if wrong_loss else "output-loss-mismatch",
        words=f"{step.loss_name} of outputs {tuple(outputs.shape)} and targets "
        f"{tuple(targets.shape)} cannot be computed: {str(error).splitlines()[0]}",
        advice=advice,
        numbers={"outputs": str(tuple(outputs.shape)), "targets": str(tuple(targets.shape))},
    )


def _loss_for(case: Case) -> str:
    return "cumulative" if case.form == "ordinal" else "cross-entropy"


def _wrong_pair(case: Case, step: Step, outputs: Tensor) -> tuple[str, str, str] | None:
    targets = step.batch.targets
    if step.loss_name not in NUMBER_LOSSES:
        return None
    outputs = outputs[:, 0] if step.members else outputs
    if outputs.shape != targets.shape and outputs.numel() != targets.numel():
        return (
            "loss-broadcasting",
            f"{step.loss_name} compares outputs {tuple(outputs.shape)} with targets "
            f"{tuple(targets.shape)}: every output with every target",
            "Give both one shape: outputs.squeeze(-1), or targets.unsqueeze(-1).",
        )
    if case.one_class:
        return (
            "wrong-loss-for-task",
            f"{step.loss_name} treats class ids as amounts: class 2 would lie between 1 and 3",
            "Use cross-entropy, with an output for each class.",
        )
    return None


def _wrong_range(step: Step, outputs: Tensor) -> tuple[str, str, str] | None:
    """Judge the outputs of the net as it is and with inputs a hundred times larger: a squashing
    layer then shows."""
    if step.loss_name not in LOGITS or outputs.shape[-1] < 1:
        return None
    net = step.copy().eval()
    large = tuple(100 * x if x.is_floating_point() else x for x in step.batch.inputs)
    with torch.no_grad():
        far = net(*large)
    if outputs.shape[-1] > 1 and _is_softmax(outputs) and _is_softmax(far):
        return (
            "output-loss-mismatch",
            f"The outputs sum to one: they went through a softmax, and {step.loss_name} applies "
            "another one, which leaves it hardly any gradient",
            "Leave the softmax out of the net; it is part of the loss.",
        )
    if all(bool(((x >= 0) & (x <= 1)).all()) for x in (outputs, far)):
        return (
            "output-loss-mismatch",
            f"The outputs lie between 0 and 1 whatever comes in, but {step.loss_name} takes "
            "logits of any size: the net cannot be sure of anything",
            "Leave the sigmoid out of the net; it is part of the loss.",
        )
    if all(bool((x >= 0).all()) for x in (outputs, far)) and bool((outputs == 0).any()):
        return (
            "output-loss-mismatch",
            f"No output is negative: a ReLU cuts the logits that {step.loss_name} takes",
            "Leave the activation after the last layer out.",
        )
    return None


def _is_softmax(x: Tensor) -> bool:
    return bool((x >= 0).all()) and bool(((x.sum(-1) - 1).abs() < SUMS_TO_ONE).all())
