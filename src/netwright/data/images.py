"""Pictures become Data: class folders, IDX pairs and arrays; one size and mode chosen, unreadable
files named.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from netwright.data.builtin import load_builtin
from netwright.data.class_splits import split_classes
from netwright.data.data import Data, Rows, Source, Split
from netwright.data.formats.idx import read_idx
from netwright.data.image_decoding import Header
from netwright.data.image_encoding import ImageEncoding, name_of
from netwright.data.image_rules import (
    choose_shape,
    drop_equal_channels,
    find_white,
    note_quirks,
    read_headers,
    with_statistics,
)
from netwright.data.image_stream import ImageStream
from netwright.data.kept_encoding import kept_encoding
from netwright.data.labelled import (
    Given,
    Labels,
    join_labelled,
    label_rows,
    labelled_data,
    refuse_columns,
    renumbered,
)
from netwright.data.ledger import Ledger
from netwright.data.memory import data_budget
from netwright.data.options import ReadOptions
from netwright.data.samples import read_samples
from netwright.data.set_aside import SELF
from netwright.data.sources import Found, labelled_files, sha256_of
from netwright.data.task import Form
from netwright.errors import DataError

__all__ = ["image_data", "read_images"]

Index = NDArray[np.int64]

# The longest side of pictures that are compared: a net sees each of them many times.
SIDE_OF_PAIRS = {"L": 32, "RGB": 64}
# Of more pictures than this only the headers are read before training, not every pixel.
CHECKED = 20_000
# How many pictures give mean and deviation when not all of them are in memory.
SAMPLE = 2_000


def read_images(found: Found, options: ReadOptions, ledger: Ledger) -> Data:
    """Read class folders of pictures, a folder of pictures alone (to be rebuilt or drawn), an IDX
    pair for each split, or the built-in digits."""
    if found.kind != "builtin":
        refuse_columns(options, found.name)
    source = Source(found.name, tuple(str(p) for p in found.paths), sha256_of(found.paths))
    if found.kind == "builtin":
        digits = load_builtin(found.name, options.seed)
        return image_data(
            digits.images,
            digits.targets,
            target=digits.target,
            source=source,
            options=options,
            ledger=ledger,
        )
    if found.kind == "flat-images":
        files, _ = read_samples(found, "image", ledger)
        return image_data(
            files, [""] * len(files), target="", source=source, options=options, ledger=ledger
        )
    if found.kind == "idx":
        pairs = {name: _read_pair(*files) for name, files in found.parts.items()}
        shapes = {images.shape[1:] for images, _ in pairs.values()}
        if len(shapes) > 1:
            raise DataError(
                "The pictures of the splits differ in size: "
                f"{', '.join(map(str, sorted(shapes)))}. "
                "IDX files of one data set have one size; check that they belong together."
            )
        labels, given = join_labelled({n: list(y.astype(str)) for n, (_, y) in pairs.items()})
        images = [images for images, _ in pairs.values()]
        whole = images[0] if len(images) == 1 else np.concatenate(images)
        return image_data(whole, labels, given=given, source=source, options=options, ledger=ledger)
    named = {name: labelled_files(found, name) for name in found.parts}
    labels, given = join_labelled({n: [label for _, label in part] for n, part in named.items()})
    raw = [path for part in named.values() for path, _ in part]
    return image_data(raw, labels, given=given, source=source, options=options, ledger=ledger)


def _read_pair(images: Path, labels: Path) -> tuple[NDArray[Any], NDArray[Any]]:
    pixels, classes = read_idx(images), read_idx(labels)
    if pixels.ndim < 3 or classes.ndim != 1:
        raise DataError(
            f"{images.name} has shape {pixels.shape} and {labels.name} {classes.shape}; expected "
            "pictures (rows, height, width) and labels (rows,)."
        )
    if len(pixels) != len(classes):
        raise DataError(
            f"{images.name} holds {len(pixels):,} pictures and {labels.name} {len(classes):,} "
            "labels. "
            "Expected one label a picture; check that the files belong together."
        )
    return pixels, classes


def image_data(
    raw: Any,
    labels: Sequence[str],
    *,
    source: Source,
    options: ReadOptions,
    ledger: Ledger,
    given: Given | None = None,
    target: str = "class",
    budget: int | None = None,
) -> Data:
    """Build Data from pictures (a list of files, PIL images or arrays, or one array of all) and
    their labels.

    given: rows of splits that the source itself names. budget: bytes that decoded pictures may take
    before they are streamed from their files instead; by default a share of the free memory.
    """
    headers = read_headers(raw)
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
    # Size and white level are fitted: rows that are only tested do not vote.
    tested = set(given["test"].tolist()) if given and "test" in given else set()
    voting = [at for at in kept.tolist() if at not in tested] or kept.tolist()
    chosen = [header for at in voting if isinstance(header := headers[at], Header)]
    alike = options.task == "similarity"
    known = kept_encoding(options, "image", ledger)
    if known is not None:
        encoding = ImageEncoding.from_dict(known, {})
    else:
        mode, height, width = choose_shape(chosen, ledger, most=SIDE_OF_PAIRS if alike else None)
        white = find_white([raw[at] for at in voting], chosen, ledger)
        encoding = ImageEncoding(
            mode=mode, height=height, width=width, mean=(0.0,) * (1 if mode == "L" else 3),
            std=(1.0,) * (1 if mode == "L" else 3), white=white,
        )  # fmt: skip
    height, width = encoding.height, encoding.width
    size = len(kept) * encoding.in_channels * height * width
    limit = data_budget() if budget is None else budget
    streamed = size > limit and all(isinstance(raw[at], str | Path) for at in kept[:1])
    stored: Tensor | None = None
    if not streamed:
        stored, kept = _decode_rows(encoding, raw, kept, refused)
    elif len(kept) <= CHECKED:
        kept = _check_rows(encoding, raw, kept, refused)
    _note_refused(raw, refused, ledger)
    note_quirks([h for h in (headers[at] for at in kept) if isinstance(h, Header)], ledger)
    if streamed:
        ledger.note(
            "read",
            "pictures",
            f"{size / 1e6:,.0f} MB decoded are more than the {limit / 1e6:,.0f} MB allowed: "
            "decoded batch by batch while training",
            len(kept),
        )
    if alike and streamed:
        raise DataError(
            f"{len(kept):,} pictures take {size / 1e6:,.0f} MB decoded, more than the "
            f"{limit / 1e6:,.0f} MB allowed; batches of pairs need all of them in memory. Give "
            "fewer."
        )
    own, places = [labels[at] for at in kept], renumbered(given, kept.tolist())
    if alike:
        rows = split_classes(own, given=places, target=target, options=options, ledger=ledger)
    else:
        rows = label_rows(
            own,
            given=places,
            target=target,
            name="image-classification",
            options=options,
            ledger=ledger,
        )
    if stored is not None:
        if known is None:
            stored, encoding = drop_equal_channels(stored, encoding, ledger)
            encoding = _scaled(encoding, stored[rows.fitted()], rows.task.form)
        _note_duplicates(stored, rows, ledger)
        splits: Mapping[str, Split] = _in_memory(stored, raw, kept, rows)
    else:
        if known is None:
            some = rows.train[:: max(1, len(rows.train) // SAMPLE)]
            (pixels,), _ = encoding.encode_some([raw[kept[at]] for at in some])
            encoding = _scaled(encoding, pixels, rows.task.form)
        splits = _streamed(encoding, raw, kept, rows, ledger)
    return labelled_data("image", rows, splits, encoding, source=source, ledger=ledger)


def _scaled(encoding: ImageEncoding, pixels: Tensor, form: Form) -> ImageEncoding:
    """Return the encoding that standardises by training pixels; pictures that are rebuilt go from 0
    to 1, and pictures that are drawn from -1 to 1."""
    if form in SELF:
        return encoding.in_range(0.0 if form == "reconstruction" else -1.0, 1.0)
    return with_statistics(encoding, pixels)


def _decode_rows(
    encoding: ImageEncoding, raw: Any, kept: Index, refused: dict[int, str]
) -> tuple[Tensor, Index]:
    """Return the pixels of the rows `kept` and those that could be decoded; adds to `refused`."""
    whole = raw if isinstance(raw, np.ndarray) else [raw[at] for at in kept]
    pixels, read, broken = encoding.decode_rows(whole)
    refused.update({int(kept[at]): why for at, why in broken.items()})
    return pixels, kept[read.numpy()]


def _check_rows(encoding: ImageEncoding, raw: Any, kept: Index, refused: dict[int, str]) -> Index:
    """Decode every file once, a few hundred at a time, so that broken ones are known before
    training.
    """
    pieces = [kept[at : at + 256] for at in range(0, len(kept), 256)]
    return np.concatenate([_decode_rows(encoding, raw, piece, refused)[1] for piece in pieces])


def _note_refused(raw: Any, refused: Mapping[int, str], ledger: Ledger) -> None:
    if not refused:
        return
    ledger.note("dropped", "pictures", "files that cannot be decoded, left out", len(refused))
    for at, reason in sorted(refused.items())[:20]:
        ledger.note("dropped", name_of(raw[at], at), reason, 1)


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


def _streamed(
    encoding: ImageEncoding, raw: Any, kept: Index, rows: Labels, ledger: Ledger
) -> Mapping[str, Split]:
    splits: dict[str, Split] = {}
    for name, index in rows.splits().items():
        where = kept[index.numpy()]
        if name != "train" and len(kept) > CHECKED:
            # Of so many only headers were read. Training can leave a broken one out of its batch;
            # scores need every row.
            refused: dict[int, str] = {}
            whole = _check_rows(encoding, raw, where, refused)
            _note_refused(raw, refused, ledger)
            index = index[torch.from_numpy(np.isin(where, whole))]
            where = whole
        files = tuple(Path(raw[at]) for at in where)
        splits[name] = ImageStream(name, files, rows.ids[index], encoding, torch.from_numpy(where))
    return splits


def _in_memory(stored: Tensor, raw: Any, kept: Index, rows: Labels) -> Mapping[str, Split]:
    positions = torch.from_numpy(kept)
    splits: dict[str, Split] = {}
    for name, index in rows.splits().items():
        pixels = stored[index]
        if isinstance(raw, np.ndarray):
            some: Any = pixels.numpy()  # the same memory, not a second copy
        else:
            some = [raw[at] for at in kept[index.numpy()]]
        splits[name] = Rows(name, (pixels,), rows.ids[index], some, positions[index])
    return splits
