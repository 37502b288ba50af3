"""Rows to be drawn anew: adversarial nets, of points or of pictures."""

from netwright.data.data import Data
from netwright.errors import DataError
from netwright.plan.choices import Choices, epochs_for

__all__ = ["generation"]


def generation(data: Data, c: Choices) -> None:
    """Choose a net that draws rows, and how to train it."""
    rows, shapes, classes = len(data.train), data.encoding.shapes(), len(data.task.classes)
    c.objective("name", "adversarial", "one net draws rows, another tells them from real ones")
    c.objective("loss", "non-saturating", "a generator that is far behind still has a slope")
    if classes:
        c.net("classes", classes, "labels are given to both nets, so that a class can be drawn")
    if "height" in shapes:
        _pictures(min(shapes["height"], shapes["width"]), rows, c)
    elif "numeric" in shapes:
        _points(rows, c)
    else:
        raise DataError(
            f"--task generation draws tables of numbers and pictures, and this is {data.kind} "
            "data. Give one of those."
        )
    c.recipe("optimizer", "adam", "as in the papers on adversarial nets")
    c.recipe("schedule", "cosine", "both nets come to rest by the end")
    c.recipe("warmup", 0.0, "both nets start level")
    c.recipe("patience", None, "adversarial nets go astray and come back")
    c.recipe("ema", 0.999, "the averaged generator draws steadier than the last of them")


def _points(rows: int, c: Choices) -> None:
    c.net("name", "gan", "a table of numbers: dense layers")
    c.net("widths", [128, 128, 128], "narrow kinds of rows need bent maps")
    c.net("noise_size", 16, "more than enough for most tables' freedom")
    why = "keeps the discriminator's slope small where rows are real, so that both converge"
    c.objective("gradient_penalty", 0.1, why)
    c.recipe("init", "auto", "He: leaky ReLU is nearly a ReLU")
    c.recipe("lr", 1e-3, "dense nets bear it")
    c.recipe("betas", (0.5, 0.99), "what the other net did long ago says little")
    c.recipe("batch_size", 256 if rows >= 1000 else 64, "enough rows to show every kind at once")
    epochs = epochs_for(6000, rows, 256 if rows >= 1000 else 64, low=20, high=800)
    c.recipe("epochs", epochs, "about 6,000 steps")


def _pictures(size: int, rows: int, c: Choices) -> None:
    c.net("name", "dcgan", "pictures: convolutions that enlarge and reduce (Radford 2016)")
    depth = 2 if size < 32 else 3 if size < 96 else 4
    c.net("channels", [32, 64, 128, 256][:depth], f"pictures of {size} pixels halved {depth} times")
    c.net("noise_size", 64, "as many directions as pictures of this size can differ in")
    why = (
        "a critic that sees whole batches, or is steep where pictures are real, lets the generator "
    )
    why += "draw one picture for each class"
    c.net("critic_norm", "none", why)
    c.objective(
        "gradient_penalty", 10.0, "the usual one (Mescheder 2018); with 1 noise went unused"
    )
    c.recipe("init", "default", "the net's own, as in the paper")
    c.recipe("lr", 5e-4, "a little above the paper's: fewer steps are taken")
    c.recipe("betas", (0.5, 0.999), "the paper's")
    c.recipe("batch_size", 64, "many small steps")
    c.recipe("epochs", epochs_for(12_000, rows, 64, low=5, high=200), "about 12,000 steps")
