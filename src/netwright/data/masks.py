"""Pictures and their masks become Data: each pixel has a class; an image/ and a label/ folder with
the same file names, below train/, val/ and test/ or not.

A mask's values are its classes, whatever they are. Where they count 0, 1, ... and then jump to 255,
255 is "void" (as in PASCAL VOC): pixels that nobody is asked about.
"""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from torch import Tensor

from netwright.data.data import Data, Rows, Source
from netwright.data.framing import Framing, check_memory, fit_framing
from netwright.data.image_decoding import Header, Unreadable, read_header
from netwright.data.image_encoding import in_threads, name_of
from netwright.data.image_rules import note_quirks, with_statistics
from netwright.data.labelled import (
    Labels,
    labelled_data,
    labelled_rows,
    note_splits,
    refuse_columns,
)
from netwright.data.ledger import Ledger
from netwright.data.mask_decoding import Codes, mask_style, read_mask
from netwright.data.mask_encoding import NOT_ASKED, MaskEncoding
from netwright.data.mask_pairs import pair_masks
from netwright.data.options import ReadOptions
from netwright.data.sources import Found, sha256_of
from netwright.data.splits import split_rows
from netwright.data.table_splits import told_splits
from netwright.data.task import Task
from netwright.errors import DataError, UsageError

__all__ = ["labelled_masks", "read_masks"]

Index = NDArray[np.int64]
VOID = 255
MOST_CLASSES = 256
MOST_OF_LOSSY = 8  # classes in a JPEG: its values are blurred at every edge
FRAMED = {"scaled": "and their masks", "left": "what is left of it is not judged"}


def read_masks(found: Found, options: ReadOptions, ledger: Ledger) -> Data:
    """Read the pictures and masks of all parts."""
    refuse_columns(options, found.name)
    if options.task not in (None, "segmentation"):
        raise UsageError(
            f"--task {options.task} does not fit pictures with masks. Leave it out, or use --task "
            "segmentation."
        )
    pairs, given = _pairs(found, ledger)
    headers = _sizes(pairs, ledger)
    kept = sorted(headers)
    given = {name: np.flatnonzero(np.isin(kept, rows)) for name, rows in given.items()}
    pairs, sizes = [pairs[at] for at in kept], [headers[at] for at in kept]
    told = told_splits(pd.DataFrame(index=range(len(pairs))), options, dict(given), ledger)
    splits = split_rows(len(pairs), given=told, seed=options.seed, ledger=ledger)
    note_splits(splits, given, told, options.seed, ledger, how="at random")
    learned = np.concatenate([splits["train"], splits["validation"]])
    pictures = [picture for picture, _ in pairs]
    framing = fit_framing(pictures, sizes, learned.tolist(), ledger, filling="mirror", words=FRAMED)
    encoding = _with_classes(framing, [pairs[at][1] for at in splits["train"]], ledger)
    check_memory(encoding.pictures, len(pairs), beside=2, what=" and their masks")
    (pixels,) = encoding.encode(pictures)
    masks = _encode_masks(encoding, [mask for _, mask in pairs], ledger)
    fitted = with_statistics(encoding.pictures, pixels[torch.from_numpy(splits["train"])])
    counts = _pixels_of(masks[splits["train"]], len(encoding.codes))
    train, validation, test = (torch.from_numpy(rows) for rows in splits.values())
    labels = Labels(_task(encoding, counts, ledger), masks, train, validation, test, counts)
    return labelled_data(
        "image",
        labels,
        labelled_rows([pixels], labels, pictures),
        replace(encoding, pictures=fitted),
        source=Source(found.name, tuple(str(p) for p in found.paths), sha256_of(found.paths)),
        ledger=ledger,
    )


def labelled_masks(found: Found, encoding: MaskEncoding, ledger: Ledger) -> Rows:
    """Read pictures and masks to score a model that is there already."""
    if found.kind != "image-masks":
        raise DataError(
            f"{found.name!r} holds {found.kind}; to score a model of masks give a folder with "
            "image/ and label/."
        )
    pairs, _ = _pairs(found, ledger)
    kept = sorted(_sizes(pairs, ledger))
    pictures = [pairs[at][0] for at in kept]
    targets = _encode_masks(encoding, [pairs[at][1] for at in kept], ledger)
    inputs = encoding.encode(pictures, ledger)
    return Rows("evaluate", inputs, targets, pictures, torch.tensor(kept, dtype=torch.int64))


def _pairs(found: Found, ledger: Ledger) -> tuple[list[tuple[Path, Path]], dict[str, Index]]:
    """Return all pairs, and the positions of the parts that the source itself names."""
    pairs: list[tuple[Path, Path]] = []
    given: dict[str, Index] = {}
    for name, (pictures, masks) in found.parts.items():
        part = pair_masks(pictures, masks, ledger)
        if name != "all":
            given[name] = np.arange(len(pairs), len(pairs) + len(part), dtype=np.int64)
        pairs += part
    return pairs, given


def _sizes(pairs: Sequence[tuple[Path, Path]], ledger: Ledger) -> dict[int, Header]:
    """Return the header of each picture that can be used; DataError where a mask has another size
    than its picture."""
    found: dict[int, Header] = {}
    for at, (picture, mask) in enumerate(pairs):
        try:
            header, other = read_header(picture), read_header(mask)
        except Unreadable as error:
            ledger.note("dropped", name_of(picture, at), f"it or its mask: {error}", 1)
            continue
        if (header.height, header.width) != (other.height, other.width):
            raise DataError(
                f"The picture {name_of(picture, at)} has {header.height} x {header.width} pixels "
                f"(height x width), its mask {other.height} x {other.width}. Expected one class a "
                "pixel: scale the mask to its picture, or take the pair out."
            )
        found[at] = header
    if not found:
        raise DataError(
            f"None of the {len(pairs):,} pairs of a picture and a mask can be decoded. Expected "
            "files such as .png."
        )
    note_quirks(list(found.values()), ledger)
    return found


def _with_classes(framing: Framing, masks: Sequence[Path], ledger: Ledger) -> MaskEncoding:
    """Find the classes in the training masks."""
    style = mask_style(masks)
    codes = sorted(
        {int(code) for file in masks for code in np.unique(read_mask(file, style.style))}
    )
    lossy = [file for file in masks if file.suffix.lower() in (".jpg", ".jpeg", ".jpe", ".webp")]
    if len(codes) > (MOST_OF_LOSSY if lossy else MOST_CLASSES):
        raise DataError(
            f"The masks hold {len(codes):,} different values, such as "
            f"{', '.join(style.name(code) for code in codes[:6])}; expected a value for each "
            f"class{', which JPEG does not keep' if lossy else ''}. Save masks as PNG, without "
            "smoothing."
        )
    if len(codes) > 2 and codes[-1] == VOID and codes[:-1] == list(range(len(codes) - 1)):
        codes = codes[:-1]
        ledger.note("guessed", "masks", f"{VOID} is void: such pixels are not judged")
    if len(codes) < 2:
        only = style.name(codes[0]) if codes else "nothing"
        raise DataError(
            f"All {len(masks):,} training masks hold {only} alone; a net needs at least two "
            "classes to tell apart. Check the label folder."
        )
    return MaskEncoding(
        pictures=framing.pictures, factor=framing.factor, codes=tuple(codes), style=style
    )


def _encode_masks(encoding: MaskEncoding, masks: Sequence[Path], ledger: Ledger) -> Tensor:
    """Return class ids int16 (rows, height, width); values without a class are noted."""
    strange: set[int] = set()

    def encode(file: Path) -> Tensor:
        codes: Codes = read_mask(file, encoding.style.style)
        strange.update(set(np.unique(codes).tolist()) - {*encoding.codes, VOID})
        return encoding.encode_mask(codes)

    ids = torch.stack(in_threads(encode, masks))
    if strange:
        shown = ", ".join(encoding.style.name(code) for code in sorted(strange)[:5])
        what = f"values that training does not have are not judged: {shown}"
        ledger.note("dropped", "masks", what, len(strange))
    return ids


def _task(encoding: MaskEncoding, counts: Sequence[int], ledger: Ledger) -> Task:
    names = tuple(encoding.style.name(code) for code in encoding.codes)
    total = sum(counts)
    shown = ", ".join(
        f"{name} ({count / total:.1%} of the pixels)"
        for name, count in list(zip(names, counts, strict=True))[:6]
    )
    more = ", ..." if len(names) > 6 else ""
    ledger.note("guessed", "task", f"segmentation, {len(names)} classes: {shown}{more}")
    return Task(
        name="segmentation", form="segmentation", target="mask", classes=names, outputs=len(names)
    )


def _pixels_of(masks: Tensor, classes: int) -> tuple[int, ...]:
    asked = masks[masks != NOT_ASKED].long()
    return tuple(torch.bincount(asked, minlength=classes).tolist())
