"""Does the answer for one row depend on the other rows of its batch?

Signals: "coupling" (largest change of an output row, over the spread of the output, when only other
rows of the batch are replaced; eval mode, last state), "coupling.decided" (share of rows whose
largest column changes when each is asked alone).
"""

import torch
from torch import Tensor, nn

from netwright.watch.kept import Kept
from netwright.watch.snapshot import unseen
from netwright.watch.tape import Entry

_ROWS = 32


def coupling(kept: Kept) -> None:
    """Record how far rows of one batch depend on each other, where axis 0 surely is the batch."""
    trace, step = kept.trace, kept.steps
    if len(kept.last.nets) != 1:
        return
    snapshot = kept.last.again()
    net = snapshot.nets[0]
    net.eval()
    for tape in kept.tapes[-1:]:
        entries = tape.nets()
        if len(entries) != 1 or not _plain(entries[0], net):
            return
        batch = entries[0].args[0][:_ROWS]
        with unseen(), torch.no_grad():
            together, again = _first(net(batch)), _first(net(batch))
            if together is None or again is None or not _by_row(together, batch):
                return
            if not torch.equal(together, again):
                return  # the net draws random numbers: rows differ for that reason alone
            half = len(batch) // 2
            mixed = batch.clone()
            mixed[half:] = batch[:1]
            other = _first(net(mixed))
            alone = _alone(net, batch)
        assert other is not None
        spread = together.double().std().clamp_min(1e-12)
        change = (together[:half] - other[:half]).double().abs().max() / spread
        trace.record("coupling", "", step, float(change))
        if alone is not None and together.ndim > 1 and together.shape[1] > 1:
            trace.record(
                "coupling.decided", "", step,
                float((alone.argmax(1) != together.argmax(1)).double().mean()),
            )  # fmt: skip
        elif alone is not None:
            gap = (alone - together).double().abs().mean() / spread
            trace.record("coupling.decided", "", step, float(gap))


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
    return output.ndim in (1, 2) and len(output) == len(batch) and output.is_floating_point()


def _first(output: object) -> Tensor | None:
    if isinstance(output, tuple | list) and output:
        output = output[0]
    return output if isinstance(output, Tensor) else None


def _alone(net: nn.Module, batch: Tensor) -> Tensor | None:
    rows = [_first(net(batch[i : i + 1])) for i in range(len(batch))]
    found = [row for row in rows if row is not None and row.ndim and len(row) == 1]
    return torch.cat(found) if len(found) == len(batch) else None
