"""Built-in data sets."""

import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from sklearn import datasets

from netwright.data.builtin import builtin_names, load_builtin
from netwright.errors import UsageError

SHAPES = {
    "iris": (150, 5),
    "wine": (178, 14),
    "breast_cancer": (569, 31),
    "diabetes": (442, 11),
    "linnerud": (20, 6),
    "sine": (1000, 2),
    "8-gaussians": (5000, 2),
    "xor": (1000, 3),
    "circles": (1000, 3),
    "moons": (1000, 3),
    "spirals": (1000, 3),
    "blobs": (1000, 3),
    "checkerboard": (1000, 3),
}
GENERATED = ["xor", "circles", "moons", "spirals", "blobs", "checkerboard"]


def test_every_name_loads_and_is_described() -> None:
    assert builtin_names().keys() == SHAPES.keys() | {"digits"}
    assert all(builtin_names().values())


@pytest.mark.parametrize("name", SHAPES)
def test_shape_and_target(name: str) -> None:
    data = load_builtin(name)
    assert data.frame is not None and data.frame.shape == SHAPES[name]
    assert data.target in data.frame or data.task == "generation"
    assert not data.frame.isna().any().any()


def test_classes_are_words() -> None:
    frame = load_builtin("iris").frame
    assert frame is not None
    assert sorted(frame["species"].unique()) == ["setosa", "versicolor", "virginica"]


def test_digits_are_grey_images() -> None:
    data = load_builtin("digits")
    assert data.images is not None
    assert (data.images.shape, data.images.dtype) == ((1797, 8, 8), np.dtype(np.uint8))
    assert (data.images.min(), data.images.max()) == (0, 255)
    assert sorted(set(data.targets)) == list("0123456789")


def test_linnerud_has_three_targets() -> None:
    assert load_builtin("linnerud").target_columns == ("Weight", "Waist", "Pulse")


@pytest.mark.parametrize("name", [*GENERATED, "sine"])
def test_seed_decides(name: str) -> None:
    frames = [load_builtin(name, seed).frame for seed in (0, 0, 1)]
    assert all(frame is not None for frame in frames)
    pd.testing.assert_frame_equal(frames[0], frames[1])
    assert not frames[0].equals(frames[2])


@pytest.mark.parametrize("name", GENERATED)
def test_classes_are_balanced_and_learnable(name: str) -> None:
    frame = load_builtin(name).frame
    assert frame is not None
    shares = frame["label"].value_counts(normalize=True)
    assert shares.min() > 0.3
    # The nearest other point is of the same class almost always, or there is nothing to learn.
    points = frame[["x1", "x2"]].to_numpy()
    distance = ((points[:, None] - points) ** 2).sum(-1)
    np.fill_diagonal(distance, np.inf)
    labels = frame["label"].to_numpy()
    assert (labels[distance.argmin(1)] == labels).mean() > 0.9


def test_unknown_name() -> None:
    with pytest.raises(UsageError, match="Did you mean 'moons'"):
        load_builtin("moon")


def test_listing_names_needs_no_torch() -> None:
    code = (
        "import sys, netwright.data.builtin as b; b.builtin_names(); print('torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_digits_are_those_of_scikit_learn() -> None:
    data, bunch = load_builtin("digits"), datasets.load_digits()
    assert data.images is not None
    np.testing.assert_array_equal(data.images, np.rint(bunch.images * 255 / 16))
    assert data.targets == tuple(map(str, bunch.target))
