"""Texts with words taken out: BERT, small enough for minutes on a CPU."""

from netwright.data.data import Data
from netwright.plan.choices import Choices, epochs_for

__all__ = ["masked_language_modelling"]


def masked_language_modelling(data: Data, c: Choices) -> None:
    """Choose a net that fills in words, and how to train it."""
    rows = len(data.train)
    c.net("name", "bert", "a word depends on those to both sides: attention reads them")
    c.net("outputs", 0, "the vocabulary's logits where a word was taken out")
    c.net("width", 128, "small enough for a CPU")
    c.net("depth", 3, "each layer relates what the one below found")
    c.net("num_heads", 4, "of 32 numbers each")
    c.net("dropout", 0.1, "small corpora are learned by heart")
    c.objective("name", "masked-tokens", "of every text words are taken out, to be filled in")
    c.objective("share", 0.15, "fewer would teach less a step, more would leave too little to read")
    size = 64 if rows >= 2000 else 16
    c.recipe("batch_size", size, "about ten words of a row are asked for")
    c.recipe("optimizer", "adamw", "the usual one for transformers")
    c.recipe("lr", 1e-3, "norms come first in each block, which bears it")
    c.recipe("betas", (0.9, 0.98), "rare words: a shorter memory of squares (RoBERTa)")
    c.recipe("weight_decay", 0.01, "the usual one of BERT")
    c.recipe("warmup", 0.06, "the usual one of BERT")
    c.recipe("clip", 1.0, "one bad batch cannot throw the net far")
    epochs = epochs_for(8000, rows, size, low=3, high=60)
    c.recipe("epochs", epochs, "about 8,000 steps; the time bound may end it sooner")
    c.recipe("patience", 5, "epochs without a better validation score")
