"""Losses written by hand: the values in which a net's outputs meet the targets.

Such a value has a right direction. A distance to the targets (a square or an absolute value of a
difference) should fall; the logarithm of a probability that the targets pick out (by `gather`, an
index, or a factor of 0 and 1) and the cosine with them should rise; so should `logsigmoid` of what
one net prefers, whatever it is. What has no right direction, such as a log-probability times a
return, is none.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.utils import _pytree as pytree

from netwright.watch.tape import Entry, Slot, Tape

_POWERS = ("pow", "square", "abs", "absolute")
_PICKS = ("gather", "getitem")
_PREFERRED = ("logsigmoid", "log_sigmoid")  # two nets may contend: a generator lets it fall
_LOGS = ("log", "logsigmoid", "log_sigmoid", "log_softmax")


@dataclass(frozen=True)
class Meeting:
    """One value. rises: whether training should make it larger; best: what it then comes to.
    targets: None where the net's own answers are compared."""

    entry: Entry
    targets: Tensor | None
    rises: bool
    best: float = 0.0

    def cost(self, value: Tensor) -> float:
        """Return how far it lies from the best."""
        mean = float(value.double().mean())
        return self.best - mean if self.rises else mean


def meetings(tape: Tape, slots: Mapping[int, Tensor]) -> list[Meeting]:
    """Find them in a step that uses no loss function of torch. slots: of the tape, as run."""
    if tape.losses():
        return []
    found = [_meeting(tape, entry, slots) for entry in tape.entries if entry.kind == "function"]
    return [one for one in found if one is not None]


def _meeting(tape: Tape, entry: Entry, slots: Mapping[int, Tensor]) -> Meeting | None:
    name, leaves = entry.name.strip("_"), pytree.tree_leaves((entry.args, entry.kwargs))
    first = next((slots[leaf.number] for leaf in leaves if isinstance(leaf, Slot)), None)
    targets = [leaf for leaf in leaves if _is_constant(leaf)]
    if name in _POWERS:
        return _distance(tape, entry)
    if name in _PREFERRED and len({id(net.call) for net in tape.nets()}) == 1:
        return Meeting(entry, None, rises=True)
    if first is None or not targets or sum(isinstance(leaf, Slot) for leaf in leaves) > 1:
        return None
    target = targets[-1]
    if name in _PICKS and not target.is_floating_point() and _are_log_probabilities(first):
        return Meeting(entry, target, rises=True)
    if name == "cosine_similarity":
        return Meeting(entry, target, rises=True, best=1.0)
    if name in ("mul", "rmul"):
        if _is_unit(first) and _is_unit(target) and first.shape == target.shape:
            return Meeting(entry, target, rises=True, best=1.0 / first.shape[-1])
        chosen = bool(((target == 0) | (target == 1)).all())
        if chosen and _is_log(tape, entry) and bool((first <= 1e-6).all()):
            return Meeting(entry, target, rises=True)
    return None


def _distance(tape: Tape, entry: Entry) -> Meeting | None:
    """A power of a difference with targets."""
    before = _maker(tape, entry)
    if before is None or before.name.strip("_") not in ("sub", "rsub"):
        return None
    targets = [arg for arg in before.args if _is_constant(arg)]
    return Meeting(entry, targets[0], rises=False) if targets else None


def _is_constant(value: object) -> bool:
    return isinstance(value, Tensor) and not value.requires_grad and value.numel() > 1


def _maker(tape: Tape, entry: Entry) -> Entry | None:
    slot = next((arg for arg in entry.args if isinstance(arg, Slot)), None)
    return next((e for e in tape.entries if slot is not None and slot.number in e.results), None)


def _is_log(tape: Tape, entry: Entry) -> bool:
    before = _maker(tape, entry)
    return before is not None and before.name.strip("_") in _LOGS


def _are_log_probabilities(values: Tensor) -> bool:
    """(rows, classes), each row a distribution; an added eps may shift it a little."""
    if values.ndim < 2 or not values.is_floating_point():
        return False
    return bool(((values.exp().sum(1) - 1).abs() < 1e-2).all())


def _is_unit(values: Tensor) -> bool:
    """(rows, features), each row of length one."""
    if values.ndim != 2 or values.shape[1] < 2 or not values.is_floating_point():
        return False
    return bool(((values.detach().norm(dim=1) - 1).abs() < 1e-3).all()) and not bool(
        torch.equal(values, values.round())  # one-hot rows
    )
