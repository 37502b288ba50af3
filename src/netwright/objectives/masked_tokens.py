"""Masked language modelling: a net fills in tokens that were taken out of a text.

Of the tokens that are no padding 15 % are asked for; of those 80 % are replaced by the mask, 10 %
by any token, 10 % are left: the net cannot tell which are true, so that it must have a view of
each. loss = mean over the tokens asked for of -log p(token | the rest).

Devlin et al. 2019, arXiv:1810.04805; drawn anew in every epoch as Liu et al. 2019,
arXiv:1907.11692.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from netwright.data.data import Batch, Data
from netwright.data.masked_texts import NOT_ASKED, SHARE, take_out
from netwright.errors import UsageError
from netwright.objectives._objective import Epoch

__all__ = ["MaskedTokens"]


@dataclass(frozen=True, kw_only=True)
class MaskedTokens:
    """share: of the tokens, which are asked for in training (validation rows are fixed at 15 %)."""

    takes: ClassVar[tuple[str, ...]] = ("rows or masked tokens",)
    groups: ClassVar[tuple[str, ...]] = ("net",)

    share: float = SHARE

    def __post_init__(self) -> None:
        if not 0 < self.share < 1:
            raise UsageError(f"objective.share is {self.share}; expected a number between 0 and 1.")

    def batches(self, data: Data, epoch: Epoch) -> Iterator[Batch]:
        """Yield one shuffled epoch from batch `start` on. inputs: tokens int64 (batch, time) as the
        net sees them, and which are asked for, bool (batch, time). targets (batch, time): the token
        where one is asked for, else -100."""
        for batch in epoch.rows(data.train):
            (tokens,) = data.encoding.prepare(batch.inputs)
            given, targets = take_out(tokens, data.task.outputs, epoch.rng, share=self.share)
            yield Batch((given, targets != NOT_ASKED), targets)

    def step(
        self, net: nn.Module, batch: Batch, rng: torch.Generator | None = None
    ) -> dict[str, Tensor]:
        """Return {"net": mean nats of the tokens asked for}. net: called with tokens and which of
        them are asked for, gives their logits (tokens asked for, vocab)."""
        tokens, asked = batch.inputs
        return {"net": self.compute(net(tokens, asked), batch.targets[asked])}

    def compute(
        self, outputs: Tensor, targets: Tensor, *, members: int = 0, smooth: bool = True
    ) -> Tensor:
        """Return the mean nats of logits (tokens, vocab), targets (tokens,); 0 of none."""
        if not len(targets):
            return 0 * outputs.sum()
        return F.cross_entropy(outputs, targets)
