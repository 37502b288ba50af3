"""One optimiser step of a plain ReLU net without autograd: the chain rule written out.

    h_l = relu(h_{l-1} W_l' + b_l) * mask,  z = h_L W' + b
    dW_l = d_l' h_{l-1},  db_l = sum of d_l over rows,  d_{l-1} = d_l W_l where h_{l-1} > 0

The same kernels in the same order as autograd runs them, written into buffers made once. What is
saved is autograd's bookkeeping and allocations: for small nets most of a step.
"""

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.optim import Optimizer

from netwright.nets._layers import HALF, Dropout, dropout_bits, kept_of
from netwright.nets.mlp import MLP
from netwright.train.flat_optimizer import FlatOptimizer, why_not_flat

__all__ = ["MLPStep", "why_not_mlp"]

Loss = Callable[[Tensor, Tensor], Tensor]

_MEAN = 1  # torch's number for reduction="mean"
_relu_backward = torch.ops.aten.threshold_backward.grad_input
_nll_forward = torch.ops.aten.nll_loss_forward.default
_nll_backward = torch.ops.aten.nll_loss_backward.grad_input
_mse_backward = torch.ops.aten.mse_loss_backward.grad_input


def why_not_mlp(net: nn.Module, optimizer: Optimizer) -> str:
    """Say why the step cannot be written out for this net and optimiser; "" if it can."""
    layers = _layers(net)
    if layers is None:
        return f"{type(net).__name__} is not linear layers and ReLUs alone"
    if any(not p.requires_grad for p in net.parameters()):
        return "some parameters are frozen"
    return why_not_flat(optimizer, net.parameters())


class MLPStep:
    """Take one step on a batch: inputs ((batch, features),), targets -> the loss, detached.

    loss: outputs (batch, outputs) and targets -> mean loss. F.cross_entropy with class ids and
    F.mse_loss are differentiated here, any other by autograd on the outputs alone.
    """

    def __init__(
        self,
        net: nn.Module,
        loss: Loss,
        optimizer: Optimizer,
        *,
        clip: float | None = None,
        clip_value: float | None = None,
    ) -> None:
        reason = why_not_mlp(net, optimizer)
        if reason:
            raise ValueError(
                f"This step cannot be written out: {reason}. Use train.step.make_stepper, which "
                "takes autograd where it must."
            )
        self.net, self.loss, self.clip, self.clip_value = net, loss, clip, clip_value
        self.flat = FlatOptimizer(optimizer)
        linears, self.dropouts = _layers(net) or ([], [])
        self.depth = len(linears)
        self.weight = [linear.weight.detach() for linear in linears]
        self.weight_t = [weight.t() for weight in self.weight]
        self.bias = [linear.bias.detach() for linear in linears]
        self.d_weight = [self.flat.gradient_of[linear.weight] for linear in linears]
        self.d_bias = [self.flat.gradient_of[linear.bias] for linear in linears]
        self._by_rows: dict[int, _Buffers] = {}
        self._one = self.weight[0].new_ones(())

    def __call__(self, inputs: tuple[Tensor, ...], targets: Tensor) -> Tensor:
        x = inputs[0]  # a table without categories brings an empty second one
        rows = x.shape[0]
        work = self._by_rows.get(rows) or self._buffers(rows)
        with torch.inference_mode():
            self._forward(x, work)
            found = self._loss(work, targets)
            if found is not None:
                self._backward(x, work)
                return found
        outputs = work.hidden[-1].detach().requires_grad_()
        loss = self.loss(outputs, targets)
        with torch.no_grad():
            work.gradient[-1].copy_(torch.autograd.grad(loss, outputs)[0])
        with torch.inference_mode():
            self._backward(x, work)
        return loss.detach()

    def _forward(self, x: Tensor, work: "_Buffers") -> None:
        last = self.depth - 1
        for layer, out in enumerate(work.hidden):
            torch.addmm(self.bias[layer], x, self.weight_t[layer], out=out)
            if layer < last:
                out.relu_()
                share = self.dropouts[layer]
                if share > 0:
                    mask, keep = work.mask[layer], kept_of(share)
                    bits = dropout_bits(mask.numel())  # as `Dropout` draws them
                    mask.copy_((bits < keep - HALF).view_as(mask)).mul_(2 * HALF / keep)
                    out.mul_(mask)
            x = out

    def _backward(self, x: Tensor, work: "_Buffers") -> None:
        """From the loss's gradient by the outputs, work.gradient[-1], to the step."""
        for layer in range(self.depth - 1, 0, -1):
            gradient, below, out = (
                work.gradient[layer],
                work.hidden[layer - 1],
                work.gradient[layer - 1],
            )
            torch.mm(work.gradient_t[layer], below, out=self.d_weight[layer])
            torch.sum(gradient, 0, out=self.d_bias[layer])
            torch.mm(gradient, self.weight[layer], out=out)
            if self.dropouts[layer - 1] > 0:
                out.mul_(work.mask[layer - 1])
            # Where a unit was dropped the gradient is 0 already, so h > 0 serves as ReLU's mask.
            _relu_backward(out, below, 0, grad_input=out)
        torch.mm(work.gradient_t[0], x, out=self.d_weight[0])
        torch.sum(work.gradient[0], 0, out=self.d_bias[0])
        if self.clip is not None or self.clip_value is not None:
            self.flat.clip_(self.clip, self.clip_value)
        self.flat.step()

    def _loss(self, work: "_Buffers", targets: Tensor) -> Tensor | None:
        """The loss, its gradient put into work.gradient[-1]; None where autograd has to find it."""
        outputs, gradient = work.hidden[-1], work.gradient[-1]
        if self.loss is F.cross_entropy and not targets.is_floating_point():
            logs = torch.log_softmax(outputs, 1, out=work.logs)
            loss, total = _nll_forward(logs, targets, None, _MEAN, -100)
            _nll_backward(
                self._one, logs, targets, None, _MEAN, -100, total, grad_input=work.d_logs
            )
            torch._log_softmax_backward_data(work.d_logs, logs, 1, logs.dtype, out=gradient)
            return loss
        if self.loss is F.mse_loss:
            if outputs.shape != targets.shape:  # torch would broadcast, and train on nonsense
                raise ValueError(
                    f"The mse loss needs outputs and targets of one shape, but got "
                    f"{tuple(outputs.shape)} and {tuple(targets.shape)}. Give the targets one "
                    "column for each output."
                )
            _mse_backward(self._one, outputs, targets, _MEAN, grad_input=gradient)
            return F.mse_loss(outputs, targets)
        return None

    def _buffers(self, rows: int) -> "_Buffers":
        if len(self._by_rows) >= 4:  # the usual batch and a smaller last one; not one for each size
            self._by_rows.clear()
        work = _Buffers(self, rows)
        self._by_rows[rows] = work
        return work


class _Buffers:
    """What a step on so many rows writes to."""

    def __init__(self, step: MLPStep, rows: int) -> None:
        def like(weight: Tensor) -> Tensor:
            return weight.new_empty(rows, len(weight))

        self.hidden = [like(weight) for weight in step.weight]
        self.gradient = [like(weight) for weight in step.weight]
        self.gradient_t = [gradient.t() for gradient in self.gradient]
        self.logs, self.d_logs = like(step.weight[-1]), like(step.weight[-1])
        self.mask = [like(weight) for weight in step.weight[:-1]]


def _layers(net: nn.Module) -> tuple[list[nn.Linear], list[float]] | None:
    """The linear layers, and the dropout after each hidden one; None if there is anything else."""
    if isinstance(net, MLP):
        if net.embed_numeric is not None or net.embed_categories is not None:
            return None
        net = net.layers
    if not isinstance(net, nn.Sequential):
        return None
    linears: list[nn.Linear] = []
    dropouts: list[float] = []
    expected: tuple[type[nn.Module], ...] = (nn.Linear,)
    for module in net:
        if type(module) not in expected:
            return None
        if isinstance(module, nn.Linear):
            linears.append(module)
            expected = (nn.ReLU,)
        elif isinstance(module, nn.ReLU):
            dropouts.append(0.0)
            expected = (nn.Linear, Dropout)
        elif isinstance(module, Dropout):
            dropouts[-1] = module.p
            expected = (nn.Linear,)
    if len(linears) != len(dropouts) + 1 or any(linear.bias is None for linear in linears):
        return None
    if any(share >= 1 for share in dropouts):
        return None
    return linears, dropouts
