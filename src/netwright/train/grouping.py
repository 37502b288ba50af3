"""Which members of a pack are stacked together: families, cut into groups that memory holds."""

import copy
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor, nn

from netwright.data.data import Batch, Encoding, Rows, Split
from netwright.data.memory import available_bytes
from netwright.nets.mlp import MLP
from netwright.objectives.supervised import Supervised
from netwright.train.alignment import why_not_aligned
from netwright.train.member import Member

__all__ = ["Group", "waves"]

MEMORY_SHARE = 0.5  # of what is free
COPIES = 10  # of a member's parameters: gradients, moments, work, masks, best, average, the net
KEPT = 3  # how often a step holds an activation: itself, its gradient, what autograd saved

# What members may differ in without being of another family.
FREE_OF_ANY_NET = {"dropout", "frequency_scale"}
FREE_OF_MLP = {"width", "widths", "depth", "activation"}
SAME_RECIPE = (
    "optimizer", "batch_size", "augment", "augment_strength", "class_weights", "sampling",
    "precision", "init_from", "freeze",
)  # fmt: skip


@dataclass(frozen=True)
class Group:
    """Members that share a stack, or, where there is a reason, one that cannot. size: in bytes."""

    members: list[Member]
    reason: str
    size: int


def waves(members: Sequence[Member], memory: int | None = None) -> list[list[Group]]:
    """Return the groups, in waves of those that memory holds at once. memory: in bytes; None is
    half of what is free."""
    if not members:
        return []
    room = _room(members[0].training.device) if memory is None else memory
    found: list[list[Group]] = []
    free = -1
    for group in _grouped(members, room):
        if group.size > free:
            found.append([])
            free = room
        found[-1].append(group)
        free -= group.size
    return found


def _grouped(members: Sequence[Member], room: int) -> Iterator[Group]:
    families: dict[str, list[list[Member]]] = {}
    alone: list[tuple[Member, str]] = []
    for member in members:
        reason = _why_alone(member)
        if reason:
            alone.append((member, reason))
            continue
        homes = families.setdefault(_family(member), [])
        net = member.training.net
        home = next((g for g in homes if not why_not_aligned([g[0].training.net, net])), None)
        if home is None:
            homes.append([member])
        else:
            home.append(member)
    for group in (group for homes in families.values() for group in homes):
        if len(group) == 1:
            alone.append((group[0], "no other member is of its family"))
            continue
        one = _bytes(max(group, key=_parameters))  # all of a stack are as large as the largest
        count = -(-len(group) // max(room // one, 1))
        for cut in _cut(group, count):
            if len(cut) == 1:
                alone.append((cut[0], "memory holds no second member"))
            else:
                yield Group(cut, "", one * len(cut))
    for member, reason in alone:
        yield Group([member], reason, _bytes(member))


def _cut(group: Sequence[Member], count: int) -> list[list[Member]]:
    ends = [i * len(group) // count for i in range(count + 1)]
    return [list(group[a:b]) for a, b in pairwise(ends)]


def _parameters(member: Member) -> int:
    return sum(p.numel() for p in member.training.net.parameters())


def _why_alone(member: Member) -> str:
    """Say why a member's steps cannot be stacked with any other's; "" if they can."""
    training = member.training
    recipe = training.plan.recipe
    if training.device.type not in ("cpu", "cuda"):
        return f"nothing is stacked on {training.device.type}"
    if type(training.objective) is not Supervised:
        return "the objective is more than one loss of one net's outputs"
    if training.data.kind == "graph":
        return "a batch of a graph has no rows that could be laid beside another's"
    if recipe.freeze == "at-first":
        return "layers that rest at first learn from some epoch on"
    if recipe.accumulate > 1:
        return "gradients are accumulated over several batches"
    if recipe.l1 or recipe.l2:
        return "weights are penalised in the loss"
    if training.watched_step.precision != "float32":
        return "mixed precision"
    return why_not_aligned([training.net])


def _family(member: Member) -> str:
    training = member.training
    plan = training.plan
    free = FREE_OF_ANY_NET | (FREE_OF_MLP if isinstance(training.net, MLP) else set())
    net = {k: v for k, v in plan.net.items() if k not in free}
    recipe = plan.to_dict()["recipe"]
    same = {name: recipe[name] for name in SAME_RECIPE} | {
        "ema": plan.recipe.ema is not None,
        "objective": dict(plan.objective),
        "net": net,
        "rows": [len(training.data.train), len(training.data.validation)],
    }
    return json.dumps(same, sort_keys=True, default=str)


def _room(device: torch.device) -> int:
    free = torch.cuda.mem_get_info(device)[0] if device.type == "cuda" else available_bytes()
    return int(free * MEMORY_SHARE)


def _bytes(member: Member) -> int:
    """An estimate of what a member takes in a stack: its parameters and a step's activations."""
    training = member.training
    held = sum(p.numel() * p.element_size() for p in training.net.parameters())
    batch = next(training.batches(torch.Generator(), torch.Generator()))
    rows = max(len(batch.targets), 1)
    joined = training.data.kind == "graph"  # one graph, which cannot be cut
    few = rows if joined else min(rows, 8)
    inputs = batch.inputs[: _asked_of(training.data.encoding, training.data.train, batch)]
    net = copy.deepcopy(training.net).eval()
    seen = 0

    def count(module: nn.Module, args: object, output: object) -> None:
        nonlocal seen
        parts = output if isinstance(output, tuple) else (output,)
        seen += sum(x.numel() * x.element_size() for x in parts if isinstance(x, Tensor))

    for module in net.modules():
        if not list(module.children()):
            module.register_forward_hook(count)
    with torch.no_grad():
        net(*(inputs if joined else (x[:few] for x in inputs)))
    return held * COPIES + seen * rows // few * KEPT


def _asked_of(encoding: Encoding, train: Split, batch: Batch) -> int:
    """Return how many of a batch's inputs the net is called with at once; an objective may lay
    others of its own (views, weights of rows) behind them."""
    if not isinstance(train, Rows) or encoding.kind == "graph":
        return len(batch.inputs)
    return len(encoding.prepare(tuple(x[:1] for x in train.inputs)))
