"""Initialisation: the first weights of a net by a scheme's name, so that signals keep their size.

A layer with n inputs and m outputs draws weights of variance 1/n (LeCun), 2/(n + m) (Xavier) or 2/n
(He, for the ReLU family, which halves the variance). Biases start at zero.

LeCun et al. 1998, "Efficient BackProp"; Glorot and Bengio 2010; He et al. 2015, arXiv:1502.01852;
Saxe, McClelland and Ganguli 2014, arXiv:1312.6120 (orthogonal); Klambauer et al. 2017,
arXiv:1706.02515 (SELU needs LeCun); Jozefowicz, Zaremba and Sutskever 2015 (an LSTM's forget gate
starts open).
"""

from collections import Counter
from collections.abc import Callable, Iterator

import torch
from torch import Tensor, nn

from netwright.errors import UsageError, did_you_mean

Fill = Callable[[Tensor, torch.Generator], object]

# One value everywhere cannot be told apart by gradients, whatever it is: this scheme is there to
# show that.
CONSTANT = 0.1

SCHEMES: dict[str, Fill] = {
    "xavier-uniform": lambda w, rng: nn.init.xavier_uniform_(w, generator=rng),
    "xavier-normal": lambda w, rng: nn.init.xavier_normal_(w, generator=rng),
    "he-uniform": lambda w, rng: nn.init.kaiming_uniform_(w, nonlinearity="relu", generator=rng),
    "he-normal": lambda w, rng: nn.init.kaiming_normal_(w, nonlinearity="relu", generator=rng),
    "lecun-uniform": lambda w, rng: nn.init.kaiming_uniform_(
        w, nonlinearity="linear", generator=rng
    ),
    "lecun-normal": lambda w, rng: nn.init.kaiming_normal_(w, nonlinearity="linear", generator=rng),
    "orthogonal": lambda w, rng: nn.init.orthogonal_(w, generator=rng),
    "zero": lambda w, rng: nn.init.zeros_(w),
    "constant": lambda w, rng: nn.init.constant_(w, CONSTANT),
}

MATCHING = {
    "relu": "he-normal",
    "leaky-relu": "he-normal",
    "prelu": "he-normal",
    "elu": "he-normal",
    "gelu": "he-normal",
    "silu": "he-normal",
    "mish": "he-normal",
    "softplus": "he-normal",
    "tanh": "xavier-uniform",
    "sigmoid": "xavier-uniform",
    "softmax": "xavier-uniform",
    "step": "xavier-uniform",
    "selu": "lecun-normal",
}

WEIGHTED = (
    nn.Linear,
    nn.Conv1d,
    nn.Conv2d,
    nn.Conv3d,
    nn.ConvTranspose1d,
    nn.ConvTranspose2d,
    nn.ConvTranspose3d,
)


def initialise_(net: nn.Module, scheme: str, *, activation: str, rng_seed: int) -> str:
    """Set the first weights of `net` in place and return a sentence saying what was done.

    scheme "default" keeps what the constructors drew. "auto" matches `activation` (He, Xavier or
    LeCun), starts recurrent weights orthogonal, and keeps PyTorch's small start for layers that no
    activation follows (a mark `feeds` on the layer). Embeddings, norms and modules that say
    `own_init = True` are left alone by every scheme.
    """
    if scheme == "default":
        return "weights as PyTorch's constructors drew them"
    if scheme != "auto" and scheme not in SCHEMES:
        known = ["auto", "default", *SCHEMES]
        raise UsageError(f"recipe.init is {scheme!r}.{did_you_mean(scheme, known)}")
    if scheme == "auto" and activation not in MATCHING:
        raise UsageError(
            f"init 'auto' knows no scheme for activation {activation!r}."
            f"{did_you_mean(activation, MATCHING)} Or name a scheme: recipe.init: he-normal."
        )
    devices = {p.device for p in net.parameters()}
    rngs = {device: torch.Generator(device).manual_seed(rng_seed) for device in devices}
    done: Counter[str] = Counter()
    tied = {id(m.weight) for m in net.modules() if isinstance(m, nn.Embedding | nn.EmbeddingBag)}
    with torch.no_grad():
        for module in _walk(net):
            if isinstance(module, nn.RNNBase):
                chosen = scheme if scheme != "auto" else "xavier-uniform"
                recurrent = scheme if scheme != "auto" else "orthogonal"
                _recurrent_(module, SCHEMES[chosen], SCHEMES[recurrent], rngs)
                done[chosen if chosen == recurrent else f"{chosen} and {recurrent}"] += 1
            elif isinstance(module, WEIGHTED):
                kept = scheme == "auto" and hasattr(module, "feeds")
                if id(module.weight) in tied:
                    done["the embedding's weights"] += 1
                elif kept:
                    done[f"PyTorch's default (feeds {module.feeds})"] += 1
                else:
                    chosen = MATCHING[activation] if scheme == "auto" else scheme
                    SCHEMES[chosen](module.weight, rngs[module.weight.device])
                    done[chosen] += 1
                if module.bias is not None:
                    module.bias.zero_()
    layers = "; ".join(
        f"{what} for {count} layer{'' if count == 1 else 's'}" for what, count in done.items()
    )
    if not layers:
        return f"{scheme}: the net has no layer to set, its own start is kept"
    matched = (
        f" (matches {activation})" if scheme == "auto" and MATCHING[activation] in done else ""
    )
    return f"{scheme}: {layers}{matched}; biases zero"


def _walk(module: nn.Module) -> Iterator[nn.Module]:
    """Yield the modules whose weights a scheme may set, in the order they were made."""
    # torch's own attention has a start made for it, and keeps its input weights outside of any
    # layer.
    if getattr(module, "own_init", False) or isinstance(module, nn.MultiheadAttention):
        return
    yield module
    for child in module.children():
        yield from _walk(child)


def _recurrent_(
    module: nn.RNNBase, fill: Fill, fill_hidden: Fill, rngs: dict[torch.device, torch.Generator]
) -> None:
    """Set each gate's block on its own: stacked blocks would hide their true number of outputs. The
    gate that keeps the past starts at the bias that the net marked, an LSTM's else at 1."""
    gates = {"LSTM": 4, "GRU": 3}.get(module.mode, 1)
    open_gate = getattr(module, "gate_bias", 1.0 if module.mode == "LSTM" else 0.0)
    for name, p in module.named_parameters():
        if name.startswith("bias"):
            p.zero_()
            if gates > 1 and name.startswith("bias_ih"):
                p[module.hidden_size : 2 * module.hidden_size] = open_gate
        else:
            for block in p.chunk(1 if name.startswith("weight_hr") else gates):
                (fill_hidden if name.startswith("weight_hh") else fill)(block, rngs[p.device])
