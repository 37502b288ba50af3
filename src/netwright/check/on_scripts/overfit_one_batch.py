"""Can the net learn a few rows of its own first batch by heart, by its own loss?

Karpathy 2019, "A Recipe for Training Neural Networks". On a copy, by Adam, dropout off.
"""

import math
import time
from collections.abc import Sequence

import torch
from torch import Tensor

from netwright.check.checks.overfit_one_batch import HARDLY, LEARNED, RATES
from netwright.check.modes import without_dropout_
from netwright.check.result import Check
from netwright.check.seen import Seen
from netwright.check.tapes import (
    Plain,
    constant_loss,
    fewer_rows,
    first_input,
    loss_on,
    plain_of,
    rows_of,
)
from netwright.quality.duplicates import row_keys
from netwright.watch.kept import Kept
from netwright.watch.snapshot import Snapshot
from netwright.watch.tape import Tape
from netwright.watch.trial import Recipe, trial

__all__ = ["overfit_one_batch"]

NAME = "overfit-one-batch"
ROWS = 32
STEPS, ROUND = 1_000, 100
ENOUGH = 200  # steps, before a net is said not to learn
MOVES = 0.01  # of the first loss
# A linear model explains this much of the batch, and the net less than a quarter of that.
EXPLAINS, QUARTER = 0.3, 0.25


def overfit_one_batch(seen: Seen, *, seconds: float = 5.0) -> Check:
    """Fail where the loss of a few rows does not come down, though it could."""
    kept = seen.kept
    if kept is None:
        return Check(name=NAME, status="skipped", words="no step was kept that can be run again")
    if seen.coupled:
        words = "the loss runs through a net that another optimizer steps: it need not fall"
        return Check(name=NAME, status="skipped", words=words)
    tape = fewer_rows(kept.tapes[0], kept, ROWS) or kept.tapes[0]
    state = _still(kept)
    first = float(loss_on(state, tape).detach())
    if not math.isfinite(first):
        return Check(name=NAME, status="skipped", words="the loss is not finite at the start")
    plain = _judgeable(tape, state)
    constant = constant_loss(plain) if plain is not None else math.nan
    if plain is not None and not constant > 1e-9:
        plain = None  # one target for all: nothing to be told apart
    goal = LEARNED * constant if plain is not None else -math.inf
    if (plain is not None and first <= goal) or first == 0:
        words = f"the loss of {_rows(tape)} is {first:.4g} from the start: nothing to learn there"
        return Check(name=NAME, status="skipped", words=words)
    tries = _tries(kept, state, tape, goal if plain is not None else _moved(first), seconds)
    return _judged(seen, tape, plain, constant, first, tries)


def _still(kept: Kept) -> Snapshot:
    state = kept.first.again()
    for net in state.nets:
        without_dropout_(net)
    return state


def _judgeable(tape: Tape, state: Snapshot) -> Plain | None:
    """Return the loss where 0 can be reached: hard targets, other than the inputs, equal for equal
    inputs, and nothing drawn at random."""
    plain, x = plain_of(tape, state), first_input(tape)
    if plain is None or x is None or not rows_of(tape):
        return None
    if float(loss_on(state, tape).detach()) != float(loss_on(state, tape, seed=1).detach()):
        return None
    if plain.target.numel() >= x.numel() and x.is_floating_point():
        return None  # a reconstruction: as many numbers out as in, through something narrower
    keys = row_keys(x.detach().cpu().numpy())
    both = row_keys(x.detach().cpu().numpy(), plain.target.detach().cpu().numpy())
    return plain if len(set(keys.tolist())) == len(set(both.tolist())) else None


def _tries(
    kept: Kept, state: Snapshot, tape: Tape, goal: float, seconds: float
) -> list[list[float]]:
    """Train copies at each rate until the goal; return their losses."""
    ids = [i for _, held in kept.recipe.groups for i in held]
    end = time.thread_time() + seconds
    tries: list[list[float]] = []
    for number, lr in enumerate(RATES):
        until = time.thread_time() + (end - time.thread_time()) / (len(RATES) - number)
        recipe = Recipe(torch.optim.Adam, [({"lr": lr}, ids)])
        copied = state
        losses: list[float] = []
        while len(losses) < STEPS and (left := until - time.thread_time()) > 0:
            copied, more = trial(copied, [tape], recipe, steps=ROUND, seconds=left)
            losses += more
            if not math.isfinite(losses[-1]) or losses[-1] <= goal:
                break
        if losses:
            tries.append(losses)
        if losses and losses[-1] <= goal:
            break
    return tries


def _judged(
    seen: Seen,
    tape: Tape,
    plain: Plain | None,
    constant: float,
    first: float,
    tries: Sequence[list[float]],
) -> Check:
    best = min(tries, key=_end)
    said = (
        f"the loss of {_rows(tape)} went from {first:.4g} to {_end(best):.4g} in {len(best)} steps"
    )
    numbers: dict[str, float | str] = {"first loss": first, "last loss": _end(best),
                                       "steps": len(best)}  # fmt: skip
    if _end(best) == math.inf:
        return Check(
            name=NAME,
            status="warning",
            fault="numerical-instability",
            words=f"The loss of {_rows(tape)} stops being finite at every learning rate tried",
            advice="Look for logarithms, divisions and roots of what may become zero.",
            numbers=numbers,
            where=seen.where(),
        )
    if _end(best) > _moved(first):
        return _still_standing(seen, plain, said, numbers, len(best))
    if plain is None:
        words = f"{said} (how low it can come is not known of this loss)"
        return Check(name=NAME, status="passed", words=words, numbers=numbers)
    numbers["best constant"] = constant
    if _end(best) <= HARDLY * constant:
        return Check(name=NAME, status="passed", words=said, numbers=numbers)
    return _not_by_heart(seen, tape, plain, f"{said}; a constant alone comes to {constant:.4g}",
                         numbers)  # fmt: skip


def _not_by_heart(
    seen: Seen, tape: Tape, plain: Plain, said: str, numbers: dict[str, float | str]
) -> Check:
    """Small nets cannot learn any rows by heart; but what a linear model can, they should."""
    linear = 1 - _linear_leaves(tape, plain)
    numbers["a linear model explains"] = linear
    net = 1 - float(numbers["last loss"]) / float(numbers["best constant"])
    if int(numbers["steps"]) < ENOUGH or linear < EXPLAINS or net > QUARTER * linear:
        return Check(name=NAME, status="info", words=f"{said}: not by heart", numbers=numbers)
    given = first_input(tape)
    in_time = given is not None and given.ndim == 3  # what lies far back may be learned late
    return Check(
        name=NAME,
        status="warning" if in_time else "failed",
        fault="underfitting",
        words=f"{said}, and a linear model of the same inputs explains {linear:.0%} of the targets "
        "there: something in the net is too narrow, dead, saturated or loses the inputs on the way",
        advice="Look at the last layer's function, at frozen, dead or saturated layers, and at "
        "what lies between the inputs and the first layer.",
        numbers=numbers,
        where=seen.where("forward"),
    )


def _still_standing(
    seen: Seen, plain: Plain | None, said: str, numbers: dict[str, float | str], steps: int
) -> Check:
    certain = plain is not None and steps >= ENOUGH
    return Check(
        name=NAME,
        status="failed" if certain else "info",
        fault="underfitting" if certain else "",
        words=f"{said}: it does not move",
        advice="Look at the way from the parameters to the loss (detach, argmax, dead or saturated "
        "units), and at the output layer."
        if certain
        else "",
        numbers=numbers,
        where=seen.where("loss"),
    )


def _end(losses: Sequence[float]) -> float:
    known = [loss for loss in losses if math.isfinite(loss)]
    return min(known[-max(len(known) // 10, 1) :]) if len(known) == len(losses) else math.inf


def _moved(first: float) -> float:
    """What a loss that moves comes under."""
    return first - MOVES * max(abs(first), 1e-12)


def _rows(tape: Tape) -> str:
    rows = rows_of(tape)
    return f"{rows} rows" if rows else "one batch"


def _linear_leaves(tape: Tape, plain: Plain) -> float:
    """Return the share of the targets' variance that least squares on the inputs leaves, 1 where
    the inputs are codes."""
    given = first_input(tape)
    if given is None or not given.is_floating_point():
        return 1.0
    x = torch.cat([_flat(given), torch.ones(len(given), 1, dtype=torch.float64)], 1)
    y = plain.target
    if not y.is_floating_point() and y.dim() == 1:
        y = torch.nn.functional.one_hot(y - y.min())
    y = _flat(y)
    fitted = x @ torch.linalg.lstsq(x, y, driver="gelsd").solution
    spread = float(((y - y.mean(0)) ** 2).sum())
    return float(((y - fitted) ** 2).sum()) / max(spread, 1e-12)


def _flat(x: Tensor) -> Tensor:
    return x.detach().cpu().double().reshape(len(x), -1)
