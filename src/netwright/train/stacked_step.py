"""The gradients of stacked ReLU MLPs without autograd and vmap: the chain rule written out.

Embeddings before the first layer are left to both.

For each member, with the members' axis in front (batched matrix products):

    h_l = relu(h_{l-1} W_l' + b_l) * mask,  z = h_L W' + b
    dW_l = d_l' h_{l-1},  db_l = sum of d_l over rows,  d_{l-1} = d_l W_l where h_{l-1} > 0

What is saved over `Stack.backward` is bookkeeping: for narrow nets most of a step.
"""

import torch
from torch import Tensor, nn
from torch.func import functional_call, vmap

from netwright.train.alignment import StackedMLP
from netwright.train.stack import Loss, Stack, Tensors
from netwright.train.stack_layers import StackedActivation
from netwright.train.stacked_dropout import StackedDropout

__all__ = ["WrittenOut", "why_not_written_out"]

_relu_backward = torch.ops.aten.threshold_backward.default


def why_not_written_out(stack: Stack) -> str:
    """Say why the stack's gradients are left to autograd; "" if they need not be."""
    base = stack.alignment.base
    if not isinstance(base, StackedMLP):
        return f"{type(base).__name__} is no stack of MLPs"
    if base.norms:
        return "there are normalisations"
    activations = [layer for layer in base.activations if isinstance(layer, StackedActivation)]
    if any(set(layer.kinds) != {nn.ReLU} for layer in activations):
        return "not all activations are ReLU"
    return ""


class WrittenOut:
    """Does what `stack.backward` does. plain: the loss is the mean cross-entropy of class ids, or
    ("mse") of squares, and nothing else; any other is differentiated by autograd."""

    def __init__(self, stack: Stack, plain: str | None) -> None:
        reason = why_not_written_out(stack)
        if reason:
            raise ValueError(f"These gradients cannot be written out: {reason}.")
        base = stack.alignment.base
        assert isinstance(base, StackedMLP)
        self.stack, self.plain = stack, plain
        self.embedding = base.embedding
        inner = [n for n in stack.spans if n.startswith("embedding.")]
        self.inner = {n.removeprefix("embedding."): stack.leaf(n) for n in inner}
        self.d_inner = [stack.gradients.of[n] for n in inner]
        self.inner_buffers = {
            n.removeprefix("embedding."): b
            for n, b in stack.buffers.items()
            if n.startswith("embedding.")
        }
        self.embeds = base.embedding.embed_numeric or base.embedding.embed_categories
        names = [f"hidden.{level}" for level in range(len(base.hidden))] + ["output"]
        of, gradient_of = stack.parameters.of, stack.gradients.of
        self.weight = [of[f"{name}.weight"] for name in names]
        self.bias = [of[f"{name}.bias"].unsqueeze(1) for name in names]
        self.d_weight = [gradient_of[f"{name}.weight"] for name in names]
        self.d_bias = [gradient_of[f"{name}.bias"] for name in names]
        self.dropouts = [layer for layer in base.dropouts if isinstance(layer, StackedDropout)]
        alive = stack.buffers["alive"] if base.uneven else None
        # Of each hidden layer: which members have it; None where all do.
        self.alive = [
            None if alive is None or bool(alive[:, level].all()) else alive[:, level, None, None]
            for level in range(len(base.hidden))
        ]
        self.numbers = torch.arange(len(stack.nets), device=stack.parameters.rows.device)

    @torch.no_grad()
    def backward(
        self, loss: Loss, inputs: tuple[Tensor, ...], targets: Tensor, *, shared: bool
    ) -> Tensor:
        """Put the gradients of each member's loss into the stack's rows; return the losses
        (members,). For the arguments see `Stack.backward`."""
        given = self._embed(inputs, shared)
        hidden, drawn = [given.detach()], []
        for level, weight in enumerate(self.weight[:-1]):
            y = torch.baddbmm(self.bias[level], hidden[-1], weight.mT).relu_()
            mask = self._mask(level, y)
            if mask is not None:
                y.mul_(mask)
            alive = self.alive[level]
            hidden.append(y if alive is None else torch.where(alive, y, hidden[-1]))
            drawn.append(mask)
        outputs = torch.baddbmm(self.bias[-1], hidden[-1], self.weight[-1].mT)
        losses, delta = self._loss(loss, outputs, targets, shared)
        delta = self._backward(hidden, drawn, delta)
        if self.inner:
            found = torch.autograd.grad(given, list(self.inner.values()), delta @ self.weight[0])
            for view, gradient in zip(self.d_inner, found, strict=True):
                view.copy_(gradient)
        return losses

    def _embed(self, inputs: tuple[Tensor, ...], shared: bool) -> Tensor:
        """Return what the first layer is given, (members, rows, features)."""
        if not self.embeds:
            members = len(self.stack.nets)
            return inputs[0].expand(members, *inputs[0].shape) if shared else inputs[0]

        def one(own: Tensors, buffers: Tensors, *x: Tensor) -> Tensor:
            found: Tensor = functional_call(self.embedding, (own, buffers), x)
            return found

        axes = (0, 0, *[None if shared else 0] * len(inputs))
        with torch.enable_grad():
            return vmap(one, in_dims=axes)(self.inner, self.inner_buffers, *inputs)

    def _backward(self, hidden: list[Tensor], drawn: list[Tensor | None], delta: Tensor) -> Tensor:
        """hidden: what each layer was given. delta: the losses' gradient by the outputs. Returns
        that by the first layer's sums."""
        # Written by a copy: matrix products are slow to write where rows do not follow each other.
        self.d_weight[-1].copy_(torch.bmm(delta.mT, hidden[-1]))
        torch.sum(delta, 1, out=self.d_bias[-1])
        given = torch.bmm(delta, self.weight[-1])  # the gradient by what a layer gave on
        for level in range(len(self.weight) - 2, -1, -1):
            mask, alive = drawn[level], self.alive[level]
            delta = given if mask is None else given * mask
            # Where a unit was dropped the gradient is 0 already, so h > 0 serves as ReLU's mask.
            delta = _relu_backward(delta, hidden[level + 1], 0)
            if alive is not None:
                delta = delta * alive
            self.d_weight[level].copy_(torch.bmm(delta.mT, hidden[level]))
            torch.sum(delta, 1, out=self.d_bias[level])
            if level:
                below = torch.bmm(delta, self.weight[level])
                # Past a layer that is not there the gradient goes on as it came.
                given = below if alive is None else torch.where(alive, below, given)
        return delta

    def _mask(self, level: int, y: Tensor) -> Tensor | None:
        layer = self.dropouts[level]
        return layer.draw(y.shape[1:], y) if any(layer.rates) else None

    def _loss(
        self, loss: Loss, outputs: Tensor, targets: Tensor, shared: bool
    ) -> tuple[Tensor, Tensor]:
        """Return the losses (members,) and their gradients by the outputs."""
        rows = outputs.shape[1]
        if self.plain == "cross-entropy" and not targets.is_floating_point():
            index = targets.expand(len(outputs), rows) if shared else targets
            logs = torch.log_softmax(outputs, 2)
            losses = -logs.gather(2, index.unsqueeze(2)).squeeze(2).mean(1)
            delta = logs.exp_().div_(rows)
            minus = delta.new_full((), -1 / rows).expand(len(outputs), rows, 1)
            return losses, delta.scatter_add_(2, index.unsqueeze(2), minus)
        if self.plain == "mse" and outputs.shape[1:] == targets.shape[-2:]:
            delta = outputs - targets
            return delta.square().mean((1, 2)), delta.mul_(2 / delta[0].numel())
        with torch.enable_grad():
            leaf = outputs.detach().requires_grad_()
            axes = (0, None if shared else 0, 0)
            losses = vmap(loss, in_dims=axes)(leaf, targets, self.numbers)
            (delta,) = torch.autograd.grad(losses.sum(), leaf)
        return losses.detach(), delta
