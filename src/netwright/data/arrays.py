"""Arrays: an .npz of inputs and targets, for one split or several.

Inputs are called x, data, inputs, features, images or series, targets y, label(s), target(s) or
class(es); x_train, y_test and the like name splits. What rows of inputs are follows from their
shape: (columns,) a table; (height, width) of bytes or with 1, 3 or 4 channels after or before them
images; (time, channels) series. Pickled objects are refused.
"""

import re
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from netwright.data.ledger import Ledger
from netwright.data.sources import Found
from netwright.errors import DataError

__all__ = ["DAMAGED", "ArrayPart", "Arrays", "arrays_as_frames", "read_arrays"]

Kind = Literal["table", "image", "series"]

# What numpy raises of pickled objects and of files that are cut off or changed within.
# NotImplementedError is zipfile's word for a way of packing that it does not know.
DAMAGED = (ValueError, OSError, EOFError, NotImplementedError, zipfile.BadZipFile, zlib.error)

_INPUTS = {"x", "data", "input", "inputs", "feature", "features", "image", "images", "series"}
_TARGETS = {"y", "label", "labels", "target", "targets", "class", "classes"}
_SPLITS = {
    "train": "train", "training": "train",
    "val": "validation", "valid": "validation", "validation": "validation", "dev": "validation",
    "test": "test", "testing": "test",
}  # fmt: skip


@dataclass(frozen=True)
class ArrayPart:
    """inputs: (rows, ...). targets: (rows,) or (rows, outputs), None where the file has none."""

    inputs: NDArray[Any]
    targets: NDArray[Any] | None


@dataclass(frozen=True)
class Arrays:
    """parts: "all", or "train", "validation" and "test" where named."""

    kind: Kind
    parts: Mapping[str, ArrayPart]


def read_arrays(found: Found, ledger: Ledger) -> Arrays:
    """Read the .npz files of a source."""
    parts: dict[str, ArrayPart] = {}
    for part, files in found.parts.items():
        for name, arrays in _in_file(files[0]).items():
            parts[name if name != "all" else part] = arrays
    parts = {name: parts[name] for name in ("all", "train", "validation", "test") if name in parts}
    if not parts.keys() & {"all", "train"}:
        raise DataError(
            f"{found.name} names {', '.join(parts)} arrays but none to train on; expected x and y, "
            "or x_train and "
            "y_train."
        )
    shapes = {part.inputs.shape[1:] for part in parts.values()}
    first = next(iter(parts.values())).inputs
    if len(shapes) > 1:
        raise DataError(
            f"The splits of {found.name} differ in shape: {', '.join(map(str, sorted(shapes)))}. "
            "Expected rows of one "
            "shape."
        )
    kind = _kind(first, found.name)
    ledger.note("guessed", found.name, f"{kind} rows, from inputs of shape {first.shape}")
    return Arrays(kind, parts)


def _in_file(path: Path) -> dict[str, ArrayPart]:
    try:
        # numpy leaves a file open that it cannot read; this one is closed here.
        with path.open("rb") as content, np.load(content, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
    except DAMAGED as error:
        raise DataError(
            f"{path.name} holds Python objects or damaged arrays ({error}). Expected plain arrays "
            "of numbers or words; "
            "save them with np.savez without dtype=object."
        ) from error
    inputs: dict[str, NDArray[Any]] = {}
    targets: dict[str, NDArray[Any]] = {}
    for name, array in arrays.items():
        words = [w for w in re.split(r"[^a-z]+", name.lower()) if w]
        split = next((_SPLITS[w] for w in words if w in _SPLITS), "all")
        rest = {w for w in words if w not in _SPLITS}
        if rest & _INPUTS:
            inputs[split] = array
        elif rest & _TARGETS:
            targets[split] = array
    if not inputs:
        names = ", ".join(f"{name} {array.shape}" for name, array in arrays.items()) or "no array"
        raise DataError(
            f"{path.name} holds {names}; expected inputs called x and targets called y (or "
            "x_train, y_train, x_test, "
            "y_test)."
        )
    for split, array in inputs.items():
        labels = targets.get(split)
        if array.ndim < 2 or not len(array) or (labels is not None and len(labels) != len(array)):
            told = f"{len(labels):,} targets" if labels is not None else "no targets"
            raise DataError(
                f"{path.name}: the {split} inputs have shape {array.shape} and {told}. Expected "
                "(rows, ...) and a target for each row."
            )
    return {split: ArrayPart(array, targets.get(split)) for split, array in inputs.items()}


def _kind(inputs: NDArray[Any], name: str) -> Kind:
    if inputs.ndim == 2:
        return "table"
    if inputs.ndim == 3:
        return "image" if inputs.dtype == np.uint8 else "series"
    if inputs.ndim == 4 and (inputs.shape[-1] in (1, 3, 4) or inputs.shape[1] in (1, 3)):
        return "image"
    raise DataError(
        f"{name} has inputs of shape {inputs.shape}. Expected (rows, columns), (rows, height, "
        "width) of "
        "bytes, (rows, height, width, channels), or (rows, time, channels)."
    )


def arrays_as_frames(arrays: Arrays) -> dict[str, pd.DataFrame]:
    """Return each part of a table of arrays as a DataFrame: x1, x2, ... and target (or target_1,
    ...).
    """
    frames = {}
    for name, part in arrays.parts.items():
        columns = [f"x{number}" for number in range(1, part.inputs.shape[1] + 1)]
        frame = pd.DataFrame(part.inputs, columns=columns)
        if part.targets is not None:
            targets = part.targets.reshape(len(part.targets), -1)
            several = targets.shape[1] > 1
            for at in range(targets.shape[1]):
                frame[f"target_{at + 1}" if several else "target"] = targets[:, at]
        frames[name] = frame
    return frames
