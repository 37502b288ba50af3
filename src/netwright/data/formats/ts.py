"""The .ts format of the UCR and UEA time series archives, as sktime and aeon write it.

Header lines `@key value`, then after `@data` one series a line: channels separated by ":", values
by ",", the class label last, "?" for a missing value. http://www.timeseriesclassification.com
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from netwright.errors import DataError

FloatArray = NDArray[np.float32]


@dataclass(frozen=True)
class Series:
    """The content of one file. values: one (time, channels) array a series, NaN where missing.
    labels: None without classes.
    """

    name: str
    values: list[FloatArray]
    labels: list[str] | None
    classes: tuple[str, ...] = ()


def read_ts(path: Path) -> Series:
    """Read one .ts file; a line that breaks the format is a DataError with its number."""
    text = path.read_text(encoding="utf-8-sig", errors="replace")
    header: dict[str, str] = {}
    values: list[FloatArray] = []
    labels: list[str] = []
    labelled, in_data = False, False
    for number, line in enumerate(text.splitlines(), 1):
        line = line.strip()
        if not line or line.startswith(("#", "%")):
            continue
        if in_data:
            fields = line.split(":")
            if labelled:
                labels.append(fields.pop().strip())
            values.append(_channels(fields, path.name, number))
            if len(values) > 1 and values[-1].shape[1] != values[0].shape[1]:
                raise DataError(
                    f"{path.name}, line {number}: {values[-1].shape[1]} channels where the first "
                    "series "
                    f"has {values[0].shape[1]}. All series need the same channels; mend or remove "
                    "the line."
                )
        elif line.startswith("@"):
            key, _, rest = line[1:].partition(" ")
            header[key.lower()] = rest.strip()
            in_data = key.lower() == "data"
            if in_data:
                _check_header(header, path.name)
                labelled = header.get("classlabel", "false").lower().startswith("true")
        else:
            raise DataError(
                f"{path.name}, line {number}: {line[:40]!r} stands before @data. A .ts file begins "
                "with "
                "lines such as '@problemName X' and '@classLabel true a b', then '@data'."
            )
    if not values:
        raise DataError(
            f"{path.name} holds no series after its header; expected one a line after '@data'."
        )
    classes = tuple(header.get("classlabel", "").split()[1:]) if labelled else ()
    if classes and (strange := sorted(set(labels) - set(classes))):
        row = labels.index(strange[0]) + 1
        raise DataError(
            f"{path.name}, series {row}: label {strange[0]!r} is not among the classes its header "
            "lists "
            f"({', '.join(classes)}). Mend the label or the header."
        )
    return Series(
        header.get("problemname", path.stem), values, labels if labelled else None, classes
    )


def _check_header(header: dict[str, str], name: str) -> None:
    if header.get("timestamps", "false").lower() == "true":
        raise DataError(
            f"{name} has '@timeStamps true': values with their own time stamps. Only evenly "
            "sampled series "
            "are read; resample them and write '@timeStamps false'."
        )
    if header.get("targetlabel", "false").lower().startswith("true"):
        raise DataError(
            f"{name} has '@targetLabel true': a number to predict for each series. Only "
            "'@classLabel' is read."
        )


def _channels(fields: list[str], name: str, number: int) -> FloatArray:
    """["1,2,?", "4,5,6"] -> (time, channels); channels of one series that differ in length are
    filled with NaN.
    """
    channels = []
    for text in fields:
        cells = text.replace("?", "nan").split(",") if text.strip() else []
        try:
            channels.append(np.array(cells, dtype=np.float32))
        except ValueError as error:
            raise DataError(
                f"{name}, line {number}: {error}. Expected numbers separated by commas, '?' for a "
                "missing "
                "one, ':' between channels and before the class label."
            ) from error
    longest = max((len(c) for c in channels), default=0)
    if longest == 0:
        raise DataError(f"{name}, line {number}: the series is empty. Remove the line.")
    out = np.full((longest, len(channels)), np.nan, dtype=np.float32)
    for at, channel in enumerate(channels):
        out[: len(channel), at] = channel
    return out
