"""Boxes that a detector finds, in the pixels of each picture."""

from collections import Counter
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import torch
from torch import Tensor, nn

from netwright.data.box_encoding import BoxEncoding
from netwright.data.data import Rows
from netwright.data.image_decoding import read_header
from netwright.data.image_encoding import name_of
from netwright.data.ledger import Ledger
from netwright.nets.detector import decode
from netwright.nets.ensemble import Ensemble

if TYPE_CHECKING:
    from netwright.model.model import Model

__all__ = ["COLUMNS", "SURE", "mean_of_detectors", "predict_boxes", "stride_of"]

COLUMNS = ("picture", "prediction", "score", "x1", "y1", "x2", "y2")
SURE = 0.3  # score from which on a box is predicted, as in CenterNet's demonstrations
AT_ONCE = 32  # pictures


def stride_of(net: nn.Module) -> int:
    """Return how many pixels a side of a cell has, of a detector or of several."""
    first = net.nets[0] if isinstance(net, Ensemble) else net
    stride: int = first.stride  # type: ignore[assignment]  # a number, not a sub-module
    return stride


def mean_of_detectors(outputs: Tensor, shares: Tensor) -> Tensor:
    """(batch, members, classes + 4, rows, columns) -> the logits of mean scores, mean distances;
    shares (members, 1, 1, 1) add up to 1."""
    scores = (outputs[:, :, :-4].sigmoid() * shares).sum(1)
    return torch.cat([torch.logit(scores, eps=1e-7), (outputs[:, :, -4:] * shares).sum(1)], 1)


def predict_boxes(model: "Model", raw: Any, ledger: Ledger | None = None) -> pd.DataFrame:
    """Return a row for each box with a score of at least SURE, the surest of a picture first:
    picture, class, score and corners in the picture's own pixels. A picture without one has no row,
    one that cannot be decoded is in the ledger."""
    encoding, stride = model.encoding, stride_of(model.net)
    assert isinstance(encoding, BoxEncoding)
    found: list[tuple[Any, ...]] = []
    counts: Counter[str] = Counter()
    for start in range(0, len(raw), AT_ONCE):
        some = raw[start : start + AT_ONCE]
        inputs, kept = encoding.encode_some(some, ledger)
        if not len(kept):
            continue
        rows = Rows("predict", inputs, torch.zeros(len(kept)))
        for at, one in zip(
            kept.tolist(),
            decode(model.forward_rows(rows, batch_size=AT_ONCE), stride=stride, min_score=SURE),
            strict=True,
        ):
            header, name = read_header(some[at]), name_of(some[at], start + at)
            encoding.framing.note_scale(header.height, header.width, name, ledger)
            corners = encoding.decode_boxes(
                one.boxes.double().numpy(), header.height, header.width
            ).round(2)
            counts["empty"] += not len(corners)
            found += [
                (name, model.task.classes[kind], score, *box)
                for kind, score, box in zip(
                    one.classes.tolist(), one.scores.tolist(), corners.tolist(), strict=True
                )
            ]
    if counts["empty"] and ledger is not None:
        ledger.note("read", "pictures", "without anything found, no row", counts["empty"])
    frame = pd.DataFrame(found, columns=list(COLUMNS))
    return frame.astype({name: np.float64 for name in COLUMNS[2:]})
