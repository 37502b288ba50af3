"""Stack: several nets of one family whose parameters lie in one tensor, (members, size).

Their gradients are computed together: torch.func's vmap over the members turns K small matrix
products into one batched product. Each net stays a net: its parameters are views of its row, so
optimisers, averages and checkpoints work on it as ever.
"""

from collections.abc import Callable, Mapping, Sequence

import torch
from torch import Tensor, nn
from torch.func import functional_call, vmap

from netwright.train.alignment import align
from netwright.train.flat_optimizer import lay_out
from netwright.train.freezing import train_mode_

__all__ = ["Buffer", "Loss", "Stack", "Tensors"]

Tensors = dict[str, Tensor]
# outputs, targets, the member's number -> mean loss
Loss = Callable[[Tensor, Tensor, Tensor], Tensor]


class Buffer:
    """One number for each parameter of each member: rows (members, size), and views by name."""

    def __init__(self, rows: Tensor, spans: Mapping[str, tuple[int, torch.Size]]) -> None:
        self.rows = rows
        self.of = {
            name: rows[:, start : start + shape.numel()].view(len(rows), *shape)
            for name, (start, shape) in spans.items()
        }

    def view(self, number: int, name: str, like: Tensor) -> Tensor:
        """Return where the member's own tensor lies: the first part of each padded axis."""
        found = self.of[name][number]
        for axis, size in enumerate(like.shape):
            found = found.narrow(axis, 0, size)
        return found


class Stack:
    """nets: moved into the stack, in place. streams: one generator a net, for its dropout; its
    state is what the global stream would be were the net trained alone. leading: parameters (of any
    net) that are to come first in a row.

    places: of each buffer in each net, by the base's name: (path of the module, key). parameters,
    gradients: of what is trained. A row holds first what leads, up to `leading`, then the other
    matrices, and from `vectors` on what has one axis. Raises ValueError for nets that cannot be
    stacked (see `align`).
    """

    def __init__(
        self,
        nets: Sequence[nn.Module],
        streams: Sequence[torch.Generator],
        *,
        leading: Sequence[Tensor] = (),
    ) -> None:
        found = align(nets, streams)
        self.nets, self.streams, self.alignment = list(nets), list(streams), found
        self._base = found.base
        first = next(iter(found.parameters[0].values()))
        frozen = {n for own in found.parameters for n, p in own.items() if not p.requires_grad}
        trained = [name for name in found.shapes if name not in frozen]
        ids = {id(p) for p in leading}
        ahead = {n for own in found.parameters for n, p in own.items() if id(p) in ids}
        trained.sort(key=lambda n: 0 if n in ahead else 1 if len(found.shapes[n]) > 1 else 2)
        like = {n: first.new_empty(found.shapes[n], device="meta") for n in trained}
        starts, self.size = lay_out(like.values())
        self.spans = {n: (starts[x], found.shapes[n]) for n, x in like.items()}
        begins = [self.spans[n][0] for n in trained if n not in ahead]
        self.leading = min(begins, default=self.size) if ahead else 0
        begins = [self.spans[n][0] for n in trained if len(found.shapes[n]) < 2]
        self.vectors = min(begins, default=self.size)
        self.parameters, self.gradients = self.buffer(), self.buffer()
        self.masks = self.buffer() if found.padded else None
        self._adopt_parameters(frozen)
        self._adopt_buffers()
        self._leaves = {n: x.detach().requires_grad_() for n, x in self.parameters.of.items()}

    def buffer(self) -> Buffer:
        """Return a buffer of zeros of the parameters' layout."""
        like = next(iter(self.alignment.parameters[0].values()))
        return Buffer(like.new_zeros((len(self.nets), self.size)).detach(), self.spans)

    def _adopt_parameters(self, frozen: set[str]) -> None:
        fixed: dict[str, list[Tensor]] = {}
        for number, own in enumerate(self.alignment.parameters):
            for name, p in own.items():
                if name in frozen:
                    fixed.setdefault(name, []).append(p.detach())
                    continue
                view = self.parameters.view(number, name, p)
                view.copy_(p.detach())
                p.data = view
                if self.masks is not None:
                    self.masks.view(number, name, p).fill_(1)
            self.bind_gradients(number)
        self._fixed = {name: torch.stack(ones) for name, ones in fixed.items()}

    def leaf(self, name: str) -> Tensor:
        """Return a stacked parameter (members, ...) that gradients can be taken by."""
        return self._leaves[name]

    def bind_gradients(self, number: int) -> None:
        """Make `grad` of a net's parameters views of its row."""
        for name, p in self.alignment.parameters[number].items():
            if name in self.spans:
                p.grad = self.gradients.view(number, name, p)

    def _adopt_buffers(self) -> None:
        first = self.alignment.buffers[0]
        self.buffers = {
            name: torch.stack([own[name] for own in self.alignment.buffers]) for name in first
        }
        self.places: list[dict[str, tuple[str, str]]] = []
        for number, (net, own) in enumerate(zip(self.nets, self.alignment.buffers, strict=True)):
            names = {id(b): name for name, b in own.items()}
            places = {}
            for path, module in net.named_modules():
                for key, b in module._buffers.items():
                    if b is not None and id(b) in names:
                        places[names[id(b)]] = (path, key)
                        module._buffers[key] = self.buffers[names[id(b)]][number]
            self.places.append(places)
        device = self.parameters.rows.device
        self.buffers |= {n: b.to(device) for n, b in self.alignment.extra.items()}

    def backward(
        self, loss: Loss, inputs: tuple[Tensor, ...], targets: Tensor, *, shared: bool
    ) -> Tensor:
        """Put the gradients of each member's loss into its parameters' `grad`; return the losses
        (members,), detached.

        shared: all members take the same batch; else inputs and targets begin with (members, ...).
        """
        numbers = torch.arange(len(self.nets), device=targets.device)
        axis = None if shared else 0
        leaves = self._leaves

        def one(
            own: Tensors, fixed: Tensors, buffers: Tensors, number: Tensor, y: Tensor, *x: Tensor
        ) -> Tensor:
            return loss(functional_call(self._base, (own, fixed, buffers), x), y, number)

        train_mode_(self._base)
        axes = (0, 0, 0, 0, axis, *[axis] * len(inputs))
        losses = vmap(one, in_dims=axes, randomness="different")(
            leaves, self._fixed, self.buffers, numbers, targets, *inputs
        )
        found = torch.autograd.grad(losses.sum(), list(leaves.values()), allow_unused=True)
        with torch.no_grad():
            for view, gradient in zip(self.gradients.of.values(), found, strict=True):
                view.zero_() if gradient is None else view.copy_(gradient)
            if self.masks is not None:
                self.gradients.rows.mul_(self.masks.rows)
        return losses.detach()

    def forward(
        self,
        inputs: tuple[Tensor, ...],
        *,
        shared: bool = True,
        parameters: Buffer | None = None,
        buffers: Mapping[str, Tensor] | None = None,
    ) -> Tensor:
        """Return (members, batch, ...): what each net gives in evaluation.

        shared: for the same inputs; else they begin with (members, ...). parameters, buffers:
        others of the same layout, such as averages.
        """

        def one(own: Tensors, fixed: Tensors, buffers: Tensors, *x: Tensor) -> Tensor:
            found: Tensor = functional_call(self._base, (own, fixed, buffers), x)
            return found

        self._base.eval()
        leaves = self._leaves if parameters is None else parameters.of
        with torch.no_grad():
            axes = (0, 0, 0, *[None if shared else 0] * len(inputs))
            own = dict(buffers or self.buffers)
            return vmap(one, in_dims=axes)(leaves, self._fixed, own, *inputs)
