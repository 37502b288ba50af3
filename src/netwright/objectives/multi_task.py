"""Several tasks at once: the sum of their losses, weighted by how uncertain each task is.

    loss = sum over tasks k of w_k exp(-s_k) L_k + s_k / 2,  s_k = log sigma_k^2 learned

w_k is 1/2 for numbers, whose L_k is a squared error in units of their deviation, and 1 for classes,
whose L_k is the cross-entropy: the negative log likelihood of Kendall, Gal and Cipolla 2018,
"Multi-Task Learning Using Uncertainty to Weigh Losses", arXiv:1705.07115. A task that stays noisy
weighs less; s_k / 2 keeps all weights from going to 0. weighting "equal" is the plain mean.

How far the tasks pull the trunk in different directions is the cosine between their gradients there
(`gradient_cosines`); below 0 they conflict: a step for one is a step against the other (Yu et al.
2020, "Gradient Surgery for Multi-Task Learning", arXiv:2001.06782).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from netwright.data.data import Batch, Data
from netwright.data.task import Form, Task
from netwright.errors import UsageError, did_you_mean
from netwright.objectives._objective import Epoch
from netwright.objectives._rows import prepared_batches
from netwright.objectives.supervised import Supervised

__all__ = ["WEIGHTINGS", "MultiTask"]

WEIGHTINGS = ("uncertainty", "equal")
USUAL: dict[Form, str] = {
    "binary": "cross-entropy", "multiclass": "cross-entropy", "regression": "mse",
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class MultiTask:
    """tasks: in the order of the targets. losses: by the target's name, where another than the
    usual one is wanted (see `supervised.FITTING`)."""

    takes: ClassVar[tuple[str, ...]] = ("tasks",)
    groups: ClassVar[tuple[str, ...]] = ("net",)
    loss: ClassVar[str] = "mean loss of the tasks"

    tasks: Sequence[Task] = ()
    weighting: str = "uncertainty"
    losses: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.weighting not in WEIGHTINGS:
            raise UsageError(
                f"objective.weighting is {self.weighting!r}."
                f"{did_you_mean(self.weighting, WEIGHTINGS)}"
            )
        names = [task.target for task in self.tasks]
        for name in self.losses:
            if name not in names:
                raise UsageError(
                    f"objective.losses names {name!r}, which is no target."
                    f"{did_you_mean(name, names)}"
                )
        if "quantile" in self.losses.values():
            raise UsageError(
                "objective.losses has 'quantile', but a task here has one output a number. Learn "
                "that target alone for its quantiles."
            )
        for task in self.tasks:
            self._of(task)

    def batches(self, data: Data, epoch: Epoch) -> Iterator[Batch]:
        """Yield one shuffled epoch of the training split, ready for the net."""
        return prepared_batches(data, epoch)

    def step(
        self, net: nn.Module, batch: Batch, rng: torch.Generator | None = None
    ) -> dict[str, Tensor]:
        """Return {"net": weighted sum}. The net's `log_variances` are s_k, None: equal weights."""
        losses = self.of_each(net(*batch.inputs), batch.targets)
        s = getattr(net, "log_variances", None)
        if s is None:
            return {"net": losses.mean()}
        numbers = [task.form == "regression" for task in self.tasks]
        w = torch.where(torch.tensor(numbers, device=losses.device), 0.5, 1.0)
        return {"net": (w * (-s).exp() * losses + s / 2).sum()}

    def compute(
        self, outputs: Tensor, targets: Tensor, *, members: int = 0, smooth: bool = True
    ) -> Tensor:
        """Return the mean of the tasks' losses, each alike. outputs (batch, outputs): the tasks'
        side by side. targets (batch, tasks): ids or standardised numbers, NaN where not known."""
        return self.of_each(outputs, targets).mean()

    def of_each(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """Return the mean loss of each task over the rows whose target is known, (tasks,); 0 where
        there are none."""
        sizes = [task.outputs for task in self.tasks]
        found = []
        for number, (task, own) in enumerate(zip(self.tasks, outputs.split(sizes, 1), strict=True)):
            known = torch.isfinite(targets[:, number])
            asked = targets[known, number]
            asked = asked.long() if task.is_classification else asked[:, None]
            some = own[known]
            found.append(self._of(task).compute(some, asked) if len(some) else own.sum() * 0)
        return torch.stack(found)

    def gradient_cosines(self, net: nn.Module, batch: Batch) -> dict[tuple[str, str], float]:
        """Return the cosine between each two tasks' gradients on the net's `trunk`, by the names of
        the tasks. Tasks without a gradient there are left out. The net is as before."""
        was_training = net.training
        net.eval()  # no dropout: nothing is drawn, and all tasks see the same units
        try:
            losses = self.of_each(net(*batch.inputs), batch.targets)
        finally:
            net.train(was_training)
        trunk = [p for p in net.get_submodule("trunk").parameters() if p.requires_grad]
        flat = {}
        for task, loss in zip(self.tasks, losses, strict=True):
            parts = torch.autograd.grad(
                loss, trunk, retain_graph=True, allow_unused=True, materialize_grads=True
            )
            gradient = torch.cat([part.flatten() for part in parts])
            if bool(gradient.norm() > 0):
                flat[task.target] = gradient
        return {
            (a, b): F.cosine_similarity(flat[a], flat[b], dim=0).item()
            for a, b in combinations(flat, 2)
        }

    def _of(self, task: Task) -> Supervised:
        return Supervised(loss=self.losses.get(task.target, USUAL[task.form]), form=task.form)
