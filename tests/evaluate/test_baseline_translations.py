"""The baselines of translators, and of taggers, by hand."""

import math
import time

import pytest
import torch

from netwright.evaluate.baseline_tags import Sentences, by_features, by_word
from netwright.evaluate.baseline_translations import piece_nats, word_by_word

WORDS = {"one": "eins", "two": "zwei", "three": "drei"}
PAIRS = [
    (f"{a.capitalize()} {b} {c}.", f"{WORDS[a].capitalize()} {WORDS[b]} {WORDS[c]}.")
    for a in WORDS
    for b in WORDS
    for c in WORDS
]


def test_each_word_has_its_commonest_translation() -> None:
    texts = ["Two three one.", "two dogs."]
    said, pairs = word_by_word(PAIRS, texts, deadline=time.monotonic() + 60)
    assert said == ["Zwei drei eins.", "zwei dogs."] and pairs == len(PAIRS)


def test_without_time_few_pairs_are_learned_from() -> None:
    _, pairs = word_by_word(PAIRS, ["one"], deadline=time.monotonic())
    assert pairs == 1


def test_pieces_cost_what_their_share_says() -> None:
    train = torch.tensor([[1, 1, 2], [1, 2, -100]])
    nats = piece_nats(train, torch.tensor([[1, -100], [0, 2]]))
    # Counts with one more each: 1, 4 and 3 of 8.
    assert nats[0].tolist() == pytest.approx([math.log(2), 0.0])
    assert nats[1].tolist() == pytest.approx([math.log(8), math.log(8 / 3)])


TRAIN = Sentences(
    [["Ann", "is"], ["Bob", "is", "here"]] * 5, torch.tensor([[1, 0, -100], [1, 0, 0]] * 5)
)
TEST = Sentences([["Zoe", "is"], ["ann"]], torch.tensor([[1, 0], [1, -100]]))


def test_the_most_frequent_tag_of_a_word() -> None:
    said = by_word(TRAIN, TEST, 2).argmax(-1)
    assert said[0].tolist() == [0, 0] and int(said[1, 0]) == 1  # Zoe is unknown: most are 0


def test_capitals_tell_of_words_that_training_lacks() -> None:
    (found,), cut = by_features(TRAIN, [TEST], 2, deadline=time.monotonic() + 60, seed=0)
    assert found[0].argmax(-1).tolist() == [1, 0] and not cut
