"""Pictures and the boxes of the things in them become Data: which things are where.

Boxes are cut off at the border of their picture; those without area there are left out. A picture
may hold nothing.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from torch import Tensor

from netwright.data.box_encoding import BoxEncoding, Boxes, pad_boxes
from netwright.data.box_files import CROWD, Marked, read_marked
from netwright.data.data import Data, Rows, Source
from netwright.data.framing import check_memory, fit_framing
from netwright.data.image_decoding import Header, Unreadable, read_header
from netwright.data.image_encoding import name_of
from netwright.data.image_rules import note_quirks, with_statistics
from netwright.data.labelled import (
    Labels,
    in_order,
    labelled_data,
    labelled_rows,
    note_splits,
    refuse_columns,
)
from netwright.data.ledger import Ledger
from netwright.data.options import ReadOptions
from netwright.data.sources import Found, sha256_of
from netwright.data.splits import split_rows
from netwright.data.table_splits import told_splits
from netwright.data.task import Task
from netwright.errors import DataError, UsageError

__all__ = ["labelled_boxes", "read_boxes"]

Index = NDArray[np.int64]
CUT = 0.5  # pixels beyond the border that are no matter of rounding
FRAMED = {"scaled": "and their boxes", "left": "what is left of it is grey"}


@dataclass(frozen=True)
class _Picture:
    """A picture that can be read, and what is in it."""

    file: Path
    header: Header
    classes: list[str]
    boxes: Boxes


def read_boxes(found: Found, options: ReadOptions, ledger: Ledger) -> Data:
    """Read the pictures and boxes of all parts."""
    refuse_columns(options, found.name)
    if options.task not in (None, "detection"):
        raise UsageError(
            f"--task {options.task} does not fit pictures with boxes. Leave it out, or use --task "
            "detection."
        )
    pictures, given = _pictures(found, ledger)
    told = told_splits(pd.DataFrame(index=range(len(pictures))), options, dict(given), ledger)
    splits = split_rows(len(pictures), given=told, seed=options.seed, ledger=ledger)
    note_splits(splits, given, told, options.seed, ledger, how="at random")
    counted = Counter(name for at in splits["train"] for name in pictures[at].classes)
    for name, rows in splits.items():
        if not any(pictures[at].classes for at in rows):
            raise DataError(
                f"The {len(rows):,} pictures of the {name} split hold no box; expected at least "
                "one to learn from and to judge by. Add pictures with boxes."
            )
    classes = in_order(counted)
    learned = np.concatenate([splits["train"], splits["validation"]]).tolist()
    files = [picture.file for picture in pictures]
    headers = [picture.header for picture in pictures]
    framing = fit_framing(files, headers, learned, ledger, filling="grey", words=FRAMED)
    check_memory(framing.pictures, len(files), beside=0, what="")
    encoding = BoxEncoding(framing=framing)
    (pixels,) = encoding.encode(files)
    targets = _encode(encoding, pictures, classes, ledger)
    fitted = with_statistics(framing.pictures, pixels[torch.from_numpy(splits["train"])])
    train, validation, test = (torch.from_numpy(rows) for rows in splits.values())
    counts = tuple(counted[name] for name in classes)
    labels = Labels(_task(classes, counts, ledger), targets, train, validation, test, counts)
    return labelled_data(
        "image",
        labels,
        labelled_rows([pixels], labels, files),
        encoding.with_pictures(fitted),
        source=Source(found.name, tuple(str(p) for p in found.paths), sha256_of(found.paths)),
        ledger=ledger,
    )


def labelled_boxes(found: Found, encoding: BoxEncoding, task: Task, ledger: Ledger) -> Rows:
    """Read pictures and boxes to score a model that is there already."""
    if found.kind != "image-boxes":
        raise DataError(
            f"{found.name!r} holds {found.kind}; to score a model of boxes give a folder of "
            "pictures with annotations.json or boxes.csv."
        )
    pictures, _ = _pictures(found, ledger)
    targets = _encode(encoding, pictures, task.classes, ledger)
    if not bool((targets[:, :, 0] >= 0).any()):
        raise DataError(
            f"{found.name!r} has no box of a class that the model knows "
            f"({', '.join(task.classes[:6])}), so there is nothing to score."
        )
    files = [picture.file for picture in pictures]
    return Rows("evaluate", encoding.encode(files, ledger), targets, files)


def _pictures(found: Found, ledger: Ledger) -> tuple[list[_Picture], dict[str, Index]]:
    """Return all pictures, and the positions of the parts that the source itself names."""
    pictures: list[_Picture] = []
    given: dict[str, Index] = {}
    for name, (source, root) in found.parts.items():
        part = _usable(read_marked(source, root, ledger), source.name, ledger)
        if name != "all":
            given[name] = np.arange(len(pictures), len(pictures) + len(part), dtype=np.int64)
        pictures += part
    note_quirks([picture.header for picture in pictures], ledger)
    empty = sum(not picture.classes for picture in pictures)
    if empty:
        ledger.note("read", found.name, "pictures that hold nothing", empty)
    return pictures, given


def _usable(marked: Sequence[Marked], source: str, ledger: Ledger) -> list[_Picture]:
    """Return the pictures that can be decoded, their boxes within them."""
    pictures: list[_Picture] = []
    counts: Counter[str] = Counter()
    for at, one in enumerate(marked):
        try:
            header = read_header(one.file)
        except Unreadable as error:
            ledger.note("dropped", name_of(one.file, at), f"cannot be decoded: {error}", 1)
            continue
        if one.size is not None and one.size != (header.height, header.width):
            raise DataError(
                f"{source} says that {name_of(one.file, at)} has {one.size[0]} x {one.size[1]} "
                f"pixels (height x width), but it has {header.height} x {header.width}. Scale its "
                "boxes to the picture, or give the picture that they were drawn on."
            )
        pictures.append(_within(one, header, counts))
    if not pictures:
        raise DataError(
            f"None of the {len(marked):,} pictures of {source} can be decoded. Expected files such "
            "as .png or .jpg."
        )
    for what, count in counts.items():
        ledger.note("clipped" if what == CLIPPED else "dropped", source, what, count)
    return pictures


CLIPPED = "boxes cut off at the border of their picture"


def _within(one: Marked, header: Header, counts: Counter[str]) -> _Picture:
    """Cut boxes off at the border; count what is changed and what is left out."""
    boxes = np.array(one.boxes, dtype=np.float64).reshape(-1, 4)
    most = np.array([header.width, header.height] * 2, dtype=np.float64)
    boxes = boxes * most if one.relative else boxes
    inside = np.clip(boxes, 0, most)
    crowd = np.array([name == CROWD for name in one.classes], dtype=bool)
    area = (inside[:, 2] > inside[:, 0]) & (inside[:, 3] > inside[:, 1])  # false of NaN
    kept = area & ~crowd
    found = {
        CLIPPED: kept & (np.abs(boxes - inside) > CUT).any(1),
        "boxes without area in their picture left out": ~area & ~crowd,
        "regions of many things not told apart (iscrowd) left out": crowd,
    }
    counts.update({what: int(hit.sum()) for what, hit in found.items() if hit.any()})
    classes = [name for name, keep in zip(one.classes, kept, strict=True) if keep]
    return _Picture(one.file, header, classes, inside[kept])


def _encode(
    encoding: BoxEncoding, pictures: Sequence[_Picture], classes: Sequence[str], ledger: Ledger
) -> Tensor:
    """Return targets float32 (rows, boxes, 5); boxes of other classes are left out and noted."""
    number = {name: at for at, name in enumerate(classes)}
    strange: Counter[str] = Counter()
    rows = []
    for picture in pictures:
        known = np.array([name in number for name in picture.classes], dtype=bool)
        strange.update(name for name in picture.classes if name not in number)
        ids = np.array([number[n] for n in picture.classes if n in number], dtype=np.int64)
        size = picture.header.height, picture.header.width
        rows.append((ids, encoding.encode_boxes(picture.boxes[known], *size)))
    if strange:
        shown = ", ".join(sorted(strange)[:5])
        what = f"of classes that training does not have, left out: {shown}"
        ledger.note("dropped", "boxes", what, strange.total())
    return pad_boxes(rows)


def _task(classes: tuple[str, ...], counts: Sequence[int], ledger: Ledger) -> Task:
    named: Mapping[str, int] = dict(zip(classes, counts, strict=True))
    shown = ", ".join(f"{name} ({count:,})" for name, count in list(named.items())[:6])
    more = ", ..." if len(classes) > 6 else ""
    ledger.note(
        "guessed", "task", f"detection, boxes of {len(classes)} classes in training: {shown}{more}"
    )
    return Task(
        name="detection", form="detection", target="boxes", classes=classes, outputs=len(classes)
    )
