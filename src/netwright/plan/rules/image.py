"""Pictures: convolutional nets, sized by the pictures and their number."""

from netwright.data.data import Data
from netwright.plan.choices import INIT_REASON, Choices
from netwright.plan.rules._segmentation import segmentation
from netwright.plan.rules._similarity import similarity

__all__ = ["augmentation", "image"]


def image(data: Data, c: Choices) -> None:
    """Choose a net for pictures and how to train it."""
    if data.task.form == "segmentation":
        segmentation(data, c)
        return
    if data.task.form == "similarity":
        similarity(data, c)
        return
    rows = len(data.train)
    shapes = data.encoding.shapes()
    size = min(shapes["height"], shapes["width"])
    c.net("name", "cnn", "neighbouring pixels belong together, wherever they are: convolutions")
    if size <= 16:
        c.net("channels", [32, 64], f"pictures of {size} pixels can be halved once or twice")
        c.net("convs", [2, 2], "two convolutions see further than one")
    elif size <= 48:
        many = rows >= 20_000  # an epoch must be cheap, so that enough of them fit into minutes
        why = f"pictures of {size} pixels: three blocks, wider each time"
        c.net("channels", [24 if many else 32, 48, 96], why)
        why = "one convolution where pictures are large, two where small"
        c.net("convs", [1, 1, 2] if many else [1, 2, 2], why)
    else:
        c.net("channels", [24, 48, 96, 160], f"pictures of {size} pixels: four blocks")
        c.net("convs", [1, 1, 2, 2], "few convolutions where pictures are large")
    c.net("norm", "batch", "keeps the signal's scale, so that large steps are safe")
    c.net("pool", "mean", "where a thing is in the picture does not matter")
    c.net("hidden", 0, "the pooled features are told apart by one linear layer")
    c.net("activation", "relu", "cheap, and exact after the max pool")
    c.recipe("init", "auto", INIT_REASON["relu"])
    c.recipe("batch_size", 128 if rows >= 10_000 else 64, "many small steps for few pictures")
    c.recipe("optimizer", "muon", "ahead of SGD and AdamW on validation rows of Fashion-MNIST")
    c.recipe("lr", 0.01, "worked on validation rows of two open picture sets; batch norm bears it")
    c.recipe("weight_decay", 0.05, "pictures are learned by heart: a strong decoupled decay")
    c.recipe("warmup", 0.1, "the first directions are noise")
    epochs = 30 if rows >= 20_000 else 60 if rows >= 2000 else 40 if size <= 16 else 100
    c.recipe("epochs", epochs, "the schedule shrinks to what the time bound allows")
    augmentation(data, c)
    c.recipe("label_smoothing", 0.05, "keeps the logits bounded")
    c.recipe("ema", 0.995, "the average of the weights is steadier than the last of them")
    c.recipe("patience", max(epochs // 3, 10), "epochs without a better validation score")


def augmentation(data: Data, c: Choices) -> None:
    """Choose changes after which a picture is of the class it was."""
    shapes = data.encoding.shapes()
    if shapes["in_channels"] == 3:
        c.recipe(
            "augment", ("flip", "shift"), "a photograph keeps its class when mirrored or moved"
        )
    elif min(shapes["height"], shapes["width"]) <= 16:
        c.recipe("augment", ("shift", "rotate"), "a drawing keeps its class when moved or turned")
    else:
        c.recipe("augment", ("shift",), "moving keeps the class; a mirrored digit is none")
