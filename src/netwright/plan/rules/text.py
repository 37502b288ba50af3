"""Texts: a bag or a convolution of word vectors, by length; a Transformer for language models."""

from netwright.data.data import Data, Rows
from netwright.plan.choices import Choices

__all__ = ["text"]

# Of so many tokens a convolution's strongest phrase says less than the mean of them all.
LONG_TEXT = 200
LARGE_CORPUS = 5_000  # windows of a language model's text


def text(data: Data, c: Choices) -> None:
    """Choose a net for texts and how to train it."""
    if data.task.form == "language-modelling":
        _language_model(data, c)
        return
    rows = len(data.train)
    c.recipe("optimizer", "adamw", "rare words get few gradients: rates of their own")
    c.recipe("weight_decay", 0.01, "mild; vectors are spared")
    c.recipe("augment", ("token-dropout",), "a text keeps its class when some words are unknown")
    c.recipe("ema", 0.99, "the average of the weights is steadier than the last of them")
    words = _median_length(data)
    if words >= LONG_TEXT:
        c.net("name", "fasttext", f"about {words} tokens a text: which words and word pairs it has")
        c.net("dropout", 0.5, "thousands of word vectors fit any few texts")
        c.recipe("batch_size", 32, "many small steps for few texts")
        c.recipe("lr", 1e-2, "a mean of many vectors moves little: large steps")
        c.recipe("epochs", 30, "early stopping ends it sooner")
        c.recipe("patience", 8, "epochs without a better validation score")
        return
    c.net(
        "name",
        "text-cnn",
        "phrases carry a text's meaning: convolutions over word vectors (Kim 2014)",
    )
    c.net(
        "bag_buckets",
        32_768,
        "beside them a bag of words and word pairs, strong where texts are few",
    )
    c.recipe("batch_size", 32 if rows < 5000 else 64, "many small steps for few texts")
    c.recipe("lr", 1e-3, "the best of 0.001 to 0.003 on validation rows of open text sets")
    c.recipe("epochs", 12, "early stopping ends it sooner")
    c.recipe("patience", 4, "text nets learn the training texts by heart within epochs")


def _median_length(data: Data) -> int:
    """Tokens that the text in the middle keeps."""
    assert isinstance(data.train, Rows)  # texts are never streamed
    (tokens,) = data.train.inputs
    return int((tokens != 0).sum(1).median())


def _language_model(data: Data, c: Choices) -> None:
    c.net("name", "gpt", "the next token depends on all before it: attention reads them")
    c.net("outputs", 0, "a language model: the vocabulary's logits at every step")
    c.net("width", 128, "small enough for a CPU")
    c.net("depth", 4, "each layer relates what the one below found")
    large = len(data.train) >= LARGE_CORPUS
    why = "more text than a few minutes read twice" if large else "learned by heart otherwise"
    c.net("dropout", 0.0 if large else 0.1, why)
    c.recipe("batch_size", 8, "about 1,000 tokens: many small steps, as a CPU takes few")
    c.recipe("optimizer", "adamw", "the usual one for transformers")
    c.recipe("lr", 2e-3, "few tokens a batch and a small net bear it")
    c.recipe("betas", (0.9, 0.99), "squares of gradients are noisy in small batches (nanoGPT)")
    c.recipe("weight_decay", 0.1, "the usual one for transformers")
    c.recipe("clip", 1.0, "one bad batch cannot throw the net far")
    c.recipe("epochs", 30, "early stopping or the time bound may end it sooner")
    c.recipe("patience", 5, "epochs without a better validation score")
