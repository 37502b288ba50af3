"""Gallery: embeddings of known rows with their classes. What is new gets the class of the nearest:
learning a class from one example."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd
import torch
from torch import Tensor

from netwright.data.data import Rows
from netwright.data.image_encoding import name_of
from netwright.data.ledger import Ledger
from netwright.errors import DataError

if TYPE_CHECKING:
    from netwright.model.model import Model

__all__ = ["Gallery", "gallery_of", "gallery_of_rows", "nearest"]

MOST_ITEMS = 20_000  # that are kept with a model
SHOWN = 3  # classes that a prediction names


@dataclass(frozen=True)
class Gallery:
    """vectors (items, dim). labels, names: of each item."""

    vectors: Tensor
    labels: tuple[str, ...]
    names: tuple[str, ...]


def gallery_of(
    model: "Model", raw: Any, labels: Sequence[str], *, ledger: Ledger | None = None
) -> Gallery:
    """Embed raw rows of known classes; those that cannot be decoded are left out and noted."""
    inputs, kept = _encoded(model, raw, ledger)
    at = kept.tolist()
    if not at:
        raise DataError("None of the rows of known classes can be decoded. Give at least one.")
    vectors = model.forward_rows(Rows("gallery", inputs, torch.zeros(len(at))))
    names = tuple(name_of(raw[k], k) for k in at)
    return Gallery(vectors, tuple(labels[k] for k in at), names)


def gallery_of_rows(model: "Model", rows: Rows) -> Gallery:
    """Embed the training rows, evenly taken where they are many."""
    every = -(-len(rows) // MOST_ITEMS)
    some = rows.select(torch.arange(0, len(rows), every))
    labels = tuple(model.task.classes[k] for k in some.targets.tolist())
    places = some.rows.tolist() if some.rows is not None else range(len(some))
    raw = some.raw if some.raw is not None else [None] * len(some)
    names = tuple(name_of(item, at) for item, at in zip(raw, places, strict=True))
    return Gallery(model.forward_rows(some), labels, names)


def nearest(
    model: "Model", gallery: Gallery, raw: Any, *, ledger: Ledger | None = None
) -> pd.DataFrame:
    """Return the class of the nearest item for each row, its distance and name, and the next
    nearest classes; empty where a row cannot be decoded."""
    inputs, kept = _encoded(model, raw, ledger)
    vectors = model.forward_rows(Rows("predict", inputs, torch.zeros(len(kept))))
    classes = sorted(set(gallery.labels))
    number = {label: at for at, label in enumerate(classes)}
    owner = torch.tensor([number[label] for label in gallery.labels])
    found = []
    for piece in vectors.split(256):
        apart = torch.cdist(piece, gallery.vectors)
        best = torch.full((len(piece), len(classes)), torch.inf)
        best.scatter_reduce_(1, owner.expand(len(piece), -1), apart, "amin")
        item = apart.argmin(1).tolist()
        values, order = best.sort(1)
        for row, at in enumerate(item):
            found.append(_row(classes, values[row], order[row], gallery.names[at]))
    frame = pd.DataFrame(found, columns=list(_columns(len(classes))))
    if len(kept) < len(raw):
        frame = frame.set_axis(kept.tolist()).reindex(range(len(raw)))
    return frame


def _columns(classes: int) -> tuple[str, ...]:
    more = [
        f"{what}_{k}" for k in range(2, min(SHOWN, classes) + 1) for what in ("class", "distance")
    ]
    return ("prediction", "distance", "nearest", *more)


def _row(classes: Sequence[str], values: Tensor, order: Tensor, item: str) -> list[Any]:
    row: list[Any] = [classes[int(order[0])], float(values[0]), item]
    for k in range(1, min(SHOWN, len(classes))):
        row += [classes[int(order[k])], float(values[k])]
    return row


def _encoded(model: "Model", raw: Any, ledger: Ledger | None) -> tuple[tuple[Tensor, ...], Tensor]:
    some = getattr(model.encoding, "encode_some", None)
    if some is not None:
        inputs, kept = some(raw, ledger)
        return inputs, kept
    inputs = model.encoding.encode(raw, ledger)
    return inputs, torch.arange(len(inputs[0]))
