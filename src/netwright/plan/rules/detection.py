"""Things to be found in pictures, each with a box: one stage, without anchors."""

import math

from netwright.data.data import Data
from netwright.plan.choices import INIT_REASON, Choices, epochs_for

__all__ = ["detection"]

STEPS = 9000


def detection(data: Data, c: Choices) -> None:
    """Choose a net that finds things and how to train it."""
    shapes, rows = data.encoding.shapes(), len(data.train)
    size = min(shapes["height"], shapes["width"])
    c.net("name", "detector", "every cell says what is centred there and where its box ends")
    c.net("outputs", data.task.outputs, f"a heat map for each of {data.task.outputs} classes")
    levels = min(max(int(math.log2(max(size / 4, 1))), 2), 5)
    why = f"pictures of {size} pixels are halved {levels} times, so that cells see whole things"
    c.net("channels", [16, 48, 64, 96, 96][:levels], why)
    c.net("stride", 4, "things of a few pixels still have a cell of their own")
    c.net("norm", "batch", "keeps the signal's scale, so that large steps are safe")
    c.net("activation", "relu", "cheap")
    c.objective("name", "detection", "a heat map of centres, and the sides of boxes")
    c.objective("weight", 2.0, "boxes beside the heat map")
    batch = 8 if rows < 500 else 32
    c.recipe("init", "auto", INIT_REASON["relu"])
    c.recipe("batch_size", batch, "each picture holds hundreds of cells")
    c.recipe("optimizer", "adamw", "robust to scale; decay is decoupled")
    c.recipe("lr", 2e-3, "batch norm bears it")
    c.recipe("weight_decay", 0.05, "pictures are learned by heart: a strong decoupled decay")
    c.recipe("clip", 10.0, "a batch may hold few boxes or many")
    epochs = epochs_for(STEPS, rows, batch, low=10, high=150)
    c.recipe("epochs", epochs, f"about {STEPS:,} steps; the schedule shrinks to the time bound")
    c.recipe("patience", max(epochs // 3, 10), "epochs without a better validation score")
    c.recipe("ema", 0.995, "the average of the weights is steadier than the last of them")
    c.recipe("augment", ("flip", "shift"), "a thing stays one when mirrored or moved")
