"""Pairs of texts: an encoder-decoder transformer, or a recurrent one where pairs are few."""

from netwright.data.data import Data
from netwright.plan.choices import Choices, epochs_for

__all__ = ["text_pair"]

FEW_PAIRS = 5_000  # below, a transformer has too little to learn alignment from


def text_pair(data: Data, c: Choices) -> None:
    """Choose a net that translates and how to train it."""
    rows = len(data.train)
    if rows < FEW_PAIRS:
        c.net("name", "seq2seq", "few pairs: a recurrent decoder that looks back at the source")
        c.net("dropout", 0.3, "few pairs are learned by heart")
        c.recipe("batch_size", 32, "many small steps")
        c.recipe("lr", 2e-3, "the usual one of small recurrent nets")
    else:
        c.net("name", "transformer-seq2seq", "every piece of the target looks at all of the source")
        c.net("width", 160, "small enough for a CPU")
        c.net("depth", 3, "each layer relates what the one below found")
        c.net("dropout", 0.2, "short texts of few words are learned by heart")
        c.recipe("batch_size", 64, "about a thousand pieces a step")
        c.recipe("lr", 1e-3, "the usual one of small transformers")
    c.recipe("optimizer", "adamw", "rare pieces get few gradients: rates of their own")
    c.recipe("weight_decay", 0.01, "mild; vectors are spared")
    c.recipe("label_smoothing", 0.1, "a sentence has more than one translation (Vaswani 2017)")
    c.recipe("warmup", 0.1, "attention is easily thrown off at first")
    c.recipe("clip", 1.0, "one bad batch cannot throw the net far")
    size = 32 if rows < FEW_PAIRS else 64
    c.recipe("epochs", epochs_for(9000, rows, size, low=10, high=60), "about 9,000 steps")
    c.recipe("patience", 4, "epochs without a better validation score")
