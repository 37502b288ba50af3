"""Averages of weights along training: EMA (Polyak) and SWA (Izmailov et al. 2018,
arXiv:1803.05407), torch's own."""

from collections.abc import Iterable

import torch
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from netwright.plan.plan import Recipe
from netwright.train.freezing import rests, train_mode_

__all__ = ["Average"]


class Average:
    """The averaged copy of a net, or nothing where the recipe asks for none.

    `net` is what to evaluate and keep. EMA follows every step with a warmed-up decay min(decay, (1
    + t) / (10 + t)), so a short run is not dominated by its initial weights; SWA takes the mean
    over steps after its start share.
    """

    def __init__(self, net: nn.Module, recipe: Recipe) -> None:
        self.source = net
        self.start = 0.0
        self.copy: AveragedModel | None = None
        self._decay = recipe.ema
        if recipe.ema is not None:
            self.copy = AveragedModel(
                net, multi_avg_fn=get_ema_multi_avg_fn(recipe.ema), use_buffers=True
            )
        elif recipe.swa is not None:
            self.copy = AveragedModel(net)
            self.start = recipe.swa
        self.updates = 0

    @property
    def net(self) -> nn.Module:
        """The net to judge now: the average once it holds anything."""
        return self.copy.module if self.copy is not None and self.updates else self.source

    @property
    def needs_batch_statistics(self) -> bool:
        """Whether the average's batch-norm statistics must be re-estimated before use (SWA over a
        net with batch norm)."""
        norms = (nn.modules.batchnorm._BatchNorm,)
        return (
            self._decay is None
            and self.copy is not None
            and self.updates > 0
            and any(isinstance(m, norms) for m in self.copy.module.modules())
        )

    def update(self, progress: float) -> None:
        """Take the weights after a step; `progress` is the share of training done."""
        if self.copy is None or progress < self.start:
            return
        if self._decay is not None:
            self.copy.multi_avg_fn = get_ema_multi_avg_fn(self.next_decay())
        self.copy.update_parameters(self.source)
        self.updates += 1

    def next_decay(self) -> float:
        """The share of the EMA that the next update keeps; the first is a copy."""
        assert self._decay is not None
        warmed_up = (1 + self.updates) / (10 + self.updates) if self.updates else 0.0
        return min(self._decay, warmed_up)

    def count(self) -> None:
        """Note an update that somebody else made to the copy."""
        assert self.copy is not None
        self.copy.n_averaged += 1
        self.updates += 1

    @torch.no_grad()
    def refresh_batch_statistics(self, batches: Iterable[tuple[Tensor, ...]]) -> None:
        """Re-estimate batch-norm statistics of the average as plain means over input batches.

        torch.optim.swa_utils.update_bn does this for nets of one input; ours may take several.
        """
        assert self.copy is not None
        norms = [
            m
            for m in self.copy.module.modules()
            if isinstance(m, nn.modules.batchnorm._BatchNorm) and not rests(m)
        ]
        momenta = [norm.momentum for norm in norms]
        was_training = self.copy.module.training
        for norm in norms:
            norm.reset_running_stats()
            norm.momentum = None  # cumulative mean
        train_mode_(self.copy.module)
        for inputs in batches:
            self.copy.module(*inputs)
        self.copy.module.train(was_training)
        for norm, momentum in zip(norms, momenta, strict=True):
            norm.momentum = momentum
