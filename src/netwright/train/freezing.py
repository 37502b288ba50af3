"""Freezing: layers whose weights were taken from another model rest, and the others learn.

recipe.freeze: "body" lets only the head learn (what answers for the classes, and what could not be
taken); "early" the last stage of the body too; "at-first" is "body" for the first fifth of the
steps, and then all learns (Kumar et al. 2022, arXiv:2202.10054: a head that is new would else bend
the body to its own random start). Yosinski et al. 2014, arXiv:1411.1792, on which layers carry
over.

A layer that rests has requires_grad off, so no optimiser holds it; a batch norm that rests keeps
the statistics that it was taken with: it stays in eval mode while the rest trains.
"""

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

from torch import nn

from netwright.errors import UsageError
from netwright.plan.plan import Freeze
from netwright.train.eager_step import EagerStep
from netwright.train.optimizers import build_optimizer
from netwright.train.taking import Taken
from netwright.watch.probe import Probe

if TYPE_CHECKING:
    from netwright.train.training import Training

__all__ = ["freeze_", "is_due", "learning", "rests", "thaw_", "train_mode_"]

HEAD_SHARE = 0.2  # of all steps: a head settles in far fewer than the body needs
# layer3.0.conv1 is of "layer3"; blocks.2.norm of "blocks.2"; norm.weight of "norm".
STAGE = re.compile(r"[^.]*\d+(?=\.)|[^.]+\.\d+(?=\.)|[^.]+")


def freeze_(net: nn.Module, taken: Taken, policy: Freeze) -> str:
    """Let the body of `net` rest as `policy` says; return what was done, for the ledger. Raises
    UsageError where nothing would be left to learn."""
    learns = {*taken.new, *taken.head}
    if policy == "early":
        learns |= _last_stage(net, learns)
    parameters = dict(net.named_parameters())
    resting = [name for name in parameters if name not in learns]
    if len(resting) == len(parameters):
        raise UsageError(
            f"recipe.freeze is {policy!r}, but every tensor of the net was taken from "
            f"{taken.source!r} and none answers for classes: nothing would be left to learn. Set "
            "it to none."
        )
    for name in resting:
        parameters[name].requires_grad_(False)
    how = {
        "body": "all that was taken rests",
        "early": "all that was taken rests but its last stage",
        "at-first": f"all that was taken rests for the first {HEAD_SHARE:.0%} of the steps",
    }[policy]
    total = sum(p.numel() for p in parameters.values())
    when = " at first" if policy == "at-first" else ""
    return f"{how}: {learning(net):,} of {total:,} parameters learn{when}"


def learning(net: nn.Module) -> int:
    """Return how many of the net's parameters learn."""
    return sum(p.numel() for p in net.parameters() if p.requires_grad)


def train_mode_(net: nn.Module) -> None:
    """Put a net into train mode, but its batch norms that rest."""
    net.train()
    for module in net.modules():
        if isinstance(module, nn.modules.batchnorm._BatchNorm) and rests(module):
            module.eval()


def rests(module: nn.Module) -> bool:
    """Say whether a layer has parameters of its own and none of them learns."""
    own = list(module.parameters())
    return bool(own) and not any(p.requires_grad for p in own)


def is_due(training: "Training") -> bool:
    """Say whether a body that rests at first is to learn from the next epoch on."""
    state = training.state
    waits = training.plan.recipe.freeze == "at-first" and state.thawed < 0
    return waits and state.step >= HEAD_SHARE * state.total_steps


def thaw_(training: "Training") -> None:
    """Let the whole net learn from here on, with an optimiser that holds all of it."""
    resting = [n for n, p in training.net.named_parameters() if not p.requires_grad]
    training.state.thawed = training.state.epoch
    training.net.requires_grad_(True)
    training.trace.record_many(training.state.step, [("frozen", name, 0.0) for name in resting])
    recipe, before = training.plan.recipe, training.watched_step
    training.optimizer = build_optimizer(training.net, recipe, float(recipe.lr))
    training.probe = Probe(training.net, training.optimizer, trace=training.trace)
    training.watched_step = EagerStep(
        training.net, training.objective, recipe, training.optimizer, training.rng, before.precision
    )
    training.watched_step.scaler.load_state_dict(before.scaler.state_dict())
    training.choose_step()


def _last_stage(net: nn.Module, learns: Iterable[str]) -> set[str]:
    """Return the names of the last stage of the body that has a matrix, and of what follows it."""
    head = set(learns)
    body = {n: p for n, p in net.named_parameters() if n not in head}
    matrices = [n for n, p in body.items() if p.dim() > 1]
    if not matrices:
        return set(body)
    stage, names = _stage(matrices[-1]), list(body)
    first = next(at for at, name in enumerate(names) if _stage(name) == stage)
    return set(names[first:])


def _stage(name: str) -> str:
    found = STAGE.match(name)
    assert found is not None
    return found[0]
