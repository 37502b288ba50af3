"""Masks that a model of maps predicts, at each picture's own size."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from PIL import Image

from netwright.data.data import Rows
from netwright.data.image_decoding import read_header
from netwright.data.image_encoding import name_of
from netwright.data.ledger import Ledger
from netwright.data.mask_encoding import MaskEncoding

if TYPE_CHECKING:
    from netwright.model.model import Model

__all__ = ["predict_masks", "save_masks", "shares_of_masks"]

Ids = NDArray[np.int16]
AT_ONCE = 8  # pictures


def predict_masks(
    model: "Model", raw: Any, ledger: Ledger | None = None
) -> Iterator[tuple[int, Ids]]:
    """Yield (row, class ids int16 (height, width)) of each picture that can be decoded."""
    encoding = model.encoding
    assert isinstance(encoding, MaskEncoding)
    for start in range(0, len(raw), AT_ONCE):
        some = raw[start : start + AT_ONCE]
        inputs, kept = encoding.encode_some(some, ledger)
        rows = Rows("predict", inputs, torch.zeros(len(kept)))
        if not len(rows):
            continue
        said = model.forward_rows(rows, reduce=lambda outputs, _: outputs.argmax(1)).numpy()
        for at, ids in zip(kept.tolist(), said, strict=True):
            header = read_header(some[at])
            name = name_of(some[at], start + at)
            encoding.framing.note_scale(header.height, header.width, name, ledger)
            yield start + at, encoding.decode_ids(ids, header.height, header.width)


def shares_of_masks(
    encoding: MaskEncoding, masks: Iterable[tuple[int, Ids]], raw: Any
) -> pd.DataFrame:
    """Return a row a picture: its name, the most frequent class and the share of each class; empty
    where it could not be decoded."""
    names = [encoding.style.name(code) for code in encoding.codes]
    found: dict[int, dict[str, Any]] = {}
    for row, ids in masks:
        shares = np.bincount(ids.ravel(), minlength=len(names)) / ids.size
        found[row] = {"prediction": names[int(shares.argmax())]} | {
            f"share_{name}": share for name, share in zip(names, shares.tolist(), strict=True)
        }
    columns = ["prediction", *(f"share_{name}" for name in names)]
    frame = pd.DataFrame.from_dict(found, orient="index", columns=columns).reindex(range(len(raw)))
    frame.insert(0, "picture", [name_of(item, at) for at, item in enumerate(raw)])
    return frame


def save_masks(
    encoding: MaskEncoding, masks: Iterable[tuple[int, Ids]], raw: Any, folder: Path
) -> Iterator[tuple[int, Ids]]:
    """Write each mask as <name of its picture>.png, with the values of the training masks, and hand
    it on."""
    folder.mkdir(parents=True, exist_ok=True)
    names = mask_names(raw)
    for row, ids in masks:
        image: Image.Image = encoding.picture(ids)
        image.save(folder / names[row])
        yield row, ids


def mask_names(raw: Any) -> list[str]:
    """Return a file name for the mask of each picture: its own stem, with the folder before it
    where two have the same."""
    paths = [Path(item) if isinstance(item, str | Path) else Path(f"row_{at:04}")
             for at, item in enumerate(raw)]  # fmt: skip
    stems = [path.stem for path in paths]
    if len(set(stems)) < len(stems):
        stems = [f"{path.parent.name}_{path.stem}" for path in paths]
    if len(set(stems)) < len(stems):
        stems = [f"{at:04}_{stem}" for at, stem in enumerate(stems)]
    return [f"{stem}.png" for stem in stems]
