"""trial: a few steps of the user's own training on copies, as it was or with one thing changed.

The counterfactual behind many findings: from the same state, on the same kept batches, with the
same optimizer and seed, does the run go better without the suspected cause? Nothing of the user's
run is touched.
"""

import inspect
import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from netwright.watch.snapshot import Snapshot, unseen
from netwright.watch.tape import Entry, Tape

Change = Callable[[Entry, Any, tuple[Any, ...], dict[str, Any]], Any]


@dataclass(frozen=True)
class Recipe:
    """An optimizer as the user made it. groups: its hyperparameters and its parameters' ids."""

    kind: type[Optimizer]
    groups: Sequence[tuple[Mapping[str, Any], Sequence[int]]]

    def build(
        self,
        snapshot: Snapshot,
        *,
        more: Sequence[Tensor] = (),
        lr_factor: float = 1.0,
        decays: bool = True,
    ) -> Optimizer:
        """Make it anew over a snapshot's parameters; more: parameters to hold beside them; decays:
        False leaves weight decay out."""
        known = set(inspect.signature(self.kind.__init__).parameters)
        groups: list[dict[str, Any]] = []
        for values, ids in self.groups:
            group = {name: value for name, value in values.items() if name in known}
            if "lr" in group:
                group["lr"] = group["lr"] * lr_factor
            if "weight_decay" in group and not decays:
                group["weight_decay"] = 0.0
            parameters = [snapshot.originals[i] for i in ids if i in snapshot.originals]
            groups.append(group | {"params": parameters})
        groups[0]["params"] += list(more)
        if not any(group["params"] for group in groups):  # it holds nothing of these nets
            groups[0]["params"] = [torch.zeros(1, requires_grad=True)]
        kind: Any = self.kind
        return kind([group for group in groups if group["params"]])


def recipe_of(optimizer: Optimizer, nets: Mapping[str, nn.Module]) -> Recipe:
    """Keep how an optimizer was made, before schedulers change it."""
    groups = [
        (
            {k: v for k, v in group.items() if k != "params" and not isinstance(v, Tensor)},
            [id(p) for p in group["params"]],
        )
        for group in optimizer.param_groups
    ]
    return Recipe(type(optimizer), groups)


def trial(
    snapshot: Snapshot,
    tapes: Sequence[Tape],
    recipe: Recipe,
    *,
    steps: int,
    change: Change | None = None,
    prepare: Callable[[Snapshot], Sequence[Tensor]] | None = None,
    lr_factor: float = 1.0,
    decays: bool = True,
    after: Callable[[int, Snapshot], None] | None = None,
    seconds: float = 1.0,
) -> tuple[Snapshot, list[float]]:
    """Train a copy on `tapes` in turn; return it and the losses (fewer where time was up).

    prepare: changes the fresh copy and returns further parameters for the optimizer to hold.
    after: is given the number of steps made and the copy, after each.
    """
    copied = snapshot.again()
    losses: list[float] = []
    end = time.thread_time() + seconds
    with unseen():
        more = prepare(copied) if prepare is not None else ()
        optimizer = recipe.build(copied, more=more, lr_factor=lr_factor, decays=decays)
        for step in range(steps):
            tape = tapes[step % len(tapes)]

            def closure(tape: Tape = tape) -> float:
                optimizer.zero_grad()
                loss = loss_of(copied, tape, change)
                if loss.requires_grad:
                    loss.backward()
                return float(loss.item())

            losses.append(optimizer.step(closure))
            if after is not None:
                after(step + 1, copied)
            if not math.isfinite(losses[-1]) or time.thread_time() > end:
                break
    return copied, losses


def loss_of(snapshot: Snapshot, tape: Tape, change: Change | None = None) -> Tensor:
    """Run a tape on a snapshot's nets; return the loss."""
    slots = tape.run(snapshot.swap, change=change)
    assert tape.loss is not None
    return slots[tape.loss]


def measure(snapshot: Snapshot, tapes: Sequence[Tape], change: Change | None = None) -> list[float]:
    """Return the loss of each tape, nothing learned."""
    with unseen(), torch.no_grad():
        return [float(loss_of(snapshot, tape, change)) for tape in tapes]
