"""Static facts of a net, recorded with its first sample.

"parameters" (layer): how many numbers it learns. "order" (layer): its place in the forward pass.
"type:<class>" (layer): 1. "init.std", "init.off" (weight): standard deviation of the weights before
the first step, and how many times it lies outside what the known recipes give (1: inside);
"init.high": 1 where it lies above them; "own.matrix": 1 in a layer of the user's own. "init.copies"
(weight): 1 where its units were equal before the first step and after it. "frozen", "unoptimised"
(parameter): 1 where it requires no gradient, or no optimizer holds it.
"""

import math
from collections.abc import Collection, Sequence

from torch import Tensor, nn
from torch.optim import Optimizer

Row = tuple[str, str, float]

_MATRIX = 8  # columns and rows: fewer make a table of prototypes or positions
_WEIGHTED = (nn.Linear, nn.modules.conv._ConvNd)


def facts(
    net: nn.Module,
    before: dict[str, Tensor],
    layers: Sequence[tuple[str, str]],
    optimizers: Collection[Optimizer] | None,
) -> list[Row]:
    """Return the facts; `before` holds the parameters before the first step, `layers` the calls."""
    rows: list[Row] = []
    counts: dict[str, int] = {}
    for key, parameter in before.items():
        owner = key.rpartition(".")[0]
        counts[owner] = counts.get(owner, 0) + parameter.numel()
    rows += [("parameters", owner, float(count)) for owner, count in counts.items()]
    for compiled_name, module in net.named_modules():
        name = compiled_name.removeprefix("_orig_mod").removeprefix(".")
        key = f"{name}.weight" if name else "weight"
        if isinstance(module, _WEIGHTED) and key in before and before[key].numel() > 1:
            rows += _initialisation(key, before[key])
            if _are_copies(before[key]) and _are_copies(module.weight.detach()):
                gradient = module.weight.grad  # of a first step with rate 0 the gradients tell
                if gradient is None or _are_copies(gradient):
                    rows.append(("init.copies", key, 1.0))
    rows += _of_own_layers(net, before)
    for order, (place, type_name) in enumerate(layers):
        rows += [("order", place, float(order)), (f"type:{type_name}", place, 1.0)]
    held = None
    if optimizers is not None:
        held = {id(p) for o in optimizers for group in o.param_groups for p in group["params"]}
    for compiled_name, parameter in net.named_parameters():
        name = compiled_name.removeprefix("_orig_mod.")
        if not parameter.requires_grad:
            rows.append(("frozen", name, 1.0))
        elif held is not None and id(parameter) not in held:
            rows.append(("unoptimised", name, 1.0))
    return rows


def _of_own_layers(net: nn.Module, before: dict[str, Tensor]) -> list[Row]:
    """Return the facts of matrices that modules of the user's own multiply by, either way round."""
    rows: list[Row] = []
    for compiled_name, module in net.named_modules():
        if type(module).__module__.startswith("torch."):
            continue
        prefix = compiled_name.removeprefix("_orig_mod").removeprefix(".")
        for key, _ in module.named_parameters(recurse=False):
            name = f"{prefix}.{key}" if prefix else key
            weight = before.get(name)
            if weight is not None and weight.ndim == 2 and min(weight.shape) >= _MATRIX:
                rows += [*_initialisation(name, weight), ("own.matrix", name, 1.0)]
    return rows


def _are_copies(weight: Tensor) -> bool:
    """Whether all units (rows) hold the same numbers, up to rounding."""
    if len(weight) < 2:
        return False
    apart = (weight - weight[:1]).float().norm()
    return bool(apart <= 1e-5 * weight.float().norm())


def _initialisation(name: str, weight: Tensor) -> list[Row]:
    """Compare with PyTorch's default, LeCun, Xavier and He (the range that they span)."""
    fan_in = weight[0].numel()
    fan_out = weight.numel() // max(weight.shape[1], 1)
    recipes = [
        math.sqrt(1 / (3 * fan_in)),  # torch's default: uniform within 1 / sqrt(fan_in)
        math.sqrt(1 / fan_in),  # LeCun
        math.sqrt(2 / (fan_in + fan_out)),  # Xavier
        math.sqrt(2 / fan_in),  # He
    ]
    std = float(weight.float().std())
    low, high = min(recipes), max(recipes)
    off = 1.0
    if std < low and weight.shape[0] > 1:  # the weights of a single unit may well be equal
        off = low / std if std > 0 else math.inf
    elif std > high:
        off = std / high
    return [
        ("init.std", name, std),
        ("init.off", name, off),
        ("init.high", name, float(std > high)),
    ]
