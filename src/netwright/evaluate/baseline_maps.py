"""Baselines of maps: for each pixel the most frequent class (trivial), its class by its grey value
alone (linear), boosted trees on its surroundings (trees).

Of two classes the second is a threshold, chosen for the highest Dice on the training pictures; of
more the most frequent class at each grey value. The trees see a pixel's value, blurred ones and
edges at several scales, as pixel classifiers such as ilastik's do (Berg et al. 2019).
"""

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from netwright.data.mask_encoding import NOT_ASKED
from netwright.evaluate.baseline_inputs import Sample
from netwright.evaluate.baseline_models import fit_trees

__all__ = ["by_grey_value", "by_surroundings", "most_frequent"]

Maps = NDArray[np.int64]
LEVELS = 256
SCALES = (1.0, 2.0, 4.0)  # pixels of blur
TREE_PIXELS = 20_000  # of training


def most_frequent(train: Sample, test: Sample, classes: int) -> Maps:
    """Return class ids (rows, height, width): everywhere the same."""
    asked = train.targets[train.targets != NOT_ASKED].astype(np.int64)
    common = int(np.bincount(asked, minlength=classes).argmax())
    return np.full(test.targets.shape, common, dtype=np.int64)


def by_grey_value(train: Sample, test: Sample, classes: int) -> tuple[Maps, str]:
    """Return class ids (rows, height, width), and what decides."""
    grey = _grey(train)
    asked = train.targets != NOT_ASKED
    cells = train.targets[asked].astype(np.int64) * LEVELS + grey[asked]
    table = np.bincount(cells, minlength=classes * LEVELS).reshape(classes, LEVELS)
    if classes == 2:
        levels, words = _threshold(table)
    else:
        levels = np.where(table.sum(0) > 0, table.argmax(0), table.sum(1).argmax())
        words = "the most frequent class at each grey value"
    return levels[_grey(test)], words


def _threshold(table: NDArray[np.int64]) -> tuple[Maps, str]:
    """Return the class of each grey value that gives the highest mean Dice, classes on either side
    of one threshold."""
    sizes = table.sum(1)
    below = np.concatenate([np.zeros((2, 1), np.int64), table.cumsum(1)], axis=1)  # (2, levels + 1)
    best, levels, words = -1.0, np.zeros(LEVELS, np.int64), ""
    for dark in (0, 1):
        light = 1 - dark
        right_dark, right_light = below[dark], sizes[light] - below[light]
        called_dark = below.sum(0)
        called_light = sizes.sum() - called_dark
        dice = right_dark / np.maximum(sizes[dark] + called_dark, 1)
        dice = dice + right_light / np.maximum(sizes[light] + called_light, 1)
        # In the middle of thresholds that are equally good.
        at = int(np.median(np.flatnonzero(dice >= dice.max() - 1e-12)))
        if dice.max() > best:
            best = float(dice.max())
            levels = np.where(np.arange(LEVELS) < at, dark, light)
            words = f"the best grey threshold of the training pictures, {at} of 255"
    return levels, words


def by_surroundings(
    train: Sample, test: Sample, classes: int, *, deadline: float, seed: int
) -> tuple[Maps, str]:
    """Return class ids (rows, height, width), and what time did not allow."""
    rng = np.random.default_rng(seed)
    asked = np.argwhere(train.targets != NOT_ASKED)
    drawn = asked[np.sort(rng.permutation(len(asked))[:TREE_PIXELS])]
    features = [
        _surroundings(grey)[drawn[drawn[:, 0] == row][:, 1], drawn[drawn[:, 0] == row][:, 2]]
        for row, grey in enumerate(_grey(train))
    ]
    labels = train.targets[drawn[:, 0], drawn[:, 1], drawn[:, 2]].astype(np.int64)
    fitted = fit_trees(
        np.concatenate(features), labels, classes=classes, categorical=(), deadline=deadline,
        seed=seed,
    )  # fmt: skip
    shape = test.targets.shape[1:]
    said = [
        fitted.predict(_surroundings(grey).reshape(-1, features[0].shape[1])).argmax(1)
        for grey in _grey(test)
    ]
    return np.stack(said).reshape(len(test), *shape), fitted.cut


def _surroundings(grey: NDArray[np.uint8]) -> NDArray[np.float32]:
    """(height, width) -> (height, width, features)."""
    x = grey.astype(np.float32)
    found = [x]
    for scale in SCALES:
        found.append(ndimage.gaussian_filter(x, scale))
        found.append(ndimage.gaussian_gradient_magnitude(x, scale))
        found.append(ndimage.gaussian_laplace(x, scale))
    return np.stack(found, axis=-1)


def _grey(sample: Sample) -> NDArray[np.uint8]:
    """Return the mean of the channels, uint8 (rows, height, width)."""
    pixels = sample.inputs[0]
    return pixels[:, 0] if pixels.shape[1] == 1 else pixels.mean(1).round().astype(np.uint8)
