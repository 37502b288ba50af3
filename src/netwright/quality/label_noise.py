"""Labels that disagree with a model that never saw them.

Confident learning (Northcutt, Jiang and Chuang 2021, arXiv:1911.00068): a row counts as class k
where its out-of-fold probability of k reaches the mean that rows labelled k get; a row that counts
as another class than its label is a candidate. On hard data that alone also names rows that are
merely ambiguous. Noise is told from ambiguity by its floor: of clean data the rows that a model is
surest of are nearly all right, and the others less often; wrong labels are as common among the
surest rows as among the others. An outcome that is partly chance looks the same.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Disagreement", "Floor", "disagreement", "information", "noise_floor"]

Probabilities = NDArray[np.float64]
Labels = NDArray[np.int64]

LEARNED = 0.9  # of the commonest class's errors: a model above it knows too little to judge
LEAST = 0.02  # wrong labels; fewer are listed row by row
FLAT = 0.35  # of the floor that the error of all rows may lie above it


@dataclass(frozen=True)
class Disagreement:
    """rows: that count as another class than their label, the most certain first. counts_as: that
    class. margin: its probability less that of the label.
    """

    rows: NDArray[np.int64]
    counts_as: NDArray[np.int64]
    margin: NDArray[np.float64]
    share: float


def disagreement(probabilities: Probabilities, labels: Labels) -> Disagreement:
    """Return the candidates among rows with out-of-fold probabilities (rows, classes) and labels
    (rows,)."""
    rows, classes = probabilities.shape
    own = probabilities[np.arange(rows), labels]
    total = np.bincount(labels, minlength=classes)
    # A class that no row is labelled as cannot be counted: its threshold is out of reach.
    mean = np.bincount(labels, weights=own, minlength=classes) / np.maximum(total, 1)
    threshold = np.where(total > 0, mean, np.inf)
    reached = np.where(probabilities >= threshold, probabilities, -1.0)
    counts_as = reached.argmax(1)
    found = np.flatnonzero((reached.max(1) > 0) & (counts_as != labels))
    margin = probabilities[found, counts_as[found]] - own[found]
    order = np.argsort(-margin, kind="stable")
    found, margin = found[order], margin[order]
    return Disagreement(found, counts_as[found], margin, len(found) / max(rows, 1))


@dataclass(frozen=True)
class Floor:
    """surest: share of rows labelled otherwise than predicted in the half that the model is surest
    of, with its standard error and a lower bound; overall: in all. trivial: the share that the
    commonest class alone gets wrong.
    """

    surest: float
    error: float
    low: float
    overall: float
    trivial: float

    @property
    def notable(self) -> bool:
        """Whether labels are wrong where the model is surest, and hardly more often elsewhere."""
        learned = self.overall < LEARNED * self.trivial
        above = self.overall - self.surest + 2 * self.error
        return learned and self.low > LEAST and above < FLAT * self.surest


def noise_floor(probabilities: Probabilities, labels: Labels) -> Floor:
    """Measure how often the surest rows are labelled otherwise. Sureness: the gap between the two
    largest probabilities, within each predicted class, so that one easy class is not all."""
    rows = len(labels)
    predicted = probabilities.argmax(1)
    two = np.partition(probabilities, -2, axis=1)[:, -2:]
    sure = two[:, 1] - two[:, 0]
    surer = np.zeros(rows, dtype=bool)
    for one in np.unique(predicted):
        members = np.flatnonzero(predicted == one)
        order = members[np.argsort(-sure[members], kind="stable")]
        surer[order[: (len(order) + 1) // 2]] = True
    wrong = predicted != labels
    surest, count = float(wrong[surer].mean()), int(surer.sum())
    error = float(np.sqrt(surest * (1 - surest) / count))
    trivial = 1 - float(np.bincount(labels).max()) / rows
    return Floor(surest, error, _lower_bound(surest, count), float(wrong.mean()), trivial)


def _lower_bound(share: float, count: int) -> float:
    """Wilson's lower bound at two standard errors."""
    z = 2.0
    middle = share + z * z / (2 * count)
    spread = z * np.sqrt(share * (1 - share) / count + z * z / (4 * count * count))
    return float((middle - spread) / (1 + z * z / count))


def information(probabilities: Probabilities, labels: Labels) -> float:
    """Return the share of the labels' entropy that the probabilities remove, 0 where they say
    nothing. A model that is too sure of itself is softened first, by the shares of the classes."""
    rows, classes = probabilities.shape
    shares = np.bincount(labels, minlength=classes) / rows
    entropy = float(-np.log(shares[labels]).mean())
    own = probabilities[np.arange(rows), labels]
    softened = [weight * own + (1 - weight) * shares[labels] for weight in (0.1, 0.3, 0.6, 0.9)]
    best = min(float(-np.log(p).mean()) for p in softened)
    return max(1 - best / entropy, 0.0) if entropy > 0 else 0.0
