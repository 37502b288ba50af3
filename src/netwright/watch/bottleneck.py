"""A layer through which all goes, with fewer numbers a row than the classes need.

Signal: "bottleneck" (numbers a row, by layer). That all goes through it is tried, on the net as it
began: where the layer gives every row the same, the net gives every row the same. A gate or
an attention's scores are as narrow, and have other ways around them.
"""

from typing import Any

import torch
from torch import Tensor, nn

from netwright.watch.kept import Kept
from netwright.watch.rows import Rows
from netwright.watch.snapshot import unseen

_LAYERS = (nn.Linear, nn.Conv1d, nn.Conv2d, nn.Conv3d)
_ROWS = 32


def bottleneck(kept: Kept, rows: Rows) -> None:
    """Record layers of fewer numbers a row than there are classes, less one."""
    inputs, classes = rows.inputs[:_ROWS], rows.goal.classes
    if classes < 3 or len(inputs) < _ROWS:
        return
    net = kept.first.again().nets[0].eval()
    with unseen(), torch.no_grad():
        for place, width in _narrow(net, inputs, classes - 1).items():
            if _all_goes_through(net, net.get_submodule(place), inputs):
                kept.trace.record("bottleneck", place, kept.steps, width)


def _narrow(net: nn.Module, inputs: Tensor, least: int) -> dict[str, int]:
    widths: dict[str, int] = {}

    def note(place: str, output: Tensor) -> None:
        if len(output) == len(inputs):
            widths[place] = output.numel() // len(output)

    hooks = [
        module.register_forward_hook(lambda _, __, output, place=place: note(place, output))
        for place, module in net.named_modules()
        if isinstance(module, _LAYERS)
    ]
    net(inputs)
    for hook in hooks:
        hook.remove()
    return {place: width for place, width in widths.items() if width < least}


def _all_goes_through(net: nn.Module, layer: nn.Module, inputs: Tensor) -> bool:
    def same(module: nn.Module, args: Any, output: Tensor) -> Tensor:
        return output.mean(0, keepdim=True).expand_as(output)

    spread = _spread(net(inputs))
    hook = layer.register_forward_hook(same)
    left = _spread(net(inputs))
    hook.remove()
    return 0 < spread and left < 1e-4 * spread


def _spread(output: Tensor) -> float:
    return float(output.double().std(0).mean())
