"""case_of(data, plan): the rows, the net and the batch that the checks of a source look at."""

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from netwright.check.case import SEQUENCES, Case, Part, Step, as_numbers, width
from netwright.data.data import Batch, Data, Encoding, Rows, Split
from netwright.data.graph_encoding import GraphEncoding
from netwright.data.node_encoding import NodeEncoding
from netwright.device import choose_device, seeded
from netwright.evaluate.baseline_inputs import Sample, gather
from netwright.objectives._pairs import OnPairs, pick_classes
from netwright.objectives.ctc import CTC
from netwright.objectives.detection import Detection
from netwright.objectives.multi_task import MultiTask
from netwright.objectives.segmentation import Segmentation
from netwright.objectives.semi_supervised import SemiSupervised
from netwright.objectives.supervised import Supervised
from netwright.plan.plan import Plan
from netwright.quality.graph_twins import graph_keys
from netwright.train.building import build_net, build_objective, completed

__all__ = ["batch_order", "case_of"]

Index = NDArray[np.int64]

MOST_ROWS = {"train": 50_000, "validation": 10_000, "test": 10_000}
MOST_BYTES = 256 * 2**20  # of a split's inputs
PREPARED_ROWS = 2_000
BATCH, MANY = 64, 512
MAPS, SIDE = 8, 64  # pictures whose every pixel is a target, and the pixels of a side looked at
# Objectives of a row's outputs and its target.
WITH_ROWS = (Supervised, SemiSupervised, MultiTask, Segmentation, Detection, OnPairs, CTC)
TEXTS = 8  # rows of such: each holds many targets
MOST_VALUES = 4_000_000  # of the inputs of many rows: large pictures fill memory


def case_of(data: Data, plan: Plan, *, seed: int = 0, device: str = "auto") -> Case:
    """Take rows of the splits and build the plan's net (the first member's, of several)."""
    parts = {name: _part(split, data, seed) for name, split in data.splits().items()}
    step = _step(data, plan, parts["train"], seed, device)
    kind = data.kind
    if isinstance(data.encoding, NodeEncoding | GraphEncoding):
        kind, parts = "table", {n: _as_table(part, data.encoding) for n, part in parts.items()}
    names = tuple(
        tuple(getattr(data.encoding, name)()) if hasattr(data.encoding, name) else ()
        for name in ("feature_names", "category_names")
    )
    given = any(e.action == "split" and "given" in e.what for e in data.ledger)
    return Case(
        kind=kind,
        form=data.task.form,
        parts=parts,
        classes=data.task.classes,
        class_counts=data.class_counts,
        names=(names[0], names[1]),
        given=given,
        step=step,
        seed=seed,
    )


def _step(data: Data, plan: Plan, train: Part, seed: int, device: str) -> Step | None:
    """Return the net with its loss; None where a net's answers are no row of outputs a row."""
    if plan.members is not None:
        plan = plan.member(0)
    plan = completed(plan, data)
    place = choose_device(device)
    with seeded(seed):
        net: Any = build_net(plan, data, seed, place)[0]
    if data.kind == "graph":
        # What is joined for the net cannot be cut into rows again: it is joined when it is called.
        net.register_forward_pre_hook(lambda module, args: _joined(module, args, data.encoding))
    objective: Any = build_objective(plan, data, fitting=False)  # its own check tells of it
    rebuilds = plan.net["name"] == "autoencoder"
    if not (isinstance(objective, WITH_ROWS) or rebuilds):
        return None

    members = int(getattr(net, "members", 0))

    def criterion(outputs: Tensor, targets: Tensor) -> Tensor:
        if rebuilds:
            error: Tensor = (outputs - targets).square().mean()
            return error
        found: Tensor = objective.compute(outputs, targets, members=members, smooth=False)
        return found

    if isinstance(objective, MultiTask) and getattr(net, "log_variances", None) is not None:
        net.log_variances.requires_grad_(False)  # the criterion weighs the tasks alike
    targets = train.sample.targets
    few, many = BATCH, min(MANY, max(BATCH, MOST_VALUES // width(train.sample)))
    if data.task.form in SEQUENCES:
        few = many = TEXTS
    if data.task.form in ("segmentation", "detection"):
        few = many = MAPS

    def batch(index: Index) -> Batch:
        inputs = tuple(torch.from_numpy(x[index]).to(place) for x in train.sample.inputs)
        asked = torch.from_numpy(targets[index]).to(place)
        if data.task.form == "segmentation":
            asked = asked[:, :SIDE, :SIDE].long()
            inputs = tuple(x[:, :, :SIDE, :SIDE] for x in inputs)
        ready = inputs if data.kind == "graph" else data.encoding.prepare(inputs)
        return Batch(ready, net.target(*ready) if rebuilds else asked)

    if isinstance(objective, OnPairs):
        order = torch.Generator().manual_seed(seed)
        picked = pick_classes(torch.from_numpy(targets), few, objective.samples, order)[0].numpy()
    else:
        picked = batch_order(targets, few, seed=seed)
    first = batch(picked)
    others = batch(np.random.default_rng(seed).permutation(len(targets))[:many])
    return Step(net, first, others, criterion, objective.loss, members)


def _joined(net: nn.Module, stored: tuple[Tensor, ...], encoding: Encoding) -> tuple[Tensor, ...]:
    """Return what a net of graphs is called with, in the net's number format."""
    dtype = next(net.parameters()).dtype
    ready = encoding.prepare(stored)
    return tuple(x.to(dtype) if x.is_floating_point() else x for x in ready)


def _as_table(part: Part, encoding: NodeEncoding | GraphEncoding) -> Part:
    """Return the rows as what each has by itself, as a table's; equal graphs are equal rows."""
    stored = tuple(torch.from_numpy(x) for x in part.sample.inputs)
    own = encoding.summary(stored).numpy()
    inputs = (own, np.zeros((len(own), 0), dtype=np.int64))
    sample = Sample(inputs, part.sample.targets, None, part.sample.total)
    if isinstance(encoding, NodeEncoding):
        # The graph's features are in no batch, so that their scale cannot be tried on one.
        named = [f"node {encoding.names[at]}" for at in stored[0].tolist()]
        return replace(part, sample=sample, raw=named, prepared=None)
    features, edges, of = (x.numpy() for x in encoding.prepare(stored))
    cells = pd.DataFrame(own, columns=encoding.feature_names())
    # Words, for as numbers they would lose digits.
    cells["structure"] = [f"{key:x}" for key in graph_keys(features, edges, of, len(own))]
    return replace(part, sample=sample, raw=cells)


def batch_order(targets: NDArray[Any], count: int, *, seed: int) -> Index:
    """Choose `count` rows, classes in turn where targets are ids (rows,), else at random."""
    order = np.random.default_rng(seed).permutation(len(targets))
    if targets.ndim > 1 or targets.dtype.kind == "f":
        return order[:count]
    drawn = targets[order]
    turn = np.empty(len(order), dtype=np.int64)  # how many of its class were drawn before
    for label in np.unique(drawn):
        members = drawn == label
        turn[members] = np.arange(members.sum())
    return order[np.argsort(turn, kind="stable")][:count]


def _part(split: Split, data: Data, seed: int) -> Part:
    most = MOST_ROWS.get(split.name, MOST_ROWS["test"])
    rng = np.random.default_rng(seed)
    if isinstance(split, Rows):
        size = max(sum(x[:1].nbytes for x in split.inputs), 1)
        most = min(most, max(MOST_BYTES // size, 100))
        index = np.arange(len(split))
        if len(split) > most:
            index = np.sort(rng.permutation(len(split))[:most])
        whole = len(index) == len(split)
        chosen = split if whole else split.select(torch.from_numpy(index))
        texts = chosen.raw if isinstance(chosen.raw, list) and data.kind == "text" else None
        sample = Sample(
            tuple(x.cpu().numpy() for x in chosen.inputs),
            chosen.targets.cpu().numpy(),
            texts,
            len(split),
        )
        rows = chosen.rows.numpy() if chosen.rows is not None else None
        raw: Any = chosen.raw
    else:
        sample, rows, raw = gather([split], limit=most, seed=seed), None, None
        sample = Sample(sample.inputs, sample.targets, sample.raw, len(split))
    return Part(split.name, sample, _prepared(sample, data, rng), rows, raw)


def _prepared(sample: Sample, data: Data, rng: np.random.Generator) -> NDArray[np.float32] | None:
    """Return the first input that holds numbers, as the net gets it; None of sounds, where a moment
    is no column and nets look at no loudness."""
    if data.kind == "audio":
        return None
    index = np.sort(rng.permutation(len(sample))[:PREPARED_ROWS])
    inputs = data.encoding.prepare(tuple(torch.from_numpy(x[index]) for x in sample.inputs))
    numbers = [x for x in inputs if x.is_floating_point() and x[:1].numel()]
    return as_numbers(numbers[0]) if numbers else None
