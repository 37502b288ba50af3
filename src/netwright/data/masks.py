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
from netwright.data.image_decoding import Header, Mode, Unreadable, read_header
from netwright.data.image_encoding import ImageEncoding, in_threads, name_of
from netwright.data.image_rules import find_white, note_quirks, with_statistics
from netwright.data.labelled import (
    Labels,
    labelled_data,
    labelled_rows,
    note_splits,
    refuse_columns,
)
from netwright.data.ledger import Ledger
from netwright.data.mask_decoding import Codes, MaskStyle, mask_style, read_mask
from netwright.data.mask_encoding import NOT_ASKED, MaskEncoding
from netwright.data.mask_pairs import pair_masks
from netwright.data.memory import data_budget
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
# The longest side of a picture in training, by how many there are: every pixel is a target.
LONGEST = ((200, 512), (2_000, 256))
SHORTEST_LONGEST = 128


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
    encoding = _fit(pairs, sizes, learned, ledger)
    encoding = _with_classes(encoding, [pairs[at][1] for at in splits["train"]], ledger)
    _check_memory(encoding, len(pairs))
    (pixels,) = encoding.encode([picture for picture, _ in pairs])
    masks = _encode_masks(encoding, [mask for _, mask in pairs], ledger)
    fitted = with_statistics(encoding.pictures, pixels[torch.from_numpy(splits["train"])])
    counts = _pixels_of(masks[splits["train"]], len(encoding.codes))
    train, validation, test = (torch.from_numpy(rows) for rows in splits.values())
    labels = Labels(_task(encoding, counts, ledger), masks, train, validation, test, counts)
    return labelled_data(
        "image",
        labels,
        labelled_rows([pixels], labels, [picture for picture, _ in pairs]),
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


def _fit(
    pairs: Sequence[tuple[Path, Path]], sizes: Sequence[Header], learned: Index, ledger: Ledger
) -> MaskEncoding:
    """Choose mode, scale and frame by the pictures that are learned from."""
    voting = [sizes[at] for at in learned.tolist()]
    mode: Mode = "L" if all(header.grey for header in voting) else "RGB"
    longest = next((side for most, side in LONGEST if len(sizes) <= most), SHORTEST_LONGEST)
    factor = min(1.0, longest / max(max(h.height, h.width) for h in voting))
    height = max(max(round(h.height * factor), 1) for h in voting)
    width = max(max(round(h.width * factor), 1) for h in voting)
    shapes = {(h.height, h.width) for h in sizes}
    if factor < 1:
        what = f"scaled by {factor:.3g}, and their masks: {longest} pixels are the longest side"
        ledger.note("encoded", "pictures", what, len(sizes))
    if len(shapes) > 1:
        smallest, largest = min(shapes), max(shapes)
        what = (
            f"of {smallest[0]} x {smallest[1]} to {largest[0]} x {largest[1]} pixels (height x "
            f"width), set into a frame of {height} x {width}; what is left of it is not judged"
        )
        ledger.note("encoded", "pictures", what, len(sizes))
    channels = 1 if mode == "L" else 3
    white = find_white([pairs[at][0] for at in learned.tolist()], voting, ledger)
    return MaskEncoding(
        pictures=ImageEncoding(
            mode=mode, height=height, width=width, mean=(0.0,) * channels, std=(1.0,) * channels,
            white=white,
        ),
        factor=factor,
        codes=(),
        style=MaskStyle("grey"),
    )  # fmt: skip


def _with_classes(encoding: MaskEncoding, masks: Sequence[Path], ledger: Ledger) -> MaskEncoding:
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
    return replace(encoding, codes=tuple(codes), style=style)


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


def _check_memory(encoding: MaskEncoding, rows: int) -> None:
    frame = encoding.pictures
    size = rows * frame.height * frame.width * (frame.in_channels + 2)
    if size > (limit := data_budget()):
        raise DataError(
            f"{rows:,} pictures of {frame.height} x {frame.width} pixels and their masks take "
            f"{size / 1e6:,.0f} MB of memory, more than the {limit / 1e6:,.0f} MB allowed. Give "
            "fewer or smaller ones."
        )


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
