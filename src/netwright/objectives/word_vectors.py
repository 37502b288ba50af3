"""Vectors of words: a word tells its neighbours (skip-gram), or they tell it (cbow).

negative-sampling: sum over pairs of - log sigmoid(u_true . v) - sum over k drawn words of
log sigmoid(- u_drawn . v), drawn as count^0.75. hierarchical-softmax: - log p(word | v), see
nets/word2vec.py. Frequent words are left out at random, see WordEncoding.kept.

Mikolov et al. 2013, arXiv:1301.3781 and arXiv:1310.4546. Different from the release, for speed: the
neighbours of a word share the words drawn against them (Ji et al. 2016, arXiv:1604.04661), a
negative counting as much as all its pairs would; steps are of many words at once.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from netwright.data.data import Batch, Data
from netwright.data.word_encoding import WordEncoding
from netwright.data.word_stream import SAMPLE, WordStream, around_of
from netwright.errors import UsageError, did_you_mean
from netwright.objectives._objective import Epoch

__all__ = ["LOSSES", "MODELS", "WordVectors"]

MODELS = ("skip-gram", "cbow")
LOSSES = ("negative-sampling", "hierarchical-softmax")
UNASKED = -1.0  # a target of what is padding


@dataclass(frozen=True, kw_only=True)
class WordVectors:
    """window: the most words to either side that are neighbours; for each word a number from 1 to
    it is drawn. negatives: k, drawn words a pair. shared: drawn words that a word's pairs have in
    common. sample: t, the share above which words are left out at random; 0 leaves out none."""

    takes: ClassVar[tuple[str, ...]] = ("scores of pairs",)
    groups: ClassVar[tuple[str, ...]] = ("net",)

    model: str = "skip-gram"
    loss: str = "negative-sampling"
    window: int = 5
    negatives: int = 5
    shared: int = 10
    sample: float = SAMPLE

    def __post_init__(self) -> None:
        for name, options in (("model", MODELS), ("loss", LOSSES)):
            given = getattr(self, name)
            if given not in options:
                raise UsageError(f"objective.{name} is {given!r}.{did_you_mean(given, options)}")
        for name in ("window", "negatives", "shared"):
            if getattr(self, name) < 1:
                raise UsageError(f"objective.{name} is {getattr(self, name)}; expected at least 1.")

    def batches(self, data: Data, epoch: Epoch) -> Iterator[Batch]:
        """Yield words with those around them, in an order drawn anew. Every epoch leaves out other
        frequent words; those that are left stand closer together, in as many smaller batches."""
        encoding, stream = data.encoding, data.train
        assert isinstance(encoding, WordEncoding) and isinstance(stream, WordStream)
        keep = torch.from_numpy(encoding.kept(self.sample)).float()[stream.ids.long()]
        kept = (torch.rand(len(stream), generator=epoch.order) < keep).nonzero().squeeze(1)
        ids, lines = stream.ids[kept], stream.lines[kept]
        centres = torch.randperm(len(ids), generator=epoch.order)
        reach = torch.randint(1, self.window + 1, (len(ids),), generator=epoch.order)
        share = torch.from_numpy(encoding.noise.cumsum())
        count = max(-(-len(stream) // epoch.batch_size), 1)
        for piece in centres.tensor_split(count)[epoch.start :]:
            around = around_of(ids, lines, piece, self.window, reach[piece])
            some = (around > 0).any(1)
            if bool(some.any()):
                inputs, targets = self._batch(
                    ids[piece][some].long(), around[some], share, epoch.rng
                )
                yield Batch(tuple(x.to(epoch.device) for x in inputs), targets.to(epoch.device))

    def _batch(self, words: Tensor, around: Tensor, share: Tensor, rng: torch.Generator) -> Batch:
        """Return what is given, what is asked, and targets: 1 true, 0 drawn, UNASKED padding."""
        if self.loss == "hierarchical-softmax":
            if self.model == "cbow":
                return Batch((around, words), torch.ones(len(words)))
            rows, places = (around > 0).nonzero(as_tuple=True)
            return Batch((words[rows], around[rows, places]), torch.ones(len(rows)))
        count = self.negatives if self.model == "cbow" else self.shared
        # float64, or the rarest words of a large vocabulary could not be told apart.
        point = torch.rand(len(words), count, generator=rng, dtype=torch.float64)
        drawn = torch.searchsorted(share, point).clamp_max(len(share) - 1)
        true, given = (words[:, None], around) if self.model == "cbow" else (around, words)
        targets = torch.cat([torch.where(true > 0, 1.0, UNASKED), torch.zeros(drawn.shape)], dim=1)
        return Batch((given, torch.cat([true, drawn], 1)), targets)

    def step(
        self, net: nn.Module, batch: Batch, rng: torch.Generator | None = None
    ) -> dict[str, Tensor]:
        """Return {"net": mean loss of a pair}."""
        return {"net": self.compute(net(*batch.inputs), batch.targets)}

    def compute(
        self, outputs: Tensor, targets: Tensor, *, members: int = 0, smooth: bool = True
    ) -> Tensor:
        """Return the mean loss of a pair. outputs (batch, choices), targets of the same shape: 1
        true, 0 drawn; or the scores along the words' paths, targets (batch,)."""
        if targets.dim() == 1:
            return -F.logsigmoid(outputs).sum(1).mean()
        true, drawn = targets == 1, targets == 0
        pairs = true.sum(1, keepdim=True)
        # Each pair has `negatives` of its own; those that are drawn stand for them all.
        weights = true + drawn * pairs * (self.negatives / drawn.sum(1, keepdim=True).clamp_min(1))
        losses = F.softplus(torch.where(true, -outputs, outputs))
        return (weights * losses).sum() / pairs.sum()
