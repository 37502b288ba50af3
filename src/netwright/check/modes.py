"""What a net does otherwise in training than in use: dropout, parts that are hidden, batch norm."""

from torch import nn

from netwright.nets._audio import HideParts

__all__ = ["batch_norms", "without_dropout_"]


def without_dropout_(net: nn.Module) -> None:
    """Set every dropout of `net`, and what is hidden of sounds, to zero, in place."""
    for module in net.modules():
        if isinstance(module, HideParts):
            module.time = module.bands = 0.0
        if isinstance(module, nn.modules.dropout._DropoutNd):
            module.p = 0.0
        elif isinstance(module, nn.RNNBase | nn.MultiheadAttention):
            module.dropout = 0.0
        elif isinstance(vars(module).get("dropout"), float):
            vars(module)["dropout"] = 0.0  # a rate that is given to a function


def batch_norms(net: nn.Module) -> list[nn.modules.batchnorm._BatchNorm]:
    """Return the layers that keep statistics of the batches."""
    return [m for m in net.modules() if isinstance(m, nn.modules.batchnorm._BatchNorm)]
