"""An ensemble: several nets of the catalogue that answer together, each with its weight.

p(y | x) = sum_k w_k p_k(y | x), the weights w_k above zero and adding up to 1; numbers are averaged
in the same way. `Model.combine` takes that mean; the net itself gives all members' answers, so that
it can be trained on the mean of their losses.

Lakshminarayanan, Pritzel and Blundell 2017, "Simple and Scalable Predictive Uncertainty Estimation
using Deep Ensembles", NeurIPS, arXiv:1612.01474 (equal weights); unequal ones are the counts of a
selection with replacement (Caruana et al. 2004, ICML).
"""

import math
from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn
from torch.func import functional_call, vmap

from netwright import catalogue
from netwright.nets._audio import LogMel
from netwright.nets.attention import MultiHeadAttention
from netwright.nets.from_scratch import FromScratch

__all__ = ["Ensemble"]

# What an argument of these names sets is over when a net is evaluated, or is in its tensors.
TRAINING_ONLY = ("dropout", "frequency_scale", "bins")
# vmap has no rule for these, or a slow one.
UNSTACKABLE = (
    nn.RNNBase,
    nn.EmbeddingBag,
    nn.AdaptiveAvgPool2d,
    MultiHeadAttention,
    FromScratch,
    LogMel,
)


class Ensemble(nn.Module):
    """The members' inputs -> (batch, members, outputs): the members' outputs side by side.

    nets: each member's "name" in the catalogue and its arguments. weights: one a member, above zero
    (the counts of a selection will do); equal when left out. A member that is an ensemble itself
    (TabM, whose output is (batch, its members, outputs)) brings all of its members, which share its
    weight. member_weights (members,) are those of the second axis; they add up to 1.
    """

    member_weights: Tensor

    def __init__(
        self,
        *,
        nets: Sequence[Mapping[str, object]],
        weights: Sequence[float] | None = None,
    ) -> None:
        super().__init__()
        if not nets:
            raise ValueError("An ensemble needs at least one net; nets is empty.")
        shares = [1.0] * len(nets) if weights is None else [float(w) for w in weights]
        if len(shares) != len(nets):
            raise ValueError(
                f"There are {len(nets)} nets and {len(shares)} weights. Give one weight a net."
            )
        if not all(math.isfinite(share) and share > 0 for share in shares):
            raise ValueError(
                f"weights are {shares}; expected numbers above 0. Leave out nets without weight."
            )
        self.nets = nn.ModuleList(_build(spec) for spec in nets)
        self.sizes = [int(getattr(net, "members", 0)) for net in self.nets]  # 0: one plain net
        self.members = sum(max(size, 1) for size in self.sizes)
        spread = [
            share * inner
            for share, net, size in zip(shares, self.nets, self.sizes, strict=True)
            for inner in _weights_within(net, size)
        ]
        scaled = torch.tensor(spread, dtype=torch.float64) / sum(spread)
        # Not among the saved tensors: the arguments say it.
        self.register_buffer("member_weights", scaled.float(), persistent=False)
        alike: dict[str, list[int]] = {}
        for number, (spec, net) in enumerate(zip(nets, self.nets, strict=True)):
            alike.setdefault(_shape_of(spec, net), []).append(number)
        self.groups = list(alike.values())

    def forward(self, *inputs: Tensor) -> Tensor:
        found: dict[int, Tensor] = {}
        if not self.training and inputs[0].is_cuda:
            # A GPU waits for each launch, so one pass for all pays; a CPU was slower with it.
            found = self.stacked(*inputs)
        outputs = [
            found[number] if number in found else net(*inputs)
            for number, net in enumerate(self.nets)
        ]
        plain = [
            out if size else out.unsqueeze(1) for out, size in zip(outputs, self.sizes, strict=True)
        ]
        return torch.cat(plain, 1)

    def stacked(self, *inputs: Tensor) -> dict[int, Tensor]:
        """Return the outputs, by member number, of the members that have a net of the same shape
        beside them, each shape evaluated in one pass. In evaluation only."""
        found: dict[int, Tensor] = {}
        for group in self.groups:
            nets = [self.nets[number] for number in group]
            if len(nets) < 2 or any(_is_unstackable(m) for m in nets[0].modules()):
                continue
            outputs = _evaluate_together(nets, inputs)
            found |= dict(zip(group, outputs.unbind(0), strict=True))
        return found

    def fit_bins_(self, numeric: Tensor) -> None:
        """Set the members' piecewise-linear bins from training rows (rows, numeric), if any."""
        for net in self.nets:
            fit_bins = getattr(net, "fit_bins_", None)
            if fit_bins is not None:
                fit_bins(numeric)


def _is_unstackable(module: nn.Module) -> bool:
    return isinstance(module, UNSTACKABLE) or hasattr(module, "remember_")


def _build(spec: Mapping[str, object]) -> nn.Module:
    if "name" not in spec:
        raise ValueError("A net of the ensemble has no 'name'. Give one, such as {'name': 'mlp'}.")
    arguments = {name: value for name, value in spec.items() if name != "name"}
    built: nn.Module = catalogue.build("netwright.nets", str(spec["name"]), arguments, what="net")
    return built


def _weights_within(net: nn.Module, size: int) -> list[float]:
    """Return what share of a net's weight each of its own members has."""
    own = getattr(net, "member_weights", None)
    return own.tolist() if own is not None else [1 / max(size, 1)] * max(size, 1)


def _shape_of(spec: Mapping[str, object], net: nn.Module) -> str:
    """Return what two members must have in common to be evaluated in one pass."""
    arguments = {
        name: value
        for name, value in sorted(spec.items())
        if not any(word in name for word in TRAINING_ONLY)
    }
    shapes = [tuple(tensor.shape) for tensor in (*net.parameters(), *net.buffers())]
    return repr((arguments, shapes))


def _evaluate_together(nets: Sequence[nn.Module], inputs: tuple[Tensor, ...]) -> Tensor:
    """Return (nets, batch, ...): the outputs of nets of one shape."""

    # In order, not by name: a dropout layer less shifts the numbers in the names.
    first = nets[0]
    parameters = {
        name: torch.stack(values)
        for (name, _), *values in zip(
            first.named_parameters(), *(net.parameters() for net in nets), strict=True
        )
    }
    buffers = {
        name: torch.stack(values)
        for (name, _), *values in zip(
            first.named_buffers(), *(net.buffers() for net in nets), strict=True
        )
    }

    def one(p: dict[str, Tensor], b: dict[str, Tensor]) -> Tensor:
        outputs: Tensor = functional_call(first, (p, b), inputs)
        return outputs

    return vmap(one)(parameters, buffers)
