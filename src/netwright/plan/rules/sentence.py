"""Sentences: a bidirectional LSTM over words and their letters tags every token."""

from netwright.data.data import Data
from netwright.plan.choices import Choices, epochs_for

__all__ = ["sentence"]


def sentence(data: Data, c: Choices) -> None:
    """Choose a net for tags of tokens and how to train it."""
    rows = len(data.train)
    c.net(
        "name",
        "tagger",
        "a token's tag depends on both sides; letters tell of unknown words (Ma and Hovy 2016)",
    )
    c.net("dropout", 0.5, "the same names seldom come again: what was learned by heart is no help")
    size = 16 if rows < 5000 else 32
    c.recipe("batch_size", size, "many small steps")
    c.recipe("epochs", epochs_for(1500, rows, size, low=6, high=40), "about 1,500 steps")
    c.recipe("lr", 3e-3, "the best of 0.002 to 0.005 on validation sentences of wnut17")
    c.recipe("optimizer", "adamw", "rare words get few gradients: rates of their own")
    c.recipe("weight_decay", 0.01, "mild; vectors are spared")
    c.recipe("clip", 5.0, "the usual one of recurrent nets")
    c.recipe("augment", ("token-dropout",), "letters and neighbours have to do for some words")
    c.recipe("augment_strength", 2.0, "one word in five: most names to come are unknown")
    c.recipe("ema", 0.99, "the average of the weights is steadier than the last of them")
    c.recipe("patience", 6, "epochs without a better validation score")
