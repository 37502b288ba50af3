"""Words: vectors that tell their neighbours."""

from netwright.data.data import Data
from netwright.plan.choices import Choices

__all__ = ["words"]


def words(data: Data, c: Choices) -> None:
    """Choose how vectors of words are learned."""
    c.net("name", "word2vec", "a word is known by the company it keeps (Mikolov 2013)")
    c.net("width", 100, "the usual size for corpora of some millions of words")
    c.objective("name", "word-vectors", "neighbours are told from words drawn at random")
    c.objective("model", "skip-gram", "better than cbow on small corpora")
    c.recipe("optimizer", "adam", "rare words get few gradients: rates of their own")
    c.recipe("lr", 3e-3, "large batches of few rows each bear it")
    c.recipe("schedule", "cosine", "the last steps settle what the first ones found")
    c.recipe("warmup", 0.0, "vectors begin at nearly nothing")
    size = 4096 if len(data.train) >= 500_000 else 256
    c.recipe("batch_size", size, "a table's step costs the same for few words as for many")
    c.recipe("epochs", 10, "vectors go on to get better after the held-out loss has turned")
    c.recipe("patience", None, "the held-out loss does not say how good the vectors are")
    c.recipe("keep", "last", "for the same reason")
    c.recipe("init", "default", "the net's own: small vectors, a table of zeros beside them")
