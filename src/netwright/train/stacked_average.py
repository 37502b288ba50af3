"""The moving averages (EMA) of a stack's members, updated together."""

from collections.abc import Sequence

import torch
from torch import Tensor

from netwright.train.averaging import Average
from netwright.train.stack import Stack

__all__ = ["StackedAverage"]


class StackedAverage:
    """averages: each member's own, whose copies move in here; all have a decay (EMA)."""

    def __init__(self, stack: Stack, averages: Sequence[Average]) -> None:
        self.stack, self.averages = stack, averages
        self.parameters = stack.buffer()
        self.buffers = {name: b.clone() for name, b in stack.buffers.items()}
        for number, average in enumerate(averages):
            assert average.copy is not None
            self._adopt(number, average.copy.module)

    def _adopt(self, number: int, copied: torch.nn.Module) -> None:
        net = self.stack.nets[number]
        own = self.stack.alignment.parameters[number]
        names = {id(p): name for name, p in own.items()}
        for source, p in zip(net.parameters(), copied.parameters(), strict=True):
            if names[id(source)] in self.parameters.of:
                view = self.parameters.view(number, names[id(source)], p)
                view.copy_(p.detach())
                p.data = view
        places = self.stack.places[number]
        for name, (path, key) in places.items():
            module = copied.get_submodule(path)
            held = module._buffers[key]
            assert held is not None
            self.buffers[name][number].copy_(held)
            module._buffers[key] = self.buffers[name][number]

    @torch.no_grad()
    def update(self) -> None:
        """Take the weights after a step, as `Average.update` does for each."""
        decays = [average.next_decay() for average in self.averages]
        rows = self.parameters.rows
        share = torch.tensor([1 - d for d in decays], dtype=rows.dtype, device=rows.device)
        rows.lerp_(self.stack.parameters.rows, share[:, None])
        for name, held in self.buffers.items():
            new = self.stack.buffers[name]
            if held.is_floating_point():
                held.lerp_(new, _wide(share, held))
            elif held.dtype != torch.bool:
                keep = _wide(1 - share, held)
                held.copy_(held * keep + new * (1 - keep))
        for average in self.averages:
            average.count()


def _wide(share: Tensor, like: Tensor) -> Tensor:
    return share.view(-1, *[1] * (like.dim() - 1)).to(
        like.dtype if like.is_floating_point() else share.dtype
    )
