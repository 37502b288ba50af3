"""Metrics of recognised speech: symbols (words) to insert, leave out or change, over those said.

What is kept of each row is its loss in nats, its edits and its symbols, (rows, 3).
"""

from collections.abc import Collection, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

from netwright.data.task import Task
from netwright.errors import TrainingError
from netwright.evaluate.bootstrap import Array, Measure, replicate
from netwright.evaluate.check_predictions import check_rows
from netwright.evaluate.metrics import collect_scores, row_notes
from netwright.evaluate.scores import Scores, primary_metric
from netwright.nets.ctc import collapse, real_frames
from netwright.objectives.ctc import row_nats

__all__ = ["edit_distances", "facts_of_speech", "facts_of_symbols", "score_speech"]

Rows = Sequence[Sequence[int]]


def edit_distances(said: Rows, asked: Rows) -> Tensor:
    """Return how many symbols have to be inserted, left out or changed to turn each row that was
    said into the one asked, int64 (rows,).

    Levenshtein 1966, by dynamic programming over all rows at once: after symbol i of the rows
    asked, `cost[:, j]` is the distance to the first j symbols said.
    """
    if not len(said):
        return torch.zeros(0, dtype=torch.int64)
    (first, sizes), (other, lengths) = _padded(said), _padded(asked)
    steps = torch.arange(first.shape[1] + 1)
    cost = steps.expand(len(first), -1)
    for at in range(other.shape[1]):
        changed = cost[:, :-1] + (first != other[:, at : at + 1])
        missing = torch.cat([cost[:, :1] + 1, torch.minimum(changed, cost[:, 1:] + 1)], 1)
        # Of symbols said beyond them each costs 1 more: the least of cost[k] + (j - k), k <= j.
        beyond = (missing - steps).cummin(1).values + steps
        cost = torch.where(at < lengths[:, None], beyond, cost)
    return cost.gather(1, sizes[:, None])[:, 0]


def _padded(rows: Rows) -> tuple[Tensor, Tensor]:
    tensors = [torch.tensor(list(row), dtype=torch.int64) for row in rows]
    sizes = torch.tensor([len(row) for row in tensors])
    return pad_sequence(tensors, batch_first=True, padding_value=-1), sizes


def facts_of_speech(outputs: Tensor, targets: Tensor) -> Tensor:
    """Return (rows, 3) of a batch's outputs (batch, frames, symbols), each frame's best symbol
    taken; targets int64 (batch, symbols), -100 beyond a row's end."""
    said = collapse(outputs.argmax(2).cpu(), real_frames(outputs).cpu())
    return facts_of_symbols(said, targets, row_nats(outputs, targets))


def facts_of_symbols(said: Rows, targets: Tensor, nats: Tensor) -> Tensor:
    """Return (rows, 3) of symbols that were said, and nats (rows,)."""
    asked = [[symbol for symbol in row if symbol >= 0] for row in targets.tolist()]
    edits = edit_distances(said, asked).to(nats)
    return torch.stack([nats, edits, (targets >= 0).sum(1).to(nats)], 1)


def score_speech(
    facts: Tensor,
    task: Task,
    *,
    said: Sequence[str] | None = None,
    references: Sequence[str] = (),
    metric: str | None = None,
    only: Collection[str] | None = None,
    resamples: int = 1000,
    seed: int = 0,
) -> Scores:
    """Score facts (rows, 3), and the texts said beside their references; said: None leaves the
    word error rate out (between epochs)."""
    check_rows(len(facts))
    if not bool(facts.isfinite().all()):
        raise TrainingError(
            "The loss of some sounds is no finite number. Training has diverged: lower recipe.lr "
            "or set recipe.clip."
        )
    columns = facts.double().T.numpy()
    if said is not None:
        columns = np.concatenate([columns, _word_facts(said, references)])

    def measure_of(part: NDArray[np.int64] | None) -> Measure:
        table = columns if part is None else columns[:, part]

        def measure(weights: Array) -> dict[str, Array]:
            nats, edits, symbols, *words = table @ weights
            count = np.maximum(symbols, 1)
            found = {"token_error_rate": edits / count, "nats": nats / count}
            if words:
                found["word_error_rate"] = words[0] / np.maximum(words[1], 1)
            return found

        return measure

    point, replicates = replicate(measure_of, len(facts), resamples=resamples, seed=seed)
    notes = [f"{int(columns[2].sum()):,} symbols; the best symbol of each frame, collapsed"]
    notes += row_notes(len(facts)) if resamples else []
    primary = primary_metric(task, metric=metric) if said is not None else "token_error_rate"
    return collect_scores(point, replicates, primary, metric, len(facts), notes, only=only)


def _word_facts(said: Sequence[str], references: Sequence[str]) -> Array:
    """Return edits and words of each text, (2, rows)."""
    ids: dict[str, int] = {}
    first, other = (
        [[ids.setdefault(word, len(ids)) for word in text.split()] for text in texts]
        for texts in (said, references)
    )
    words = np.array([len(row) for row in other], dtype=np.float64)
    return np.stack([edit_distances(first, other).numpy().astype(np.float64), words])
