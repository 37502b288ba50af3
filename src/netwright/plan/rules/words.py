"""Words: vectors that tell their neighbours."""

from netwright.data.data import Data
from netwright.data.word_encoding import WordEncoding
from netwright.data.word_stream import SAMPLE
from netwright.plan.choices import Choices

__all__ = ["words"]

MANY = 500_000  # words from which on the release's own rates do
LR_OF_A_PAIR = 0.025  # Mikolov et al. 2013


def words(data: Data, c: Choices) -> None:
    """Choose how vectors of words are learned."""
    c.net("name", "word2vec", "a word is known by the company it keeps (Mikolov 2013)")
    c.net("width", 100, "the usual size for corpora of some millions of words")
    c.objective("name", "word-vectors", "neighbours are told from words drawn at random")
    c.objective("model", "skip-gram", "better than cbow on small corpora")
    (_many_words if len(data.train) >= MANY else _few_words)(data, c)
    c.recipe("warmup", 0.0, "vectors begin at nearly nothing")
    c.recipe("epochs", 10, "vectors go on to get better after the held-out loss has turned")
    c.recipe("patience", None, "the held-out loss does not say how good the vectors are")
    c.recipe("keep", "last", "for the same reason")
    c.recipe("init", "default", "the net's own: small vectors, a table of zeros beside them")


def _many_words(data: Data, c: Choices) -> None:
    assert isinstance(data.encoding, WordEncoding)
    size = 512
    kept = data.encoding.kept(SAMPLE)[1:] * data.encoding.counts
    # As many to either side as a window of 5 has in the mean.
    pairs = round(6 * size * kept.sum() / sum(data.encoding.counts))
    c.net("sparse", True, "a step touches few rows of large tables")
    c.recipe("optimizer", "sgd", "as the release: every pair pulls alike, however rare its words")
    c.recipe(
        "lr", LR_OF_A_PAIR * pairs, f"{LR_OF_A_PAIR} a pair, of which a batch has some {pairs:,}"
    )
    c.recipe("schedule", "cosine", "the last steps settle what the first ones found")
    c.recipe("batch_size", size, "more would step a frequent word too far at once")


def _few_words(data: Data, c: Choices) -> None:
    c.recipe("optimizer", "adam", "rare words get few gradients: rates of their own")
    c.recipe("lr", 3e-3, "many small steps bear it")
    c.recipe("schedule", "cosine", "the last steps settle what the first ones found")
    c.recipe("batch_size", 256, "a table's step costs the same for few words as for many")
