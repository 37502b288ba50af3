"""Can the net learn one batch by heart? A net that cannot fit a few rows will not fit many.

Karpathy 2019, "A Recipe for Training Neural Networks". Dropout, decay and augmentation are off.
"""

import math
import time
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from netwright.check.case import SEQUENCES, Case, Step
from netwright.check.modes import without_dropout_
from netwright.check.result import Check
from netwright.data.data import Batch
from netwright.quality.duplicates import row_keys
from netwright.train.trial import Trial, trial

__all__ = ["overfit_one_batch"]

NAME = "overfit-one-batch"
ROWS, FEWEST_ROWS = 32, 16
ROWS_OF_TEXT = 4  # of sequences: each holds many targets
LEARNED = 0.1  # of what the best constant leaves
HARDLY = 0.35  # of it: a net that comes no lower is short of something, not only of steps
RATES = (3e-3, 1e-2, 5e-4)
STEPS = 1_000
SLOW = 0.15  # seconds a step, from where on fewer rows are taken
FALLING = 0.95  # of the loss a quarter earlier


@dataclass(frozen=True)
class _Batch:
    """Rows without contradictions, and the best constant's loss on them."""

    rows: Batch
    contradicting: int
    constant: float


def overfit_one_batch(case: Case, *, seconds: float = 8.0) -> Check:
    """Fail where the net cannot bring the loss of a few rows down, and say why."""
    step = case.step
    assert step is not None
    chosen = _choose(case, step)
    if chosen is None:
        words = "the batch holds fewer than two rows with different inputs and targets"
        return Check(name=NAME, status="skipped", words=words)
    net = step.copy()
    without_dropout_(net)
    end = time.monotonic() + seconds
    tries: list[tuple[float, Trial]] = []
    for number, lr in enumerate(RATES):
        left = (end - time.monotonic()) / (len(RATES) - number)
        if left <= 0:
            break
        found = trial(
            net,
            lambda net: step.loss(net, chosen.rows),
            lr=lr,
            steps=STEPS,
            seconds=end - time.monotonic() if number == 0 else left,
            goal=lambda net, loss: loss <= LEARNED * chosen.constant,
            seed=case.seed,
        )
        tries.append((lr, found))
        if found.ended == "goal" or (found.ended == "time" and _falls(found)):
            break
    return _judged(case, step, chosen, tries)


def _choose(case: Case, step: Step) -> _Batch | None:
    rows = ROWS_OF_TEXT if case.form in SEQUENCES else ROWS
    if rows == ROWS and _seconds_a_step(step, rows) > SLOW:
        rows = FEWEST_ROWS
    batch = step.first(rows)
    kept = _without_contradictions(batch)
    if len(kept) < 2:
        return None
    index = torch.from_numpy(kept).to(batch.targets.device)
    whole = Batch(tuple(x[index] for x in batch.inputs), batch.targets[index])
    constant = _constant_loss(step, whole)
    if not constant > 1e-12:  # one target for all: nothing to be told apart
        return None
    return _Batch(whole, len(batch.targets) - len(kept), constant)


def _constant_loss(step: Step, batch: Batch) -> float:
    from netwright.check.checks.initial_loss import best_constant

    with torch.no_grad():
        outputs = step.net(*batch.inputs)
    return best_constant(Step(step.net, batch, batch, step.criterion, step.loss_name), outputs)


def _seconds_a_step(step: Step, rows: int) -> float:
    begun = time.thread_time()  # what others do on this machine makes no step slow
    step.loss(step.copy().train(), step.first(rows)).backward()
    return time.thread_time() - begun


def _without_contradictions(batch: Batch) -> NDArray[np.int64]:
    """Return the rows whose inputs no row before them has with another target."""
    keys = row_keys(*(x.detach().cpu().numpy() for x in batch.inputs))
    targets = row_keys(batch.targets.detach().cpu().numpy())
    first: dict[int, int] = {}
    kept = []
    for at, (key, target) in enumerate(zip(keys.tolist(), targets.tolist(), strict=True)):
        if first.setdefault(key, target) == target:
            kept.append(at)
    return np.asarray(kept, dtype=np.int64)


def _falls(found: Trial) -> bool:
    """Whether the loss was still falling when time was up."""
    losses = found.losses
    if len(losses) < 8:
        return True
    quarter = len(losses) // 4
    return min(losses[-quarter:]) < FALLING * min(losses[:-quarter])


def _judged(case: Case, step: Step, chosen: _Batch, tries: list[tuple[float, Trial]]) -> Check:
    best_lr, best = min(tries, key=lambda one: _end(one[1]))
    rows = len(chosen.rows.targets)
    numbers: dict[str, float | str] = {
        "rows": rows,
        "first loss": best.losses[0],
        "last loss": _end(best),
        "best constant": chosen.constant,
        "steps": len(best.losses) - 1,
        "lr": best_lr,
    }
    said = (
        f"the loss of {rows} rows went from {best.losses[0]:.4g} to {_end(best):.4g} in "
        f"{len(best.losses) - 1} steps"
    )
    if chosen.contradicting:
        said += f" ({chosen.contradicting} rows with equal inputs and other targets left out)"
    if best.ended == "goal":
        return Check(name=NAME, status="passed", words=said, numbers=numbers)
    if all(found.ended == "not finite" for _, found in tries):
        return Check(
            name=NAME,
            status="failed",
            fault="numerical-instability",
            words=f"The loss of {rows} rows stops being finite at every learning rate tried",
            advice="Look for logarithms, divisions and roots of what may become zero.",
            numbers=numbers,
        )
    if best.ended == "time" and _falls(best):
        words = f"{said} and was still falling when time was up"
        return Check(name=NAME, status="info", words=words, numbers=numbers)
    if _end(best) <= HARDLY * chosen.constant:
        words = f"{said}, most of the way to learned by heart ({LEARNED * chosen.constant:.3g})"
        return Check(name=NAME, status="passed", words=words, numbers=numbers)
    return _cannot(case, step, chosen, best, said, numbers)


def _cannot(
    case: Case,
    step: Step,
    chosen: _Batch,
    best: Trial,
    said: str,
    numbers: dict[str, float | str],
) -> Check:
    if not _moves(best):
        return Check(
            name=NAME,
            status="failed",
            fault="disconnected-loss" if not _has_gradient(step, chosen.rows) else "underfitting",
            words=f"{said}: it does not move"
            + ("; no gradient reaches the net" if not _has_gradient(step, chosen.rows) else ""),
            advice="Look at the way from the parameters to the loss (detach, argmax, dead or "
            "saturated units), and at the output layer.",
            numbers=numbers,
        )
    linear = _linear_leaves(case, chosen.rows)
    numbers["a linear model leaves"] = linear
    worse = linear < LEARNED
    reason = (
        "a linear model of the same inputs fits them, this net does not: something in it is too "
        "narrow or loses the inputs on the way"
        if worse
        else "the net has too few parameters for them, as a linear model has"
    )
    return Check(
        name=NAME,
        status="failed" if worse else "warning",
        fault="underfitting",
        words=f"{said}, far above the {LEARNED * chosen.constant:.3g} of rows learned by heart: "
        f"{reason}",
        advice="Widen or deepen the net (--set net.width=..., net.depth=...), and look for a layer "
        "that lets too little through.",
        numbers=numbers,
    )


def _end(found: Trial) -> float:
    known = [loss for loss in found.losses if math.isfinite(loss)]
    if found.ended == "not finite" or not known:
        return math.inf
    return min(known[-max(len(known) // 10, 1) :])


def _moves(found: Trial) -> bool:
    return _end(found) < 0.99 * found.losses[0]


def _has_gradient(step: Step, rows: Batch) -> bool:
    net: nn.Module = step.copy().train()
    loss = step.loss(net, rows)
    if not loss.requires_grad:
        return False
    held = [p for p in net.parameters() if p.requires_grad]
    slopes = torch.autograd.grad(loss, held, allow_unused=True)
    return any(slope is not None and bool(slope.any()) for slope in slopes)


def _linear_leaves(case: Case, rows: Batch) -> float:
    """Return the share of the targets' variance (of class indicators, of numbers) that least
    squares on the inputs leaves."""
    columns = [_columns(x) for x in rows.inputs if x[:1].numel()]
    x = torch.cat([*columns, torch.ones(len(rows.targets), 1, dtype=torch.float64)], 1)
    y = rows.targets.detach().cpu()
    if not y.is_floating_point():
        y = torch.nn.functional.one_hot(y.reshape(-1)) if y.dim() == 1 else y
    y = y.double().reshape(len(x), -1)
    y = torch.where(
        y.isnan(), y.nanmean(0).nan_to_num(), y
    )  # of several targets some are not known
    fitted = x @ torch.linalg.lstsq(x, y, driver="gelsd").solution
    spread = float(((y - y.mean(0)) ** 2).sum())
    return float(((y - fitted) ** 2).sum()) / max(spread, 1e-12)


def _columns(x: Tensor) -> Tensor:
    """Numbers as they are, codes and tokens by how often each stands in the row."""
    x = x.detach().cpu()
    if x.is_floating_point():
        return x.double().reshape(len(x), -1)
    flat = x.reshape(len(x), -1)
    _, codes = torch.unique(flat, return_inverse=True)
    counts = torch.zeros(len(flat), int(codes.max()) + 1, dtype=torch.float64)
    return counts.scatter_add_(1, codes, torch.ones_like(codes, dtype=torch.float64))
