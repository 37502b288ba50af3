"""Vectors of words: a word tells its neighbours (skip-gram), or they tell it (cbow).

negative-sampling: sum over pairs of - log sigmoid(u_true . v) - sum over k drawn words of
log sigmoid(- u_drawn . v), drawn as count^0.75. hierarchical-softmax: - log p(word | v), see
nets/word2vec.py. Frequent words are left out at random, see WordEncoding.kept.

Mikolov et al. 2013, arXiv:1301.3781 and arXiv:1310.4546. Different from the release, for speed: the
words of a run, which stand one after the other, share the words drawn against them (Ji et al. 2016,
arXiv:1604.04661), a negative counting as much as all that it stands for; steps are of many runs.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
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
UNASKED = -1.0  # a target of what is no neighbour
TOGETHER = 64  # batches that are drawn at once: many small ones cost more than a large one


@dataclass(frozen=True, kw_only=True)
class WordVectors:
    """window: the most words to either side that are neighbours; for each word a number from 1 to
    it is drawn. negatives: k, drawn words a pair. shared: drawn words that the words of a run have
    in common, which are as many. sample: t, the share above which words are left out at random; 0
    leaves out none."""

    takes: ClassVar[tuple[str, ...]] = ("scores of pairs",)
    groups: ClassVar[tuple[str, ...]] = ("net",)

    model: str = "skip-gram"
    loss: str = "negative-sampling"
    window: int = 5
    negatives: int = 5
    shared: int = 32
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
        # Beyond either end stands padding, in no line, so that no place that is asked for is amiss.
        beyond = (self.window, self.window + self.shared)
        text = F.pad(stream.ids[kept], beyond), F.pad(stream.lines[kept], beyond, value=-1)
        count = max(-(-len(stream) // epoch.batch_size), 1)
        if self.loss == "hierarchical-softmax":
            order = torch.randperm(len(kept), generator=epoch.order) + self.window
            pieces = order.tensor_split(count)
            found: Iterator[Batch] = (self._pairs(*text, some, epoch.order) for some in pieces)
        else:
            starts = torch.arange(0, len(kept), self.shared) + self.window
            order = torch.randperm(len(starts), generator=epoch.order)
            pieces = starts[order].tensor_split(count)
            found = self._batches_of_runs(*text, pieces, encoding, epoch.order)
        asking = (batch for batch in found if len(batch.targets))
        for inputs, targets in islice(asking, epoch.start, None):
            yield Batch(tuple(x.to(epoch.device) for x in inputs), targets.to(epoch.device))

    def _pairs(self, ids: Tensor, lines: Tensor, places: Tensor, rng: torch.Generator) -> Batch:
        """Return words and, one a row, those that they tell."""
        around = around_of(ids, lines, places, self.window, self._reach(len(places), rng))
        words = ids[places].long()
        if self.model == "cbow":
            some = (around > 0).any(1)
            return Batch((around[some], words[some]), torch.ones(int(some.sum())))
        rows, near = (around > 0).nonzero(as_tuple=True)
        return Batch((words[rows], around[rows, near]), torch.ones(len(rows)))

    def _batches_of_runs(
        self,
        ids: Tensor,
        lines: Tensor,
        pieces: Sequence[Tensor],
        encoding: WordEncoding,
        rng: torch.Generator,
    ) -> Iterator[Batch]:
        """Yield a batch for each piece: the runs that begin at its places, what each is asked, and
        targets (runs, words, choices): 1 true, 0 drawn, UNASKED what is no neighbour."""
        share = torch.from_numpy(encoding.noise.cumsum())
        for first in range(0, len(pieces), TOGETHER):
            some = pieces[first : first + TOGETHER]
            given, true, targets = self._runs(ids, lines, torch.cat(list(some)), rng)
            # float64, or the rarest words of a large vocabulary could not be told apart.
            point = torch.rand(len(given), self.shared, generator=rng, dtype=torch.float64)
            drawn = torch.searchsorted(share, point).clamp_max(len(share) - 1)
            targets = F.pad(targets, (0, self.shared))
            sizes = [len(piece) for piece in some]
            parts = (x.split(sizes) for x in (given, torch.cat([true, drawn], 1), targets))
            for words, choices, answers in zip(*parts, strict=True):
                yield Batch((words, choices), answers)

    def _runs(
        self, ids: Tensor, lines: Tensor, starts: Tensor, rng: torch.Generator
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Return what is given, the words that are true of some of it, and of which they are."""
        places = starts[:, None] + torch.arange(self.shared)
        reach = self._reach(places.numel(), rng)
        if self.model == "cbow":
            around = around_of(ids, lines, places.flatten(), self.window, reach)
            given, true = around.view(*places.shape, -1), ids[places].long()
            near = torch.eye(self.shared, dtype=torch.bool) & (given > 0).any(2, keepdim=True)
        else:
            wider = starts[:, None] + torch.arange(-self.window, self.shared + self.window)
            given, true = ids[places].long().unsqueeze(2), ids[wider].long()
            apart = (wider[:1, None] - places[:1, :, None]).abs()
            near = (apart <= reach.view(*places.shape, 1)) & (apart > 0)
            near &= lines[places][:, :, None] == lines[wider][:, None]
        return given, true, torch.where(near & (true > 0)[:, None], 1.0, UNASKED)

    def _reach(self, count: int, rng: torch.Generator) -> Tensor:
        """Return how far each of some words looks to either side."""
        return torch.randint(1, self.window + 1, (count,), generator=rng)

    def step(
        self, net: nn.Module, batch: Batch, rng: torch.Generator | None = None
    ) -> dict[str, Tensor]:
        """Return {"net": mean loss of a pair}."""
        return {"net": self.compute(net(*batch.inputs), batch.targets)}

    def compute(
        self, outputs: Tensor, targets: Tensor, *, members: int = 0, smooth: bool = True
    ) -> Tensor:
        """Return the mean loss of a pair. outputs (..., choices), targets of the same shape: 1
        true, 0 drawn; or the scores along the words' paths, targets (batch,)."""
        if targets.dim() == 1:
            return -F.logsigmoid(outputs).sum(1).mean()
        true, drawn = targets == 1, targets == 0
        pairs = true.sum(-1, keepdim=True)
        # Each pair has `negatives` of its own; those that are drawn stand for them all.
        each = self.negatives / drawn.sum(-1, keepdim=True).clamp_min(1)
        losses = F.softplus(torch.where(true, -outputs, outputs))
        return ((true + drawn * pairs * each) * losses).sum() / pairs.sum().clamp_min(1)
