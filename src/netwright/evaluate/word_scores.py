"""Scores of word vectors: how surely held-out neighbours are told from drawn words, and how well
cosines agree with what people say (Spearman's rank correlation).

Held-out: of CHOICES words one stood near the given word, the others were drawn as training draws
them. The softmax of the scores is what the net believes; a guess has log(CHOICES) nats.
"""

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from netwright.data.data import Rows, Split
from netwright.data.task import Task
from netwright.data.word_encoding import WordEncoding
from netwright.data.word_stream import PAIRS
from netwright.errors import UsageError
from netwright.evaluate.bootstrap import FEW_ROWS, Array, Measure, interval, replicate
from netwright.evaluate.scores import METRICS, Score, Scores, primary_metric
from netwright.model.model import Model
from netwright.model.neighbours import vectors_of

__all__ = ["embedding_outputs", "score_words"]


@torch.no_grad()
def embedding_outputs(model: Model, split: Split, *, batch_size: int) -> Tensor:
    """Return the scores of the choices (rows, CHOICES), or the cosines of pairs (rows, 1)."""
    if isinstance(split, Rows) and split.name == PAIRS:
        vectors = vectors_of(model.net)
        first, second = (x.cpu() for x in split.inputs)
        return (vectors[first] * vectors[second]).sum(1, keepdim=True)
    net = model.net
    device = next(net.parameters()).device
    paths = net.get_buffer("paths")
    encoding = model.encoding
    assert isinstance(encoding, WordEncoding)
    noise = torch.from_numpy(encoding.noise).clamp_min(1e-12).log().float().to(device)
    pieces = []
    for batch in split.batches(batch_size, device=device):
        given, asked = batch.inputs
        if not len(paths):
            scores = net(given, asked)  # log p(word | given) - log noise, but for a constant
        else:
            ways = net(given.repeat_interleave(asked.shape[1]), asked.flatten())
            scores = F.logsigmoid(ways).sum(1).view(asked.shape) - noise[asked]
        pieces.append(scores.float().cpu())
    return torch.cat(pieces)


def score_words(
    outputs: Tensor,
    split: Split,
    task: Task,
    *,
    metric: str | None = None,
    resamples: int = 1000,
    seed: int = 0,
) -> Scores:
    """Score `embedding_outputs` of a split: "nats" and "accuracy" of choices, "spearman" of
    pairs."""
    if isinstance(split, Rows) and split.name == PAIRS:
        return _score_pairs(outputs, split, metric=metric, resamples=resamples, seed=seed)
    if metric == "spearman":
        raise UsageError(
            "The metric 'spearman' needs pairs of words and how similar people find them. Give a "
            "table of them: --test pairs.tsv."
        )
    rows = F.cross_entropy(
        outputs.double(), torch.zeros(len(outputs), dtype=torch.int64), reduction="none"
    ).numpy()
    highest = outputs == outputs.amax(1, keepdim=True)  # of equal ones each is as likely picked
    right = (highest[:, 0].double() / highest.sum(1)).numpy()

    def measure_of(part: NDArray[np.int64] | None) -> Measure:
        nats, hits = (rows, right) if part is None else (rows[part], right[part])

        def measure(weights: Array) -> dict[str, Array]:
            total = weights.sum(0)
            return {"accuracy": hits @ weights / total, "nats": nats @ weights / total}

        return measure

    point, replicates = replicate(measure_of, len(rows), resamples=resamples, seed=seed)
    notes = (f"a guess among {outputs.shape[1]} words has {np.log(outputs.shape[1]):.3f} nats",)
    return _scores(point, replicates, primary_metric(task, metric=metric), len(rows), notes)


def _score_pairs(
    outputs: Tensor, split: Rows, *, metric: str | None, resamples: int, seed: int
) -> Scores:
    if metric not in (None, "spearman"):
        raise UsageError(
            f"The metric {metric!r} is not measured on pairs of words; expected 'spearman'. Leave "
            "--metric out."
        )
    cosines, truth = outputs[:, 0].double().numpy(), split.targets.double().numpy()

    def measure_of(part: NDArray[np.int64] | None) -> Measure:
        a, b = (cosines, truth) if part is None else (cosines[part], truth[part])

        def measure(weights: Array) -> dict[str, Array]:
            return {"spearman": np.array([_spearman(a, b, w) for w in weights.T])}

        return measure

    point, replicates = replicate(measure_of, len(truth), resamples=resamples, seed=seed)
    notes = [f"{len(truth):,} pairs of words"]
    if len(truth) < FEW_ROWS:
        notes.append("so few that the interval is rough")
    return _scores(point, replicates, "spearman", len(truth), tuple(notes))


def _spearman(a: Array, b: Array, weights: Array) -> float:
    """Return the rank correlation of rows that were drawn `weights` times each."""
    times = weights.astype(np.int64)
    x, y = _ranks(np.repeat(a, times)), _ranks(np.repeat(b, times))
    spread = x.std() * y.std()
    return float(((x - x.mean()) * (y - y.mean())).mean() / spread) if spread else float("nan")


def _ranks(values: Array) -> Array:
    """Return ranks; equal values share the mean of theirs."""
    _, where, counts = np.unique(values, return_inverse=True, return_counts=True)
    ends = counts.cumsum()
    ranks: Array = ((ends - counts + 1 + ends) / 2)[where]
    return ranks


def _scores(
    point: dict[str, float],
    replicates: dict[str, Array],
    primary: str,
    rows: int,
    notes: tuple[str, ...],
) -> Scores:
    found = {
        name: Score(point[name], *((interval(replicates[name]) if replicates else None) or ()))
        for name in METRICS
        if name in point
    }
    return Scores(found, primary, rows, notes=notes, replicates=replicates)
