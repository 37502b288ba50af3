"""Rows to be rebuilt: an autoencoder whose code is narrower than they are."""

from netwright.data.data import Data
from netwright.plan.choices import INIT_REASON, Choices, epochs_for

__all__ = ["reconstruction"]


def reconstruction(data: Data, c: Choices) -> None:
    """Choose a net that rebuilds rows, and how to train it."""
    rows, shapes = len(data.train), data.encoding.shapes()
    picture, table = "height" in shapes, "numeric" in shapes
    c.net("name", "autoencoder", "what a short code cannot hold is what is unlike the other rows")
    c.objective("name", "reconstruction", "a net is asked for its own inputs; labels are set aside")
    c.objective("loss", "mse", "as principal components, which it is compared with")
    if table:
        columns = shapes["numeric"] + len(shapes["cardinalities"])
        size = max(1, min(-(-columns // 3), 32))
        c.net("code_size", size, f"about a third of {columns} columns: the rest must be inferred")
        width = max(32, min(4 * columns, 256))
        c.net("widths", [width], "bends the code to the rows; a wider net rebuilds odd rows too")
        if data.task.positive is not None:
            why = "noise in training: what is unlike the other rows is drawn to them, and errs more"
            c.net("noise", 0.3, why)
    elif picture:
        pixels = shapes["in_channels"] * shapes["height"] * shapes["width"]
        c.net("code_size", max(2, min(pixels // 8, 32)), f"{pixels:,} numbers a picture")
        dense = pixels <= 1024
        c.net("layers", "dense" if dense else "convolutional", "small pictures need no convolutions"
              if dense else "neighbouring pixels belong together")  # fmt: skip
        if dense:
            c.net("widths", [512, 256], "wide enough to bend the code to the pictures")
        else:
            c.net("channels", [16, 32, 64], "each halves the picture")
    else:
        numbers = shapes["in_channels"] * shapes["length"]
        c.net("code_size", max(2, min(numbers // 8, 32)), f"{numbers:,} numbers a series")
        c.net("widths", [128, 64], "all steps are read at once")
    c.net("activation", "relu", "cheap, and He initialisation fits it")
    c.recipe("init", "auto", INIT_REASON["relu"])
    batch = 128 if rows >= 5000 else 32
    c.recipe("batch_size", batch, "many small steps for few rows")
    c.recipe("lr", 1e-3, "the usual one of AdamW")
    c.recipe("clip", 1.0, "a row far out cannot throw the net far")
    epochs = epochs_for(20_000, rows, batch, low=10, high=300)
    c.recipe("epochs", epochs, "about 20,000 steps: rows are rebuilt ever finer")
    c.recipe("patience", max(epochs // 5, 5), "epochs without a smaller validation error")
    c.recipe("schedule", "cosine", "anneals to zero by the end")
