"""Rows of which some have no class: the net of their kind, asked to answer changed rows alike."""

from netwright.data.data import Data
from netwright.data.series_encoding import unequal_series
from netwright.plan.choices import Choices, epochs_for
from netwright.plan.rules.image import image
from netwright.plan.rules.series import series
from netwright.plan.rules.table import one_net
from netwright.plan.rules.text import text

__all__ = ["semi_supervised"]

RATIO = 3  # unlabelled rows of a batch for each labelled one
STRONG = {
    "image": ("shift", "rotate", "brightness", "erase"),
    "text": ("token-dropout",),
    "series": ("jitter", "scale", "warp", "erase"),
    "table": ("noise",),
}
STRENGTH = {"text": 3.0}


def semi_supervised(data: Data, c: Choices) -> None:
    """Choose a net for rows with and without a class, and how to train it."""
    assert data.unlabelled is not None
    kind, rows = data.kind, len(data.unlabelled)
    {"image": image, "text": text, "series": series, "table": one_net}[kind](data, c)
    why = f"{rows:,} rows without a class are learned from beside {len(data.train):,} with one"
    c.objective("name", "semi-supervised", why)
    why = "a row that is changed much must be answered as the row itself (FixMatch)"
    c.objective("method", "consistency", why)
    c.objective("threshold", 0.95, "what the net is not sure of it is not asked for")
    c.objective("ratio", RATIO, "unlabelled rows of a batch for each labelled one")
    c.objective("ramp", 2, "epochs until they count in full: at first their classes are guesses")
    strong = STRONG[kind]
    if unequal_series(data.encoding):
        strong = tuple(change for change in strong if change != "warp")  # it would move the padding
    c.objective("strong", strong, "changes that leave the class as it was")
    c.objective("strong_strength", STRENGTH.get(kind, 1.5), "well beyond the usual amount")
    if kind == "table":
        c.objective("swapped", 0.2, "of the cells: a class does not hang on a few")
    c.recipe("label_smoothing", 0.0, "it would keep the net from ever being sure")
    size = 128
    c.recipe("batch_size", size, f"{size // (RATIO + 1)} labelled rows and three times the others")
    seen = rows * (RATIO + 1) // RATIO
    epochs = epochs_for(3000, seen, size, low=10, high=200)
    c.recipe("epochs", epochs, "about 3,000 steps; an epoch is all rows without a class")
    c.recipe("patience", max(epochs // 2, 8), "epochs without a better validation score")
