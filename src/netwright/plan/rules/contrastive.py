"""Pictures without classes: a net that knows each of them again, however it is changed."""

from netwright.data.batch_views import PICTURE_VIEWS
from netwright.data.data import Data
from netwright.errors import UsageError
from netwright.plan.choices import Choices, epochs_for
from netwright.plan.rules.image import image

__all__ = ["contrastive"]


def contrastive(data: Data, c: Choices) -> None:
    """Choose a net that tells rows from each other, and how to train it."""
    if data.kind != "image":
        raise UsageError(
            f"--task contrastive is learned from pictures, not from {data.kind} data. Use --task "
            "reconstruction for what has no classes."
        )
    rows = len(data.train)
    image(data, c)
    c.net("hidden", 128, "what is compared is read from it, what is trained on later keeps it")
    c.net("outputs", 64, "numbers by which views are compared")
    c.objective("name", "nt-xent", "two views of a picture are to be alike, all others not")
    c.objective("temperature", 0.2, "the nearest of the others count most")
    views = PICTURE_VIEWS[data.encoding.shapes()["in_channels"]]
    c.objective("views", views, "what a view may differ in: place, size, light")
    c.recipe("augment", (), "views are changed already")
    c.recipe("label_smoothing", 0.0, "there are no classes")
    size = 256 if rows >= 4000 else 128
    c.recipe("batch_size", size, "each picture is told from all others of its batch")
    epochs = epochs_for(4000, rows, size, low=20, high=200)
    c.recipe("epochs", epochs, "about 4,000 steps: views differ every time")
    c.recipe("patience", max(epochs // 3, 10), "epochs without a better validation score")
