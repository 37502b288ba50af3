"""score_translations: nats a piece, and translations beside their references, become Scores."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from netwright.data.task import Task
from netwright.errors import TrainingError
from netwright.evaluate.bleu import SIGNATURE, bleu_of, count_ngrams
from netwright.evaluate.bootstrap import Array, Measure, replicate
from netwright.evaluate.check_predictions import check_rows
from netwright.evaluate.metrics import collect_scores, row_notes
from netwright.evaluate.scores import Scores, primary_metric

__all__ = ["score_translations"]


def score_translations(
    nats: Tensor,
    targets: Tensor,
    task: Task,
    *,
    said: Sequence[str] | None,
    references: Sequence[str] = (),
    metric: str | None = None,
    resamples: int = 1000,
    seed: int = 0,
) -> Scores:
    """Score nats (rows, steps), 0 where nothing is asked (targets -100), and the translations said
    beside one reference each. said: None leaves BLEU out (between epochs).
    """
    check_rows(len(targets))
    asked = (targets != -100).sum(1).numpy().astype(np.float64)
    total = nats.double().sum(1).numpy()
    if not np.isfinite(total).all():
        raise TrainingError(
            "The loss of some pieces is no finite number. Training has diverged: lower recipe.lr "
            "or set recipe.clip."
        )
    columns = [total, asked]
    if said is not None:
        columns += list(count_ngrams(said, references).T.astype(np.float64))
    table = np.stack(columns)

    def measure_of(part: NDArray[np.int64] | None) -> Measure:
        sums = table if part is None else table[:, part]

        def measure(weights: Array) -> dict[str, Array]:
            loss, pieces, *counts = sums @ weights
            mean = loss / np.maximum(pieces, 1)
            found = {"nats": mean, "perplexity": np.exp(mean)}
            return found | ({"bleu": bleu_of(np.stack(counts))} if counts else {})

        return measure

    point, replicates = replicate(measure_of, len(targets), resamples=resamples, seed=seed)
    notes = [f"nats and perplexity: over {int(asked.sum()):,} pieces of words"]
    if said is not None:
        notes += [f"BLEU: {SIGNATURE}, greedy search"]
    notes += row_notes(len(targets)) if resamples else []
    primary = "nats" if said is None else primary_metric(task, metric=metric)
    return collect_scores(point, replicates, primary, metric, len(targets), notes)
