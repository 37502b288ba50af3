"""Pictures of which new classes are to be told apart: a tower whose distances say what is alike."""

from netwright.data.data import Data
from netwright.plan.choices import INIT_REASON, Choices, epochs_for

__all__ = ["similarity"]

STEPS = 2_000


def similarity(data: Data, c: Choices) -> None:
    """Choose a net for embeddings of pictures and how to train it."""
    shapes = data.encoding.shapes()
    size = min(shapes["height"], shapes["width"])
    c.net("name", "siamese", "one tower for both of a pair: near is alike (Bromley 1993)")
    blocks = max((size // 4).bit_length() - 1, 1)
    channels = [32, 64, 64, 128][: min(blocks, 4)]
    c.net("channels", channels, f"pictures of {size} pixels are halved {len(channels)} times")
    c.net("norm", "batch", "keeps the signal's scale, so that large steps are safe")
    c.net("activation", "relu", "cheap, and exact after the max pool")
    c.net("embed_dim", 64, "directions enough for many classes")
    c.net("normalise", True, "a margin means the same for all where lengths are 1")
    c.net("compare", "distance", "the objective is on distances: nothing else is learned")
    rows = len(data.train)
    drawing = shapes["in_channels"] == 1
    c.objective("name", "triplet", "what is asked is which of several is nearest")
    c.objective("samples", 4, "pairs enough of each class, classes enough in a batch")
    why = "a drawing turned is another drawing: four times the classes"
    c.objective("turned", drawing, why if drawing else "photographs have an up")
    batch = min(128, max(16, rows // 4))
    c.objective("batch_rows", batch, "validation is judged in batches as large as training's")
    c.recipe("init", "auto", INIT_REASON["relu"])
    c.recipe("batch_size", batch, "several rows of each of many classes")
    c.recipe("optimizer", "adamw", "robust to scale; decay is decoupled")
    c.recipe("lr", 2e-3, "batch norm bears it")
    c.recipe("weight_decay", 0.01, "mild; vectors are spared")
    c.recipe("ema", 0.99, "the average of the weights is steadier than the last of them")
    epochs = epochs_for(STEPS, rows, batch, low=10, high=300)
    c.recipe("epochs", epochs, f"about {STEPS:,} steps; the schedule shrinks to the time bound")
    c.recipe("patience", max(epochs // 3, 10), "epochs without a better validation score")
    changes = ("shift", "rotate", "elastic") if drawing else ("flip", "shift", "rotate")
    c.recipe("augment", changes, "rows of a class differ by more than that")
