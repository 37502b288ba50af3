"""Does the answer for one row depend on the other rows of its batch?

Signals: "coupling" (largest change of an output row, over the spread of the output, when only other
rows of the batch are replaced; eval mode, last state), "coupling.decided" (share of rows whose
largest column changes when each is asked alone). "coupling.along" (1, by layer: a recurrent or
attention layer takes the axis of the rows for time, at the first state: the net may have learned to
let nothing pass since); where there is one, "trial.along" and "trial.batch.first" (loss on held-out
batches after a short training as it was, and with these layers' batch_first), "trial.along.start".
"""

import math

import torch
from torch import Tensor, nn
from torch.utils import _pytree as pytree

from netwright.watch.kept import Kept
from netwright.watch.snapshot import Snapshot, unseen
from netwright.watch.tape import Entry, Slot, Tape
from netwright.watch.trial import measure, trial

_ROWS, _BATCHES, _STEPS = 64, 4, 150
_OVER_TIME = (nn.RNNBase, nn.MultiheadAttention)


def coupling(kept: Kept) -> None:
    """Record how far rows of one batch depend on each other, where axis 0 surely is the batch."""
    if len(kept.last.nets) != 1:
        return
    net = kept.last.again().nets[0].eval()
    _along(kept)
    changes, decided = [], []
    for tape in kept.tapes[-_BATCHES:]:
        entries = tape.nets()
        if len(entries) != 1 or not _plain(entries[0], net):
            return
        seen = [_ask(net, entries[0].args[0][:_ROWS], which) for which in _used(tape)]
        known = [found for found in seen if found is not None]
        if not known:
            return
        changes.append(max(change for change, _ in known))
        decided.append(max(share for _, share in known))
    kept.trace.record("coupling", "", kept.steps, max(changes))
    kept.trace.record("coupling.decided", "", kept.steps, sum(decided) / len(decided))


def _used(tape: Tape) -> list[int]:
    """The numbers of a net's outputs that lead to the loss."""
    taken = {
        leaf.number
        for entry in tape.entries
        for leaf in pytree.tree_leaves((entry.args, entry.kwargs))
        if isinstance(leaf, Slot)
    }
    return [i for i, slot in enumerate(tape.nets()[0].results) if slot in taken]


def _ask(net: nn.Module, batch: Tensor, which: int) -> tuple[float, float] | None:
    """Return (change over spread when other rows are replaced, share that changes when alone)."""
    half = len(batch) // 2
    mixed = batch.clone()
    mixed[half:] = batch[:1]
    with unseen(), torch.no_grad():
        together, again, other = (_output(net(x), which) for x in (batch, batch, mixed))
        if together is None or again is None or other is None or not _by_row(together, batch):
            return None
        if not torch.equal(together, again):
            return None  # the net draws random numbers: rows differ for that reason alone
        alone = _alone(net, batch, which)
    spread = float(together.double().std())
    if alone is None or not spread > 0:
        return None
    change = float((together[:half] - other[:half]).double().abs().max()) / spread
    if together.ndim > 1 and together.shape[1] > 1:
        return change, float((alone.argmax(1) != together.argmax(1)).double().mean())
    return change, float((alone - together).double().abs().mean()) / spread


def _plain(entry: Entry, net: nn.Module) -> bool:
    """One tensor comes in, and nothing in the net has the batch's size (a graph's edges do)."""
    if entry.kwargs or len(entry.args) != 1 or not isinstance(entry.args[0], Tensor):
        return False
    x = entry.args[0]
    if x.ndim < 2 or len(x) < 8:
        return False
    # Beside axis 0 nothing may be as long: else it may be the time and axis 1 the batch.
    if x.ndim == 3 and x.shape[1] == x.shape[0]:
        return False
    return not any(len(b) == len(x) for b in net.buffers() if b.ndim)


def _by_row(output: Tensor, batch: Tensor) -> bool:
    """An output a row, and none a time step: (batch, columns) or (batch,)."""
    if output.ndim == 2 and output.shape[1] == len(batch):
        return False  # each row with each
    return output.ndim in (1, 2) and len(output) == len(batch) and output.is_floating_point()


def _output(result: object, which: int) -> Tensor | None:
    found = [leaf for leaf in pytree.tree_leaves(result) if isinstance(leaf, Tensor)]
    return found[which] if which < len(found) else None


def _alone(net: nn.Module, batch: Tensor, which: int) -> Tensor | None:
    rows = [_output(net(batch[i : i + 1]), which) for i in range(len(batch))]
    found = [row for row in rows if row is not None and row.ndim and len(row) == 1]
    return torch.cat(found) if len(found) == len(batch) else None


def _along(kept: Kept) -> None:
    """Find layers that go along the rows, and try the run with their batch_first set."""
    tape, net = kept.tapes[0], kept.first.again().nets[0].eval()
    entries = tape.nets()
    if len(entries) != 1 or not _plain(entries[0], net) or len(kept.tapes) < 2:
        return
    batch, layers = entries[0].args[0], []
    rows = len(batch)

    def hear(layer: nn.Module, args: tuple[object, ...]) -> None:
        x = args[0] if args else None
        if isinstance(x, Tensor) and x.ndim == 3 and len(x) == rows and x.shape[1] not in (1, rows):
            layers.append(layer)

    heard = [m for m in net.modules() if isinstance(m, _OVER_TIME) and not m.batch_first]
    for module in heard:
        module.register_forward_pre_hook(hear)
    with unseen(), torch.no_grad():
        output = _output(net(batch), 0)
    if not layers or output is None or not _by_row(output, batch):
        return
    for name, module in net.named_modules():
        if module in layers:
            kept.trace.record("coupling.along", name, kept.steps, 1)
    names = kept.trace.places("coupling.along")

    def batch_first(state: Snapshot) -> list[Tensor]:
        for name in names:
            layer = state.nets[0].get_submodule(name)
            assert isinstance(layer, _OVER_TIME)
            layer.batch_first = True
        return []

    for name, prepare in (("along", None), ("batch.first", batch_first)):
        state, losses = trial(
            kept.first, kept.tapes[::2], kept.recipe, steps=min(_STEPS, kept.steps),
            prepare=prepare, seconds=max(0.2, kept.left / 4),
        )  # fmt: skip
        if losses and math.isfinite(losses[-1]):
            found = measure(state, kept.tapes[1::2])
            kept.trace.record(f"trial.{name}", "", len(losses), math.fsum(found) / len(found))
            kept.trace.record("trial.along.start", "", 0, losses[0])
