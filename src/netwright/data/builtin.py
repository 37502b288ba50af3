"""Data sets that need no download: those inside scikit-learn, and small generated ones with a known
shape.
"""

import importlib.util
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from netwright.errors import UsageError, did_you_mean

__all__ = ["MODE_NOISE", "Builtin", "builtin_names", "gaussian_modes", "load_builtin"]

ROWS = 1_000
MODE_ROWS = 5_000  # hundreds a mode, so that a mode left out is seen
MODE_NOISE = 0.1  # of a mode; neighbours are fifteen times as far apart
NOISE = 0.1  # of a plane about two wide: the classes touch but hardly mix


@dataclass(frozen=True)
class Builtin:
    """kind "table": `frame` holds inputs and targets. kind "image": `images` (rows, height, width)
    uint8, `targets` words.

    target: the column to learn (the first of several in `target_columns`). task: as written after
    --task.
    """

    kind: Literal["table", "image"]
    name: str
    target: str
    task: str
    description: str
    frame: pd.DataFrame | None = None
    images: NDArray[np.uint8] | None = None
    targets: tuple[str, ...] = ()
    target_columns: tuple[str, ...] = ()
    time_column: str | None = None


DESCRIPTIONS = {
    "digits": "1,797 handwritten digits, 8x8 grey images, 10 classes",
    "iris": "150 flowers, 4 measurements, 3 species",
    "wine": "178 wines, 13 measurements, 3 growers",
    "breast_cancer": "569 tumours, 30 measurements, malignant or benign",
    "diabetes": "442 patients, 10 measurements, progression after a year (regression)",
    "linnerud": "20 men, 3 exercises, weight, waist and pulse (regression with three targets)",
    "xor": f"{ROWS:,} points, two classes in opposite quadrants",
    "circles": f"{ROWS:,} points, a ring around a ring",
    "moons": f"{ROWS:,} points, two interleaved half circles",
    "spirals": f"{ROWS:,} points, two interleaved spirals",
    "blobs": f"{ROWS:,} points, three round clusters",
    "checkerboard": f"{ROWS:,} points, two colours of a 4x4 board",
    "8-gaussians": f"{MODE_ROWS:,} points in eight narrow clusters on a circle (generation)",
    "sine": f"{ROWS:,} hourly values, a daily and a weekly wave with noise (forecasting)",
}


def builtin_names() -> dict[str, str]:
    """Map each name to a line about it."""
    return dict(DESCRIPTIONS)


def load_builtin(name: str, seed: int = 0) -> Builtin:
    """Load a data set; `seed` draws the generated ones."""
    if name not in DESCRIPTIONS:
        raise UsageError(
            f"There is no built-in data set named {name!r}.{did_you_mean(name, DESCRIPTIONS)}"
        )
    if name == "digits":
        return _digits()
    if name in ("diabetes", "linnerud"):
        return _numbers(name)
    if name in ("iris", "wine", "breast_cancer"):
        return _classes(name)
    if name == "sine":
        return _sine(seed)
    if name == "8-gaussians":
        return _eight_gaussians(seed)
    points, labels = POINTS[name](np.random.default_rng(seed))
    frame = pd.DataFrame({"x1": points[:, 0], "x2": points[:, 1], "label": labels})
    return Builtin("table", name, "label", "classification", DESCRIPTIONS[name], frame)


def _digits() -> Builtin:
    table = _digits_table()
    # The scans count 0 to 16 dark pixels a cell.
    grey = np.rint(table[:, :-1].reshape(-1, 8, 8) * 255 / 16).astype(np.uint8)
    words = tuple(str(int(digit)) for digit in table[:, -1])
    return Builtin(
        "image",
        "digits",
        "digit",
        "image-classification",
        DESCRIPTIONS["digits"],
        images=grey,
        targets=words,
    )


def _digits_table() -> NDArray[np.float64]:
    """Return 64 cells and the digit of each scan, read from scikit-learn's folder: importing it
    takes a second, and the first run is everybody's first impression.
    """
    found = importlib.util.find_spec("sklearn")
    if found is not None and found.origin is not None:
        file = Path(found.origin).parent / "datasets" / "data" / "digits.csv.gz"
        if file.is_file():
            return np.loadtxt(file, delimiter=",")
    from sklearn import datasets

    bunch: Any = datasets.load_digits()
    return np.column_stack([bunch.data, bunch.target])


def _classes(name: str) -> Builtin:
    from sklearn import datasets

    bunch: Any = getattr(datasets, f"load_{name}")(as_frame=True)
    target = {"iris": "species", "wine": "grower", "breast_cancer": "diagnosis"}[name]
    words = [str(bunch.target_names[code]) for code in bunch.target]
    frame = bunch.data.assign(**{target: pd.Series(words, dtype=object)})
    return Builtin("table", name, target, "classification", DESCRIPTIONS[name], frame)


def _numbers(name: str) -> Builtin:
    from sklearn import datasets

    bunch: Any = getattr(datasets, f"load_{name}")(as_frame=True)
    targets = pd.DataFrame(bunch.target)
    if name == "diabetes":
        targets.columns = pd.Index(["progression"])
    columns = tuple(str(column) for column in targets.columns)
    frame = pd.concat([bunch.data, targets], axis=1)
    return Builtin(
        "table",
        name,
        columns[0],
        "regression",
        DESCRIPTIONS[name],
        frame,
        target_columns=columns,
    )


def _sine(seed: int) -> Builtin:
    rng = np.random.default_rng(seed)
    hours = np.arange(ROWS)
    daily, weekly = (np.sin(2 * np.pi * hours / period) for period in (24, 168))
    value = daily + 0.5 * weekly + rng.normal(0, NOISE, ROWS)
    time = pd.date_range("2024-01-01", periods=ROWS, freq="h")
    frame = pd.DataFrame({"time": time, "value": value})
    return Builtin(
        "table", "sine", "value", "forecasting", DESCRIPTIONS["sine"], frame, time_column="time"
    )


def gaussian_modes() -> NDArray[np.float64]:
    """Return the centres of 8-gaussians, (8, 2): a circle of radius 2 (Metz et al. 2017,
    arXiv:1611.02163)."""
    angle = np.arange(8) * np.pi / 4
    return 2 * np.stack([np.cos(angle), np.sin(angle)], 1)


def _eight_gaussians(seed: int) -> Builtin:
    rng = np.random.default_rng(seed)
    which = rng.permutation(np.arange(MODE_ROWS) % 8)
    points = gaussian_modes()[which] + rng.normal(0, MODE_NOISE, (MODE_ROWS, 2))
    frame = pd.DataFrame({"x1": points[:, 0], "x2": points[:, 1]})
    return Builtin("table", "8-gaussians", "", "generation", DESCRIPTIONS["8-gaussians"], frame)


Points = tuple[NDArray[np.float64], list[str]]


def _xor(rng: np.random.Generator) -> Points:
    points = rng.uniform(-1, 1, (ROWS, 2))
    same = (points[:, 0] > 0) == (points[:, 1] > 0)
    return points, np.where(same, "same", "different").tolist()


def _circles(rng: np.random.Generator) -> Points:
    inner = np.arange(ROWS) % 2 == 0
    angle = rng.uniform(0, 2 * np.pi, ROWS)
    radius = np.where(inner, 0.5, 1.0) + rng.normal(0, NOISE, ROWS)
    points = np.stack([radius * np.cos(angle), radius * np.sin(angle)], 1)
    return points, np.where(inner, "inner", "outer").tolist()


def _moons(rng: np.random.Generator) -> Points:
    upper = np.arange(ROWS) % 2 == 0
    angle = rng.uniform(0, np.pi, ROWS)
    x = np.where(upper, np.cos(angle), 1 - np.cos(angle))
    y = np.where(upper, np.sin(angle), 0.5 - np.sin(angle))
    points = np.stack([x, y], 1) + rng.normal(0, NOISE, (ROWS, 2))
    return points, np.where(upper, "upper", "lower").tolist()


def _spirals(rng: np.random.Generator) -> Points:
    """Two arms of one and a half turns, the second turned by half a circle (after Lang and
    Witbrock, 1988).
    """
    first = np.arange(ROWS) % 2 == 0
    along = np.sqrt(rng.uniform(0.02, 1, ROWS))  # the root spreads points evenly over the length
    angle = along * 3 * np.pi + np.where(first, 0, np.pi)
    points = np.stack([along * np.cos(angle), along * np.sin(angle)], 1)
    return points + rng.normal(0, NOISE / 4, (ROWS, 2)), np.where(first, "first", "second").tolist()


def _blobs(rng: np.random.Generator) -> Points:
    names = np.array(["left", "right", "top"])
    centres = np.array([[-1.0, -0.6], [1.0, -0.6], [0.0, 1.0]])
    which = np.arange(ROWS) % 3
    return centres[which] + rng.normal(0, 3 * NOISE, (ROWS, 2)), names[which].tolist()


def _checkerboard(rng: np.random.Generator) -> Points:
    points = rng.uniform(0, 4, (ROWS, 2))
    dark = np.floor(points).sum(1) % 2 == 0
    return points, np.where(dark, "dark", "light").tolist()


POINTS: dict[str, Callable[[np.random.Generator], Points]] = {
    "xor": _xor,
    "circles": _circles,
    "moons": _moons,
    "spirals": _spirals,
    "blobs": _blobs,
    "checkerboard": _checkerboard,
}
