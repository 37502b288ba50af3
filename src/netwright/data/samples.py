"""Samples: rows of any kind of source as they are, in the source's order, with labels where it has
them.

What `predict` and `evaluate` read for a model that is there already: nothing is guessed or fitted.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from netwright.data.arrays import read_arrays
from netwright.data.builtin import load_builtin
from netwright.data.data import Kind, several
from netwright.data.formats.conll import read_conll
from netwright.data.formats.idx import read_idx
from netwright.data.formats.tables import read_table
from netwright.data.formats.text import lines_of, read_text
from netwright.data.formats.ts import read_ts
from netwright.data.ledger import Ledger
from netwright.data.listing import Role, list_folder
from netwright.data.sound_table import list_sounds
from netwright.data.sources import Found, labelled_files
from netwright.data.videos import labelled_clips
from netwright.errors import DataError

__all__ = ["read_frame", "read_samples"]

Samples = tuple[Any, list[str] | None]


def read_frame(
    found: Found, ledger: Ledger, *, expect: Sequence[str] = (), seed: int = 0
) -> pd.DataFrame:
    """Return all rows of a table, its parts one below the other. expect: columns a header should
    name."""
    if found.kind == "builtin":
        frame = load_builtin(found.name, seed).frame
        if frame is None:
            raise DataError(
                f"The built-in {found.name!r} is no table; the model was trained on one."
            )
        return frame
    if found.kind != "table":
        raise DataError(
            f"{found.name!r} holds {found.kind}; the model was trained on a table. Give a file "
            "such as .csv."
        )
    frames = [
        read_table(path, ledger, expect=expect) for part in found.parts.values() for path in part
    ]
    return frames[0] if len(frames) == 1 else pd.concat(frames, ignore_index=True)


def read_samples(found: Found, kind: Kind, ledger: Ledger, *, target: str | None = None) -> Samples:
    """Return (raw rows, labels or None) of a source of images, texts or series. target: the column
    of the labels, where a table beside sounds has them."""
    readers = READERS[kind]
    if found.kind not in readers:
        raise DataError(
            f"{found.name!r} holds {found.kind}; the model was trained on {several(kind)}. "
            f"Expected one of: {', '.join(readers)}."
        )
    if found.kind == "audio-transcripts":
        return _listed_sounds(found, ledger, target)
    return readers[found.kind](found, ledger)


def _files(found: Found) -> list[tuple[Path, str]]:
    return [pair for part in found.parts for pair in labelled_files(found, part)]


def _labelled_files(found: Found, ledger: Ledger) -> Samples:
    files = _files(found)
    return [path for path, _ in files], [label for _, label in files]


def _masked_images(found: Found, ledger: Ledger) -> Samples:
    folders = [parts[0] for parts in found.parts.values()]
    return [entry.path for folder in folders for entry in list_folder(folder).of("image")], None


def _marked_images(found: Found, ledger: Ledger) -> Samples:
    """Pictures that lie beside files of boxes, whether those name them or not."""
    folders = dict.fromkeys(root for _, root in found.parts.values())
    return [entry.path for folder in folders for entry in list_folder(folder).of("image")], None


def _flat_images(found: Found, ledger: Ledger) -> Samples:
    return _flat_files(found, "image"), None


def _flat_sounds(found: Found, ledger: Ledger) -> Samples:
    return _flat_files(found, "audio"), None


def _listed_sounds(found: Found, ledger: Ledger, target: str | None = None) -> Samples:
    parts = [list_sounds(found, part, ledger, told=target, wanted=False) for part in found.parts]
    labels = [word for part in parts for word in part.words]
    return [file for part in parts for file in part.files], labels if parts[0].column else None


def _flat_files(found: Found, role: Role) -> list[Path]:
    paths = []
    for part in found.parts.values():
        for path in part:
            inside = list_folder(path).of(role) if path.is_dir() else None
            paths += [path] if inside is None else sorted(entry.path for entry in inside)
    return paths


def _idx(found: Found, ledger: Ledger) -> Samples:
    if any(len(files) != 2 for files in found.parts.values()):
        return read_idx(next(iter(found.parts.values()))[0]), None
    pairs = [(read_idx(images), read_idx(labels)) for images, labels in found.parts.values()]
    raw = np.concatenate([images for images, _ in pairs])
    return raw, [str(label) for _, labels in pairs for label in labels]


def _builtin_images(found: Found, ledger: Ledger) -> Samples:
    builtin = load_builtin(found.name)
    if builtin.images is None:
        raise DataError(
            f"The built-in {found.name!r} holds no images; the model was trained on images."
        )
    return builtin.images, list(builtin.targets)


def _text_folder(found: Found, ledger: Ledger) -> Samples:
    files = _files(found)
    return [read_text(path, ledger) for path, _ in files], [label for _, label in files]


def _text_lines(found: Found, ledger: Ledger) -> Samples:
    texts, labels = [], []
    for part in found.parts.values():
        for path in part:
            lines = [line.strip() for line in read_text(path, ledger).splitlines() if line.strip()]
            texts += lines
            labels += [path.name.removesuffix(".gz").removesuffix(path.suffix)] * len(lines)
    return texts, labels


def _corpus(found: Found, ledger: Ledger) -> Samples:
    """A text alone: each line that is not blank is a sample."""
    texts, _ = _text_lines(found, ledger)
    ledger.note("read", found.name, "each line that is not blank is a text", len(texts))
    return texts, None


def _plain_lines(found: Found, ledger: Ledger) -> Samples:
    """Every line is a row, also an empty one, so that answers stand beside their lines."""
    files = [path for part in found.parts.values() for path in part]
    return [line for path in files for line in lines_of(read_text(path, ledger))], None


def _first_of_pair(found: Found, ledger: Ledger) -> Samples:
    files = [path for part in found.parts.values() for path in part]
    return [line for path in files[::2] for line in lines_of(read_text(path, ledger))], None


def _conll(found: Found, ledger: Ledger) -> Samples:
    files = [path for part in found.parts.values() for path in part]
    return [one.tokens for path in files for one in read_conll(path, ledger)], None


def _ts(found: Found, ledger: Ledger) -> Samples:
    parts = [read_ts(files[0]) for files in found.parts.values()]
    values = [row for part in parts for row in part.values]
    if any(part.labels is None for part in parts):
        return values, None
    return values, [label for part in parts for label in part.labels or ()]


def _npz(found: Found, ledger: Ledger) -> Samples:
    arrays = read_arrays(found, ledger)
    raw = np.concatenate([part.inputs for part in arrays.parts.values()])
    labels = [part.targets for part in arrays.parts.values()]
    if any(part is None for part in labels):
        return raw, None
    return raw, [str(label) for part in labels if part is not None for label in part]


def _clips(found: Found, ledger: Ledger) -> Samples:
    clips = [pair for part in found.parts for pair in labelled_clips(found, part)]
    known = any(label for _, label in clips)
    return [path for path, _ in clips], [label for _, label in clips] if known else None


Reader = Callable[[Found, Ledger], Samples]

READERS: dict[str, dict[str, Reader]] = {
    "image": {
        "image-folder": _labelled_files,
        "flat-images": _flat_images,
        "image-masks": _masked_images,
        "image-boxes": _marked_images,
        "idx": _idx,
        "npz": _npz,
        "builtin": _builtin_images,
    },
    "audio": {
        "audio-folder": _labelled_files,
        "audio-transcripts": _listed_sounds,
        "flat-audio": _flat_sounds,
    },
    "video": {
        "video-folder": _clips,
        "image-folder": _clips,
        "flat-clips": _clips,
        "flat-images": _clips,
    },
    "text": {"text-folder": _text_folder, "text-lines": _text_lines, "corpus": _corpus},
    "sentence": {"conll": _conll, "corpus": _plain_lines},
    "text-pair": {"corpus": _plain_lines, "line-pair": _first_of_pair},
    "series": {"ts": _ts, "npz": _npz},
    # A list of words may look like a table of one column.
    "words": {"corpus": _corpus, "table": _corpus},
}
