"""What a baseline sees: rows of the splits as arrays, and features that plain models can use, by
kind of data.

table: numbers standardised, categories one-hot (linear) or as they are (trees). image: pixels,
averaged down to 32 x 32 where larger. text: TF-IDF of words and pairs of words, or of letters where
a text is hardly more than a word. series: all values in order (linear), or a summary of each
channel (trees). graph: what nodes have without their edges.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from scipy import sparse
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.feature_selection import f_classif, f_regression

from netwright.data.data import Rows, Split
from netwright.data.graph_encoding import GraphEncoding
from netwright.data.node_encoding import NodeEncoding

__all__ = [
    "Features",
    "Sample",
    "coded_features",
    "frame_features",
    "gather",
    "graph_features",
    "image_features",
    "one_hot_features",
    "series_features",
    "summary_features",
    "telling_words",
    "text_features",
]

Matrix = Any  # a dense array or a scipy.sparse matrix, (rows, features)
MAX_TRAIN_ROWS = 100_000
MAX_TEST_ROWS = 200_000
MAX_BYTES = 128 * 2**20  # of the inputs as they are stored; fitting takes a few times that
MAX_LEVELS = 254  # categories a tree can tell apart in one column (its bins are bytes)
MAX_ONE_HOT = 1000
MAX_WORDS = 200_000


@dataclass(frozen=True)
class Sample:
    """Rows of one or more splits. total: how many there are to take from; fewer were taken if they
    are very many.
    """

    inputs: tuple[NDArray[Any], ...]
    targets: NDArray[Any]
    raw: Any
    total: int

    def __len__(self) -> int:
        return len(self.targets)

    def select(self, index: NDArray[np.int64]) -> "Sample":
        """Return some of the rows."""
        raw = None if self.raw is None else [self.raw[i] for i in index]
        return Sample(tuple(x[index] for x in self.inputs), self.targets[index], raw, self.total)


@dataclass(frozen=True)
class Features:
    """train: (rows, features). of: the same features of any other rows. categorical: columns that
    hold codes.
    """

    train: Matrix
    of: Callable[[Sample], Matrix]
    words: str
    categorical: tuple[int, ...] = ()


def gather(splits: Sequence[Split], *, limit: int, seed: int) -> Sample:
    """Return the rows of `splits` on the CPU, or a random `limit` of them (or as many as fit into
    MAX_BYTES).
    """
    total = sum(len(split) for split in splits)
    inputs: list[tuple[torch.Tensor, ...]] = []
    targets: list[torch.Tensor] = []
    raw: list[Any] = []
    for split in splits:
        share = max(1, round(limit * len(split) / max(total, 1)))
        for piece in _pieces(split, share, seed, MAX_BYTES // len(splits)):
            inputs.append(tuple(x.cpu() for x in piece.inputs))
            targets.append(piece.targets.cpu())
            if piece.raw is not None:
                raw.extend(piece.raw)
    arrays = tuple(torch.cat(parts).numpy() for parts in zip(*inputs, strict=True))
    labels = torch.cat(targets).numpy()
    return Sample(arrays, labels, raw if len(raw) == len(labels) else None, total)


def _pieces(split: Split, share: int, seed: int, max_bytes: int) -> list[Rows]:
    rng = torch.Generator().manual_seed(seed)
    if isinstance(split, Rows):
        size = sum(x[:1].nbytes for x in split.inputs) or 1
        share = min(share, max(1, max_bytes // size))
        # Only lists of texts are of use in their raw form; a DataFrame has become the inputs.
        raw = split.raw if isinstance(split.raw, list) else None
        kept = Rows(split.name, split.inputs, split.targets, raw, None)
        if len(split) <= share:
            return [kept]
        return [kept.select(torch.randperm(len(split), generator=rng)[:share].sort().values)]
    taken, used, pieces = 0, 0, []
    whole = len(split) <= share
    for batch in split.batches(4096, rng=None if whole else rng):
        keep = min(share - taken, len(batch.targets))
        inputs = tuple(x[:keep] for x in batch.inputs)
        pieces.append(Rows(split.name, inputs, batch.targets[:keep]))
        taken += keep
        used += sum(x.nbytes for x in inputs)
        if taken >= share or used >= max_bytes:
            break
    return pieces


def one_hot_features(sample: Sample) -> Features:
    """Standardise numbers and spread categories over columns, as a linear model needs them."""
    numeric, codes = _table(sample)
    mean, std = numeric.mean(0), numeric.std(0)
    std = np.where(std > 1e-9, std, 1.0)
    levels = [_frequent(codes[:, k], MAX_ONE_HOT) for k in range(codes.shape[1])]
    starts = np.concatenate([[0], np.cumsum([len(level) for level in levels])]).astype(int)

    def transform(rows: Sample) -> Matrix:
        numbers, ids = _table(rows)
        scaled = ((numbers - mean) / std).astype(np.float32)
        if not levels:
            return scaled
        places = []
        for k, level in enumerate(levels):
            at = np.searchsorted(level, ids[:, k]).clip(0, len(level) - 1)
            known = level[at] == ids[:, k]
            row = np.flatnonzero(known)
            places.append((row, at[known] + starts[k]))
        row, column = (np.concatenate(x) for x in zip(*places, strict=True))
        spread = sparse.csr_matrix(
            (np.ones(len(row), dtype=np.float32), (row, column)), shape=(len(ids), starts[-1])
        )
        wide = sparse.hstack([sparse.csr_matrix(scaled), spread], format="csr")
        return wide.toarray() if wide.shape[1] <= 400 else wide

    parts = ["standardised numbers"] * bool(numeric.shape[1]) + ["one-hot categories"] * bool(
        levels
    )
    return Features(transform(sample), transform, " and ".join(parts))


def coded_features(sample: Sample) -> Features:
    """Keep numbers and category codes as they are: what trees need of a table."""
    numeric, codes = _table(sample)
    levels = [_frequent(codes[:, k], MAX_LEVELS) for k in range(codes.shape[1])]

    def transform(rows: Sample) -> Matrix:
        numbers, ids = _table(rows)
        columns = [numbers.astype(np.float32)]
        for k, level in enumerate(levels):
            at = np.searchsorted(level, ids[:, k]).clip(0, len(level) - 1)
            # A level that training did not see, or rarely, is missing to the trees.
            columns.append(np.where(level[at] == ids[:, k], at, np.nan)[:, None])
        return np.concatenate(columns, axis=1, dtype=np.float32)

    width = numeric.shape[1]
    coded = tuple(range(width, width + len(levels)))
    parts = ["numbers"] * bool(width) + ["categories"] * bool(levels)
    return Features(transform(sample), transform, " and ".join(parts), coded)


def image_features(sample: Sample, *, most: int) -> Features:
    """Return pixels 0..1, (rows, channels x height x width), averaged down to at most `most`."""
    channels, height, width = sample.inputs[0].shape[-3:]
    scale = min(1.0, (most / (channels * height * width)) ** 0.5)
    side = (max(1, int(height * scale)), max(1, int(width * scale)))
    words = "pixels" if scale == 1 else f"pixels averaged to {side[0]} x {side[1]}"

    def transform(rows: Sample) -> Matrix:
        pieces = []
        for start in range(0, len(rows), 1024):
            piece = torch.from_numpy(rows.inputs[0][start : start + 1024])
            white = 255.0 if piece.dtype == torch.uint8 else 1.0
            pieces.append(F.adaptive_avg_pool2d(piece.float() / white, side).flatten(1))
        flat: Matrix = torch.cat(pieces).numpy()
        return flat

    return Features(transform(sample), transform, words)


def frame_features(sample: Sample, *, most: int) -> Features:
    """Return the pixels of a clip's mean frame: what a clip shows without its motion."""

    def mean_frame(rows: Sample) -> Sample:
        mean = rows.inputs[0].mean(1).round().astype(np.uint8)
        return Sample((mean,), rows.targets, rows.raw, rows.total)

    still = image_features(mean_frame(sample), most=most)
    words = f"the mean of the frames, {still.words}"
    return Features(still.train, lambda rows: still.of(mean_frame(rows)), words)


def text_features(sample: Sample) -> Features:
    """Return TF-IDF of words and pairs of words; of one to three letters where texts are hardly
    more than a word.
    """
    texts = _texts(sample)
    words = np.mean([len(text.split()) for text in texts[:2000]])
    if words < 3:
        vectors = TfidfVectorizer(analyzer="char_wb", ngram_range=(1, 3), max_features=MAX_WORDS)
        name = "TF-IDF of 1-3 letters"
    else:
        # A word said ten times in a long text does not say ten times as much (sublinear), and a
        # pair that occurs once in many texts says nothing of any other.
        vectors = TfidfVectorizer(
            ngram_range=(1, 2),
            token_pattern=r"(?u)\b\w+\b",
            sublinear_tf=True,
            min_df=2 if len(texts) >= 1000 else 1,
            max_features=MAX_WORDS,
        )
        name = "TF-IDF of words and pairs of words"
    train = vectors.fit_transform(texts)
    return Features(train, lambda rows: vectors.transform(_texts(rows)), name)


def series_features(sample: Sample) -> Features:
    """Return all values of a series in order, averaged down to 512 steps where longer,
    standardised.
    """
    steps = min(sample.inputs[0].shape[1], 512)

    def flatten(rows: Sample) -> NDArray[np.float32]:
        x = torch.from_numpy(rows.inputs[0]).float().transpose(1, 2)  # (rows, channels, time)
        flat: NDArray[np.float32] = F.adaptive_avg_pool1d(x, steps).flatten(1).numpy()
        return flat

    train = flatten(sample)
    mean, std = train.mean(0), train.std(0)
    std = np.where(std > 1e-9, std, 1.0).astype(np.float32)
    return Features((train - mean) / std, lambda rows: (flatten(rows) - mean) / std, "all values")


def summary_features(sample: Sample) -> Features:
    """Return for each channel: mean, deviation, quantiles, slope, steps, turning points, spectrum,
    autocorrelation.
    """
    return Features(_summarise(sample), _summarise, "a summary of each channel")


def graph_features(sample: Sample, encoding: NodeEncoding | GraphEncoding) -> Features:
    """Return what a node has by itself, or a graph's nodes together, without any edge."""

    def summarise(rows: Sample) -> NDArray[np.float32]:
        found: NDArray[np.float32] = encoding.summary(
            tuple(torch.from_numpy(x) for x in rows.inputs)
        ).numpy()
        return found

    train = summarise(sample)
    mean, std = train.mean(0), train.std(0)
    varied = std > 1e-9
    if isinstance(encoding, NodeEncoding):
        words = "each node's own features"
        varied |= not varied.any()  # something has to be left
        return Features(train[:, varied], lambda rows: summarise(rows)[:, varied], words)
    std = np.where(varied, std, 1.0).astype(np.float32)
    return Features(
        (train - mean) / std,
        lambda rows: (summarise(rows) - mean) / std,
        "sums and means of the nodes' features, and the numbers of nodes and edges",
    )


def telling_words(features: Features, targets: NDArray[Any], count: int) -> Features:
    """Keep the `count` columns that tell most about the targets (F test, Fisher 1925), as dense
    numbers.
    """
    if targets.ndim == 2 and targets.shape[1] == 1:
        targets = targets[:, 0]
    if targets.ndim == 2:
        worth = np.asarray((features.train > 0).sum(0)).ravel()  # several targets: the commonest
    else:
        test = f_classif if targets.dtype.kind in "iu" else f_regression
        with np.errstate(invalid="ignore", divide="ignore"):
            worth = np.nan_to_num(test(features.train, targets)[0], posinf=np.finfo(np.float64).max)
    best = np.sort(np.argsort(-worth, kind="stable")[:count])

    def transform(x: Matrix) -> Matrix:
        some = x[:, best]
        dense: Matrix = some.toarray() if sparse.issparse(some) else some
        return dense.astype(np.float32)

    words = f"the {len(best)} most telling columns of {features.words}"
    return Features(transform(features.train), lambda rows: transform(features.of(rows)), words)


def _summarise(rows: Sample) -> NDArray[np.float32]:
    x = np.swapaxes(rows.inputs[0].astype(np.float64), 1, 2)  # (rows, channels, time)
    time = x.shape[2]
    mean, std = x.mean(2), x.std(2)
    centred = (x - mean[..., None]) / np.where(std > 1e-9, std, 1.0)[..., None]
    parts = [mean, std, x[..., 0], x[..., -1], x.argmax(2) / time, x.argmin(2) / time]
    parts += list(np.quantile(x, [0.0, 0.1, 0.25, 0.5, 0.75, 0.9, 1.0], axis=2))
    clock = np.linspace(-1, 1, time)
    parts.append((centred * clock).mean(2))
    parts += [(centred**3).mean(2), (centred**4).mean(2)]
    if time > 2:
        step = np.diff(x, axis=2)
        turns = (np.diff(np.sign(step), axis=2) != 0).mean(2)
        crossings = (np.diff(np.sign(centred), axis=2) != 0).mean(2)
        parts += [np.abs(step).mean(2), step.std(2), np.abs(step).max(2), turns, crossings]
    for lag in (1, 2, 4, 8, 16, 32):
        if lag < time:
            parts.append((centred[..., lag:] * centred[..., :-lag]).mean(2))
    power = np.abs(np.fft.rfft(centred, axis=2))[..., 1:17] / time
    parts += [power[..., k] for k in range(power.shape[2])]
    # The same within quarters: where along the series something happens.
    for quarter in np.array_split(x, min(4, time), axis=2):
        parts += [quarter.mean(2), quarter.std(2)]
    parts += [length[:, None] for length in rows.inputs[1:]]  # of series of unequal length
    return np.concatenate(parts, axis=1).astype(np.float32)


def _table(sample: Sample) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Split a table's inputs into numbers (rows, numeric) and category codes (rows, columns)."""
    rows = len(sample)
    numeric = [x.reshape(rows, -1) for x in sample.inputs if x.dtype.kind == "f"]
    codes = [x.reshape(rows, -1) for x in sample.inputs if x.dtype.kind in "iu"]
    numbers = np.concatenate(numeric, axis=1) if numeric else np.zeros((rows, 0), np.float32)
    levels = np.concatenate(codes, axis=1) if codes else np.zeros((rows, 0), np.int64)
    return numbers, levels


def _frequent(column: NDArray[np.int64], most: int) -> NDArray[np.int64]:
    values, counts = np.unique(column, return_counts=True)
    if len(values) <= most:
        return values
    return np.sort(values[np.argsort(-counts, kind="stable")[:most]])


def _texts(sample: Sample) -> list[str]:
    """Return the texts as read; where the split keeps none, their token ids as words (0 is
    padding).
    """
    if sample.raw is not None and all(isinstance(text, str) for text in sample.raw[:10]):
        return list(sample.raw)
    return [" ".join(f"t{i}" for i in row[row > 0]) for row in sample.inputs[0]]
