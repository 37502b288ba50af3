"""Edits by hand and by a plain recursion; error rates and their intervals."""

import functools

import numpy as np
import pytest
import torch

from netwright.data.data import Rows
from netwright.data.task import Task
from netwright.errors import TrainingError, UsageError
from netwright.evaluate.speech_metrics import (
    edit_distances,
    facts_of_speech,
    facts_of_symbols,
    score_speech,
)
from netwright.evaluate.worst_speech import worst_speech

TASK = Task(name="speech-recognition", form="speech-recognition", target="text", outputs=5)


def plain(first: list[int], other: list[int]) -> int:
    @functools.cache
    def distance(i: int, j: int) -> int:
        if i == 0 or j == 0:
            return i + j
        same = distance(i - 1, j - 1) + (first[i - 1] != other[j - 1])
        return min(same, distance(i - 1, j) + 1, distance(i, j - 1) + 1)

    return distance(len(first), len(other))


def test_edits_by_hand() -> None:
    said = [[1, 2, 3], [], [1, 2], [4, 4], [1, 3]]
    asked = [[1, 2, 3], [1, 2], [], [4], [1, 2, 3]]
    assert edit_distances(said, asked).tolist() == [0, 2, 2, 1, 1]
    assert edit_distances([], []).tolist() == []


def test_edits_are_those_of_the_recursion() -> None:
    rng = np.random.default_rng(0)
    rows = [[rng.integers(1, 4, rng.integers(0, 9)).tolist() for _ in range(40)] for _ in range(2)]
    expected = [plain(a, b) for a, b in zip(*rows, strict=True)]
    assert edit_distances(*rows).tolist() == expected


def test_facts_of_outputs() -> None:
    frames = torch.tensor([[2, 2, 0, 2, 3], [0, 0, 4, 4, 0]])
    outputs = 20.0 * torch.nn.functional.one_hot(frames, 5)
    facts = facts_of_speech(outputs, torch.tensor([[2, 2, 3], [2, -100, -100]]))
    assert facts[:, 1:].tolist() == [[0, 3], [1, 1]]
    assert facts[0, 0] < 1e-3 and facts[1, 0] > 10


def test_scores_and_their_intervals() -> None:
    targets = torch.tensor([[2, 3], [2, 2]] * 20)
    said = [[2, 3], [2]] * 20
    facts = facts_of_symbols(said, targets, torch.ones(40))
    texts = ["a b", "a"] * 20
    scores = score_speech(facts, TASK, said=texts, references=["a b", "a a"] * 20, resamples=200)
    assert scores.primary == "token_error_rate" and not scores.higher_is_better()
    rate = scores["token_error_rate"]
    assert rate.value == pytest.approx(0.25) and rate.low < 0.25 < rate.high
    assert scores["word_error_rate"].value == pytest.approx(0.25)
    assert scores["nats"].value == pytest.approx(0.5)
    between = score_speech(facts, TASK, resamples=0)
    assert "word_error_rate" not in between and between["token_error_rate"].low is None


def test_what_cannot_be_scored() -> None:
    with pytest.raises(TrainingError, match="Training has diverged"):
        score_speech(torch.tensor([[float("nan"), 0, 1]]), TASK)
    with pytest.raises(UsageError, match="'bleu' is not measured for speech-recognition"):
        score_speech(torch.ones(3, 3), TASK, said=["a"] * 3, references=["a"] * 3, metric="bleu")


def test_the_worst_come_first_and_what_is_right_is_none() -> None:
    facts = torch.tensor([[1.0, 1, 4], [1, 0, 4], [1, 3, 3], [5, 1, 4]])
    raw = [(f"{at}.wav", f"text {at}") for at in range(4)]
    split = Rows("test", (torch.zeros(4, 1),), torch.zeros(4, 1), raw, torch.arange(4) + 10)
    worst = worst_speech(split, facts, ["a", "b", "c", "d"])
    assert [one.row for one in worst] == [2, 3, 0]
    first = worst[0]
    assert (first.target, first.prediction, first.raw, first.source_row) == (
        "text 2", "c", "2.wav", 12,
    )  # fmt: skip
