"""Several tasks, one trunk: what the tasks have in common is learned once, from all of their rows.

h = act(trunk(inputs)),  outputs of task k = W_k h + b_k.

Caruana 1997, "Multitask Learning". Different from the paper: the trunk is any net of the catalogue,
and the net may hold what the objective learns of its tasks, log sigma_k^2 (Kendall, Gal and Cipolla
2018, arXiv:1705.07115; see objectives/multi_task.py).
"""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from netwright import catalogue
from netwright.nets._layers import Dropout, activation_layer, output_layer, positive

__all__ = ["MultiTask"]


class MultiTask(nn.Module):
    """The trunk's inputs -> (batch, outputs): the tasks' outputs side by side, in their order.

    trunk: the "name" of a net of the catalogue and its arguments, outputs left out. heads: how many
    outputs each task has; `split` tells them apart again. width: features that the trunk hands to
    the heads. A trunk that answers at every step, (batch, time, ...), gives heads that do.
    uncertainty: keep `log_variances` (tasks,), from 0, else None.
    """

    answers = "tasks"

    def __init__(
        self,
        *,
        trunk: Mapping[str, object],
        heads: Sequence[int],
        width: int = 128,
        activation: str = "relu",
        dropout: float = 0.0,
        uncertainty: bool = False,
    ) -> None:
        super().__init__()
        positive(heads=len(heads), width=width)
        positive(**{f"heads[{i}]": size for i, size in enumerate(heads)})
        if "name" not in trunk or "outputs" in trunk:
            raise ValueError(
                f"The trunk has {', '.join(trunk) or 'nothing'}; expected a name and no outputs. "
                "Give a net of the catalogue, such as {'name': 'mlp'}, and its arguments."
            )
        arguments = {key: value for key, value in trunk.items() if key != "name"}
        self.trunk: nn.Module = catalogue.build(
            "netwright.nets", str(trunk["name"]), arguments | {"outputs": width}, what="net"
        )
        self.sizes = list(heads)
        self.activation = activation_layer(activation)
        self.dropout = Dropout(dropout)
        self.heads = nn.ModuleList(output_layer(width, size) for size in heads)
        self.log_variances = nn.Parameter(torch.zeros(len(heads))) if uncertainty else None

    def forward(self, *inputs: Tensor) -> Tensor:
        features = self.dropout(self.activation(self.trunk(*inputs)))
        return torch.cat([head(features) for head in self.heads], -1)

    def split(self, outputs: Tensor) -> tuple[Tensor, ...]:
        """(batch, outputs) -> the outputs of each task, in order."""
        return outputs.split(self.sizes, -1)

    def fit_bins_(self, numeric: Tensor) -> None:
        """Set the trunk's piecewise-linear bins from training rows (rows, numeric), if any."""
        fit_bins = getattr(self.trunk, "fit_bins_", None)
        if fit_bins is not None:
            fit_bins(numeric)
