"""Clips: convolutions over time and place."""

from netwright.data.data import Data
from netwright.plan.choices import INIT_REASON, Choices, epochs_for

__all__ = ["video"]

STEPS = 1500


def video(data: Data, c: Choices) -> None:
    """Choose a net for clips and how to train it."""
    rows, shapes = len(data.train), data.encoding.shapes()
    size = min(shapes["height"], shapes["width"])
    c.net("name", "video-cnn", "motion is seen by convolutions over time as well")
    small = size <= 32
    why = f"frames of {size} pixels: three blocks, wider each time"
    c.net("channels", [12, 24, 48] if small else [16, 32, 64], why)
    c.net("norm", "batch", "keeps the signal's scale, so that large steps are safe")
    c.net("activation", "relu", "cheap, and exact after the max pool")
    batch = 16 if rows < 1000 else 32
    c.recipe("init", "auto", INIT_REASON["relu"])
    c.recipe("batch_size", batch, "many small steps for few clips")
    c.recipe("optimizer", "adamw", "robust to scale; decay is decoupled")
    c.recipe("lr", 3e-3, "batch norm bears it")
    c.recipe("weight_decay", 0.05, "clips are learned by heart: a strong decoupled decay")
    epochs = epochs_for(STEPS, rows, batch, low=15, high=100)
    c.recipe("epochs", epochs, f"about {STEPS} steps; the schedule shrinks to the time bound")
    c.recipe("patience", max(epochs // 3, 10), "epochs without a better validation score")
    c.recipe("ema", 0.99, "the average of the weights is steadier than the last of them")
    c.recipe("label_smoothing", 0.05, "keeps the logits bounded")
    why = "moving keeps the class; a mirrored or reversed motion may be of another"
    c.recipe("augment", ("shift", "brightness"), why)
