"""Pictures become Data: class folders, IDX pairs and arrays; one size and mode chosen, unreadable
files named.
"""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from netwright.data.data import Data, Rows, Source, Split
from netwright.data.image_decoding import (
    Header,
    Mode,
    Unreadable,
    deepest_value,
    quiet_pillow,
    read_header,
)
from netwright.data.image_encoding import ImageEncoding, in_threads, name_of
from netwright.data.image_stream import ImageStream
from netwright.data.labelled import Labels, label_rows
from netwright.data.ledger import Ledger
from netwright.data.memory import data_budget
from netwright.data.options import ReadOptions
from netwright.errors import DataError

__all__ = ["image_data"]

# The longest side that pictures keep, by how many there are: what two CPU cores train on in
# minutes.
LONGEST = ((2_000, 128), (10_000, 96), (math.inf, 64))
# Of more pictures than this only the headers are read before training, not every pixel.
CHECKED = 20_000
# How many pictures give mean and deviation when not all of them are in memory.
SAMPLE = 2_000


def image_data(
    raw: Any,
    labels: Sequence[str],
    *,
    source: Source,
    options: ReadOptions,
    ledger: Ledger,
    given: Mapping[str, NDArray[np.int64]] | None = None,
    target: str = "class",
    budget: int | None = None,
) -> Data:
    """Build Data from pictures (a list of files, PIL images or arrays, or one array of all) and
    their labels.

    given: rows of splits that the source itself names. budget: bytes that decoded pictures may take
    before they are streamed from their files instead; by default a share of the free memory.
    """
    headers = _headers(raw)
    kept = np.array([at for at, h in enumerate(headers) if isinstance(h, Header)], dtype=np.int64)
    refused = {at: str(h) for at, h in enumerate(headers) if not isinstance(h, Header)}
    good = [h for h in headers if isinstance(h, Header)]
    if not good:
        first = next(iter(refused.items()), None)
        why = f": {name_of(raw[first[0]], first[0])} {first[1]}" if first else ""
        raise DataError(
            f"None of the {len(headers):,} pictures in {source.name} can be decoded{why}. "
            "Expected files such as .png or .jpg in a folder for each class."
        )
    mode, height, width = _shape(good, ledger)
    white = _white([raw[at] for at in kept], good, ledger)
    encoding = ImageEncoding(
        mode=mode, height=height, width=width, mean=(0.0,) * (1 if mode == "L" else 3),
        std=(1.0,) * (1 if mode == "L" else 3), white=white,
    )  # fmt: skip
    size = len(kept) * encoding.in_channels * height * width
    limit = data_budget() if budget is None else budget
    streamed = size > limit and all(isinstance(raw[at], str | Path) for at in kept[:1])
    stored: Tensor | None = None
    if not streamed:
        (stored,), read = _decode_all(encoding, raw, kept, refused)
        kept = kept[read.numpy()]
    elif len(kept) <= CHECKED:
        kept = _check_all(encoding, raw, kept, refused)
    _note_refused(raw, refused, ledger)
    _note_quirks([h for h in headers if isinstance(h, Header)], ledger)
    if streamed:
        ledger.note(
            "read",
            "pictures",
            f"{size / 1e6:,.0f} MB decoded are more than the {limit / 1e6:,.0f} MB allowed: "
            "decoded batch by batch while training",
            len(kept),
        )
    rows = label_rows(
        [labels[at] for at in kept],
        given=_renumber(given, kept),
        target=target,
        name="image-classification",
        options=options,
        ledger=ledger,
    )
    if stored is not None:
        stored, encoding = _drop_equal_channels(stored, encoding, ledger)
        encoding = _with_statistics(encoding, stored[rows.train])
        _note_duplicates(stored, rows, ledger)
        splits = _in_memory(stored, raw, kept, rows)
    else:
        some = rows.train[:: max(1, len(rows.train) // SAMPLE)]
        (pixels,), _ = encoding.encode_some([raw[kept[at]] for at in some])
        encoding = _with_statistics(encoding, pixels)
        splits = {
            name: ImageStream(
                name,
                tuple(Path(raw[kept[at]]) for at in index),
                rows.ids[index],
                encoding,
                torch.from_numpy(kept)[index],
            )
            for name, index in rows.splits().items()
        }
    return Data(
        kind="image",
        task=rows.task,
        encoding=encoding,
        train=splits["train"],
        validation=splits["validation"],
        test=splits["test"],
        source=source,
        ledger=ledger,
        class_counts=rows.counts,
    )


def _headers(raw: Any) -> list[Header | Unreadable]:
    if isinstance(raw, np.ndarray):
        # All rows of one array share its shape and type.
        try:
            return [read_header(raw[0])] * len(raw) if len(raw) else []
        except Unreadable as error:
            raise DataError(f"The pictures cannot be used: {error}.") from error
    with quiet_pillow():
        return in_threads(_header, raw)


def _header(item: Any) -> Header | Unreadable:
    try:
        return read_header(item)
    except Unreadable as error:
        return error


def _shape(headers: Sequence[Header], ledger: Ledger) -> tuple[Mode, int, int]:
    """Choose mode, height and width; note what that means for pictures that are different."""
    mode: Mode = "L" if all(h.grey for h in headers) else "RGB"
    if mode == "RGB" and (grey := sum(h.grey for h in headers)):
        ledger.note("encoded", "pictures", "grey ones among colour ones, read as RGB", grey)
    sizes = Counter((h.height, h.width) for h in headers)
    longest = next(side for count, side in LONGEST if len(headers) <= count)
    if len(sizes) == 1:
        height, width = next(iter(sizes))
    else:
        height = int(np.median([h.height for h in headers]))
        width = int(np.median([h.width for h in headers]))
        if 0.75 <= height / width <= 1.34:  # about square: both ways up are then treated alike
            height = width = min(height, width)
    factor = min(1.0, longest / max(height, width))
    chosen = max(8, round(height * factor)), max(8, round(width * factor))
    changed = len(headers) - sizes[chosen]
    if changed:
        smallest, largest = min(sizes), max(sizes)
        seen = f"{smallest[0]} x {smallest[1]}"
        if len(sizes) > 1:
            seen += f" to {largest[0]} x {largest[1]}"
        ledger.note(
            "encoded",
            "pictures",
            f"of {seen} pixels (height x width), scaled to {chosen[0]} x {chosen[1]}; "
            "what does not fit the shape is cut off evenly",
            changed,
        )
    return mode, *chosen


def _white(raw: Sequence[Any], headers: Sequence[Header], ledger: Ledger) -> int:
    """Find the white level of pictures with more than 8 bits: the next of 255, 511, ... 65535 above
    their brightest.
    """
    deep = [item for item, header in zip(raw, headers, strict=True) if header.deep]
    if not deep:
        return 65535
    with quiet_pillow():
        tops = [top for top in in_threads(_top, deep) if top is not None]
    white = min(2 ** max(8, max(tops, default=65535).bit_length()) - 1, 65535)
    ledger.note("encoded", "pictures", f"16-bit ones scaled so that {white} is white", len(deep))
    return white


def _top(item: Any) -> int | None:
    try:
        return deepest_value(item)
    except Unreadable:
        return None  # refused by name when it is decoded


def _decode_all(
    encoding: ImageEncoding, raw: Any, kept: NDArray[np.int64], refused: dict[int, str]
) -> tuple[tuple[Tensor, ...], Tensor]:
    whole = raw if isinstance(raw, np.ndarray) else [raw[at] for at in kept]
    notes = Ledger()
    inputs, read = encoding.encode_some(whole, notes)
    broken = sorted(set(range(len(kept))) - set(read.tolist()))
    for at, entry in zip(broken, notes, strict=True):
        refused[int(kept[at])] = entry.what.removeprefix("cannot be decoded: ")
    return inputs, read


def _check_all(
    encoding: ImageEncoding, raw: Any, kept: NDArray[np.int64], refused: dict[int, str]
) -> NDArray[np.int64]:
    """Decode every file once, a few hundred at a time, so that broken ones are known before
    training.
    """
    good = []
    for at in range(0, len(kept), 256):
        piece = kept[at : at + 256]
        _, read = _decode_all(encoding, raw, piece, refused)
        good.append(piece[read.numpy()])
    return np.concatenate(good)


def _note_refused(raw: Any, refused: Mapping[int, str], ledger: Ledger) -> None:
    if not refused:
        return
    ledger.note("dropped", "pictures", "files that cannot be decoded, left out", len(refused))
    for at, reason in sorted(refused.items())[:20]:
        ledger.note("dropped", name_of(raw[at], at), reason, 1)


def _note_quirks(headers: Sequence[Header], ledger: Ledger) -> None:
    for quirk, count in Counter(quirk for h in headers for quirk in h.quirks).items():
        ledger.note("encoded", "pictures", quirk, count)


def _drop_equal_channels(
    stored: Tensor, encoding: ImageEncoding, ledger: Ledger
) -> tuple[Tensor, ImageEncoding]:
    """Grey pictures saved as RGB need one channel, a third of the first layer's work."""
    if encoding.mode == "L":
        return stored, encoding
    for rows in stored.split(256):
        if not (torch.equal(rows[:, 0], rows[:, 1]) and torch.equal(rows[:, 1], rows[:, 2])):
            return stored, encoding
    ledger.note("encoded", "pictures", "saved as RGB, all grey: one channel kept", len(stored))
    grey = ImageEncoding(
        mode="L", height=encoding.height, width=encoding.width, mean=(0.0,), std=(1.0,),
        white=encoding.white,
    )  # fmt: skip
    return stored[:, :1].contiguous(), grey


def _with_statistics(encoding: ImageEncoding, pixels: Tensor) -> ImageEncoding:
    """Return the encoding with the mean and deviation of training pixels, uint8 (rows, channels,
    height, width).
    """
    total = torch.zeros(encoding.in_channels, dtype=torch.float64)
    squares = torch.zeros(encoding.in_channels, dtype=torch.float64)
    for rows in pixels.split(4096):
        values = rows.transpose(0, 1).flatten(1).to(torch.float32)
        total += values.mean(1, dtype=torch.float64) * values.shape[1]
        squares += values.square_().mean(1, dtype=torch.float64) * values.shape[1]
    count = pixels.numel() / encoding.in_channels
    mean = total / count
    std = (squares / count - mean.square()).clamp_min(0).sqrt()
    return ImageEncoding(
        mode=encoding.mode,
        height=encoding.height,
        width=encoding.width,
        mean=tuple(round(m, 4) for m in mean.tolist()),
        std=tuple(round(s, 4) if s > 1e-3 else 1.0 for s in std.tolist()),
        white=encoding.white,
    )


def _note_duplicates(stored: Tensor, rows: Labels, ledger: Ledger) -> None:
    """Say how many test and validation pictures are, pixel for pixel, among the training ones:
    their score flatters.
    """
    pixels = stored.numpy()
    seen = {pixels[at].tobytes() for at in rows.train.tolist()}
    for name, index in (("validation", rows.validation), ("test", rows.test)):
        count = sum(pixels[at].tobytes() in seen for at in index.tolist())
        if count:
            ledger.note("warned", name, "pictures that are also among the training ones", count)


def _in_memory(
    stored: Tensor, raw: Any, kept: NDArray[np.int64], rows: Labels
) -> Mapping[str, Split]:
    positions = torch.from_numpy(kept)
    splits = {}
    for name, index in rows.splits().items():
        where = kept[index.numpy()]
        some = raw[where] if isinstance(raw, np.ndarray) else [raw[at] for at in where]
        splits[name] = Rows(name, (stored[index],), rows.ids[index], some, positions[index])
    return splits


def _renumber(
    given: Mapping[str, NDArray[np.int64]] | None, kept: NDArray[np.int64]
) -> Mapping[str, NDArray[np.int64]] | None:
    """Positions among all rows -> positions among those kept."""
    if given is None:
        return None
    place = {int(old): new for new, old in enumerate(kept)}
    return {
        name: np.array([place[int(at)] for at in index if int(at) in place], dtype=np.int64)
        for name, index in given.items()
    }
