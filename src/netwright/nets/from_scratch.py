"""A multilayer perceptron in NumPy: the forward pass and the chain rule, written out.

forward:   z_l = h_{l-1} W_l' + b_l,  h_l = act(z_l),  outputs = z_L
backward:  d_L = dloss/dz_L,  dW_l = d_l' h_{l-1},  db_l = sum of d_l over rows,
           d_{l-1} = (d_l W_l) * act'(z_{l-1})

Rumelhart, Hinton and Williams 1986, "Learning representations by back-propagating errors".
`NumPyMLP` is NumPy alone. `FromScratch` is the same net for those who train with torch: its
parameters are torch's, every number of both passes is computed here.
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.autograd.function import once_differentiable

from netwright.nets._layers import choice, output_layer, positive
from netwright.nets._tabular import OneHot

__all__ = ["FromScratch", "NumPyMLP", "cross_entropy"]

Array = NDArray[np.floating[Any]]

ACTIVATIONS = ("relu", "tanh", "sigmoid")


class NumPyMLP:
    """(batch, features) -> (batch, outputs).

    weights: of each layer, (units, units before); biases: (units,). `backward` follows `forward`,
    which keeps what it needs.
    """

    def __init__(
        self, weights: Sequence[Array], biases: Sequence[Array], *, activation: str = "relu"
    ) -> None:
        self.weights, self.biases = list(weights), list(biases)
        self.activation = choice("activation", activation, ACTIVATIONS)
        self.inputs: list[Array] = []  # of each layer

    def forward(self, x: Array) -> Array:
        """Return the outputs (batch, outputs) of x (batch, features)."""
        if x.ndim != 2 or x.shape[1] != self.weights[0].shape[1]:
            raise ValueError(
                f"x has shape {x.shape}; expected (batch, {self.weights[0].shape[1]}), a row for "
                "each example. Reshape it, such as x.reshape(len(x), -1)."
            )
        self.inputs = []
        last = len(self.weights) - 1
        for layer, (weight, bias) in enumerate(zip(self.weights, self.biases, strict=True)):
            self.inputs.append(x)
            x = x @ weight.T + bias
            if layer < last:
                x = activate(self.activation, x)
        return x

    def backward(self, gradient: Array) -> tuple[list[Array], list[Array], Array]:
        """Return the gradients of the weights, of the biases and of x, each of its own shape.

        gradient (batch, outputs): the loss's derivative by the outputs.
        """
        if not self.inputs:
            raise ValueError("backward was called before forward. Call forward(x) first.")
        weights: list[Array] = []
        biases: list[Array] = []
        for layer in reversed(range(len(self.weights))):
            x = self.inputs[layer]
            weights.append(gradient.T @ x)
            biases.append(gradient.sum(0))
            gradient = gradient @ self.weights[layer]
            if layer > 0:
                gradient = gradient * slope(self.activation, x)
        return weights[::-1], biases[::-1], gradient


def activate(name: str, z: Array) -> Array:
    """Return act(z)."""
    if name == "relu":
        return np.maximum(z, 0)
    if name == "tanh":
        return np.tanh(z)
    # exp of a large number overflows; of minus its size it never does.
    e = np.exp(-np.abs(z))
    return np.where(z >= 0, 1, e) / (1 + e)


def slope(name: str, h: Array) -> Array:
    """Return act'(z), which these activations give from h = act(z)."""
    if name == "relu":
        return (h > 0).astype(h.dtype)
    return 1 - h * h if name == "tanh" else h * (1 - h)


def cross_entropy(outputs: Array, targets: NDArray[np.integer[Any]]) -> tuple[float, Array]:
    """Return the mean loss in nats and its derivative by outputs (batch, classes).

    targets: class ids (batch,). With softmax inside, the derivative is probabilities minus one-hot
    targets.
    """
    shifted = outputs - outputs.max(1, keepdims=True)  # exp must not overflow
    log_p = shifted - np.log(np.exp(shifted).sum(1, keepdims=True))
    rows = np.arange(len(outputs))
    gradient = np.exp(log_p)
    gradient[rows, targets] -= 1
    return float(-log_p[rows, targets].mean()), gradient / len(outputs)


class FromScratch(nn.Module):
    """numeric (batch, numeric), categorical int64 (batch, columns) -> (batch, outputs).

    Categories are read as one-hot. widths: units of each hidden layer. activation: "relu", "tanh"
    or "sigmoid".
    """

    def __init__(
        self,
        *,
        numeric: int,
        outputs: int,
        cardinalities: Sequence[int] = (),
        widths: Sequence[int] = (64,),
        activation: str = "relu",
    ) -> None:
        super().__init__()
        sizes = [numeric + sum(cardinalities), *widths]
        positive(inputs=sizes[0], outputs=outputs)
        positive(**{f"widths[{i}]": size for i, size in enumerate(widths)})
        self.activation = choice("activation", activation, ACTIVATIONS)
        self.one_hot = OneHot(cardinalities) if cardinalities else None
        # They only hold the parameters, so that initialisation and optimisers find them.
        self.layers = nn.ModuleList(nn.Linear(a, b) for a, b in pairwise(sizes))
        self.layers.append(output_layer(sizes[-1], outputs))

    def forward(self, numeric: Tensor, categorical: Tensor | None = None) -> Tensor:
        x = numeric if self.one_hot is None else self.one_hot(numeric, categorical)
        parameters = [p for layer in self.layers for p in (layer.weight, layer.bias)]
        outputs: Tensor = _ByHand.apply(self.activation, x, *parameters)
        return outputs


class _ByHand(torch.autograd.Function):
    """Hands tensors to NumPyMLP and its results back: torch adds nothing but the bookkeeping."""

    @staticmethod
    def forward(ctx: Any, activation: str, x: Tensor, *parameters: Tensor) -> Tensor:
        arrays = [p.detach().cpu().numpy() for p in parameters]
        ctx.net = NumPyMLP(arrays[::2], arrays[1::2], activation=activation)
        return torch.from_numpy(ctx.net.forward(x.detach().cpu().numpy())).to(x.device)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        weights, biases, inputs = ctx.net.backward(gradient.cpu().numpy())
        layers = [array for pair in zip(weights, biases, strict=True) for array in pair]
        return None, *(torch.from_numpy(g).to(gradient.device) for g in (inputs, *layers))
