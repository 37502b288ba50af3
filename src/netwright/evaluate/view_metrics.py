"""How well a net knows rows again: of two changed views of a row, whether each is nearest to the
other, by the cosine, among the views of a group of rows. Views of a split are drawn once, so that
epochs and nets are asked the same."""

from collections.abc import Callable

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from netwright.data.batch_views import PICTURE_VIEWS, changed
from netwright.data.data import Encoding, Split
from netwright.data.task import Task
from netwright.evaluate.bootstrap import Array, Measure, interval, replicate
from netwright.evaluate.check_predictions import check_rows
from netwright.evaluate.scores import Score, Scores, primary_metric
from netwright.model.model import Model

__all__ = ["GROUP", "pixels_of_views", "score_views", "views_of"]

GROUP = 64  # rows that are told apart from each other
ROWS = 256  # that are read at once


@torch.no_grad()
def views_of(model: Model, split: Split) -> Tensor:
    """Return what the net gives for two views of each row, float32 (rows, 2, dim)."""
    net = model.net
    device = next(net.parameters()).device
    was_training = net.training
    net.eval()
    try:
        return _of_views(model.encoding, split, device, lambda inputs: net(*inputs).float())
    finally:
        net.train(was_training)


def pixels_of_views(encoding: Encoding, split: Split) -> Tensor:
    """Return the same views as they are, (rows, 2, numbers)."""
    return _of_views(encoding, split, torch.device("cpu"), lambda inputs: inputs[0].flatten(1))


def _of_views(
    encoding: Encoding,
    split: Split,
    device: torch.device,
    answer: Callable[[tuple[Tensor, ...]], Tensor],
) -> Tensor:
    rng = torch.Generator().manual_seed(0)
    names = PICTURE_VIEWS[encoding.shapes()["in_channels"]]
    pieces = []
    for batch in split.batches(ROWS, device=device):
        pair = [changed(batch.inputs, "image", names, rng, strength=1.0) for _ in range(2)]
        pieces.append(torch.stack([answer(encoding.prepare(view)).cpu() for view in pair], 1))
    return torch.cat(pieces)


def score_views(
    outputs: Tensor,
    task: Task,
    *,
    metric: str | None = None,
    resamples: int = 1000,
    seed: int = 0,
) -> Scores:
    """Score outputs (rows, 2, dim): the share of views whose nearest is the row's other view."""
    check_rows(len(outputs))
    found = torch.cat([_found(piece) for piece in outputs.split(GROUP)]).double().numpy()

    def measure_of(part: "np.ndarray[tuple[int], np.dtype[np.int64]] | None") -> Measure:
        some = found if part is None else found[part]

        def measure(weights: Array) -> dict[str, Array]:
            return {"accuracy": some @ weights / weights.sum(0)}

        return measure

    point, replicates = replicate(measure_of, len(found), resamples=resamples, seed=seed)
    ends = interval(replicates["accuracy"]) if replicates else None
    return Scores(
        {"accuracy": Score(point["accuracy"], *(ends or ()))},
        primary_metric(task, metric=metric),
        len(found),
        notes=(f"each of two views among those of {GROUP} rows",) if resamples else (),
        replicates=replicates,
    )


def _found(outputs: Tensor) -> Tensor:
    """Return of each row (rows, 2, dim) the share of its views that find the other."""
    views = F.normalize(outputs.transpose(0, 1).flatten(0, 1).float(), dim=1)
    nearest = (views @ views.t()).fill_diagonal_(-torch.inf).argmax(1)
    other = torch.arange(len(views)).roll(len(outputs))
    return (nearest == other).view(2, -1).float().mean(0)
