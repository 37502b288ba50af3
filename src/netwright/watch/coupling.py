"""Does the answer for one row depend on the other rows of its batch?

Signals: "coupling" (largest change of an output row, over the spread of the output, when only other
rows of the batch are replaced; eval mode, last state), "coupling.decided" (share of rows whose
largest column changes when each is asked alone).
"""

import torch
from torch import Tensor, nn
from torch.utils import _pytree as pytree

from netwright.watch.kept import Kept
from netwright.watch.snapshot import unseen
from netwright.watch.tape import Entry, Slot, Tape

_ROWS, _BATCHES = 64, 4


def coupling(kept: Kept) -> None:
    """Record how far rows of one batch depend on each other, where axis 0 surely is the batch."""
    if len(kept.last.nets) != 1:
        return
    net = kept.last.again().nets[0].eval()
    changes, decided = [], []
    for tape in kept.tapes[-_BATCHES:]:
        entries = tape.nets()
        if len(entries) != 1 or not _plain(entries[0], net):
            return
        seen = _ask(net, entries[0].args[0][:_ROWS], _used(tape, entries[0]))
        if seen is None:
            return
        changes.append(seen[0])
        decided.append(seen[1])
    kept.trace.record("coupling", "", kept.steps, max(changes))
    kept.trace.record("coupling.decided", "", kept.steps, sum(decided) / len(decided))


def _used(tape: Tape, entry: Entry) -> int:
    """Return which of a net's outputs the loss is made of: the first, where there are several."""
    leaves = [pytree.tree_leaves((e.args, e.kwargs)) for e in tape.entries]
    taken = {leaf.number for found in leaves for leaf in found if isinstance(leaf, Slot)}
    return min((i for i, slot in enumerate(entry.results) if slot in taken), default=0)


def _ask(net: nn.Module, batch: Tensor, which: int) -> tuple[float, float] | None:
    """Return (change over spread when other rows are replaced, share that changes when alone)."""
    half = len(batch) // 2
    mixed = batch.clone()
    mixed[half:] = batch[:1]
    with unseen(), torch.no_grad():
        together, again, other = (_nth(net(x), which) for x in (batch, batch, mixed))
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


def _nth(output: object, which: int) -> Tensor | None:
    tensors = [leaf for leaf in pytree.tree_leaves(output) if isinstance(leaf, Tensor)]
    return tensors[which] if which < len(tensors) else None


def _alone(net: nn.Module, batch: Tensor, which: int) -> Tensor | None:
    rows = [_nth(net(batch[i : i + 1]), which) for i in range(len(batch))]
    found = [row for row in rows if row is not None and row.ndim and len(row) == 1]
    return torch.cat(found) if len(found) == len(batch) else None
