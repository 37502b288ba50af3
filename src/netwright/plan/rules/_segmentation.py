"""Pictures whose every pixel has a class: a U-Net on squares cut from them."""

import math

from netwright.data.data import Data
from netwright.plan.choices import INIT_REASON, Choices, epochs_for

__all__ = ["segmentation"]

CROP = 128  # pixels: at the lowest level of the net still 16 x 16
STEPS = 500


def segmentation(data: Data, c: Choices) -> None:
    """Choose a net for maps of classes and how to train it."""
    shapes = data.encoding.shapes()
    size = min(shapes["height"], shapes["width"])
    c.net("name", "unet", "a class for each pixel: read small, drawn large again (Ronneberger)")
    levels = min(max(int(math.log2(max(size / 8, 1))) + 1, 2), 4)
    why = f"pictures of {size} pixels are halved {levels - 1} times; wider each time"
    c.net("channels", [16, 32, 64, 128][:levels], why)
    c.net("outputs", data.task.outputs, f"one logit for each of {data.task.outputs} classes")
    c.net("norm", "batch", "keeps the signal's scale, so that large steps are safe")
    c.net("activation", "relu", "cheap")
    c.objective("name", "segmentation", "each pixel has a class")
    c.objective("dice", 1.0, "beside cross-entropy: classes of few pixels count as much")
    side = max(shapes["height"], shapes["width"])
    crop = CROP if side > CROP else 0
    c.objective("crop", crop, "a square of each picture a step" if crop else "small pictures whole")
    rows = len(data.train)
    batch = 4 if rows < 100 else 8
    c.recipe("init", "auto", INIT_REASON["relu"])
    c.recipe("batch_size", batch, "each picture holds thousands of targets")
    c.recipe("optimizer", "adamw", "robust to scale; decay is decoupled")
    c.recipe("lr", 3e-3, "batch norm bears it")
    c.recipe("weight_decay", 0.01, "mild; vectors are spared")
    epochs = epochs_for(STEPS, rows, batch, low=10, high=150)
    c.recipe("epochs", epochs, f"about {STEPS} steps; the schedule shrinks to the time bound")
    c.recipe("patience", max(epochs // 3, 10), "epochs without a better validation score")
    c.recipe("ema", 0.98, "the average of the weights is steadier than the last of them")
    grey = shapes["in_channels"] == 1
    why = "grey pictures such as microscopes' have no up" if grey else "photographs have an up"
    c.recipe("augment", ("turn" if grey else "flip", "elastic", "brightness"), why)
