"""BLEU is sacrebleu's, on the corpus and on every resample of it."""

import numpy as np
import pytest
import torch
from sacrebleu.metrics.bleu import BLEU

from netwright.data.task import Task
from netwright.evaluate.bleu import bleu_of, count_ngrams
from netwright.evaluate.score_translations import score_translations

TASK = Task(name="translation", form="translation", target="de", source="en")
REFERENCES = [
    "Ein Mann sieht einen Hund, der läuft.",
    "Zwei Kinder spielen im Park.",
    "Eine Frau liest.",
    "Der Hund schläft auf dem Sofa.",
]
SAID = [
    "Ein Mann sieht einen Hund laufen.",
    "Zwei Kinder spielen in einem großen Park.",
    "",
    "Der Hund schläft auf dem Sofa.",
]


@pytest.mark.parametrize(
    ("said", "references"),
    [
        (SAID, REFERENCES),
        (REFERENCES, REFERENCES),
        (["x y z w"] * 4, REFERENCES),
        ([""] * 4, REFERENCES),
        (["Eine Frau schreibt viel."], ["Eine Frau liest."]),  # no run of three is right
    ],
)
def test_it_is_sacrebleus(said: list[str], references: list[str]) -> None:
    counts = count_ngrams(said, references).sum(0, dtype=np.float64)[:, None]
    expected = BLEU().corpus_score(said, [references]).score
    assert bleu_of(counts)[0] == pytest.approx(expected, abs=1e-9)


def scored(said: list[str] | None) -> object:
    nats, targets = torch.ones(4, 3), torch.tensor([[5, 6, 3]] * 3 + [[5, 3, -100]])
    nats[3, 2] = 0.0
    return score_translations(nats, targets, TASK, said=said, references=REFERENCES, resamples=99)


def test_scores_have_an_interval_around_it() -> None:
    scores = scored(SAID)
    assert scores.primary == "bleu" and scores["nats"].value == pytest.approx(1.0)
    assert scores["bleu"].low < scores["bleu"].value < scores["bleu"].high
    assert scored(REFERENCES)["bleu"].value == pytest.approx(100.0)


def test_between_epochs_nats_decide() -> None:
    scores = scored(None)
    assert scores.primary == "nats" and "bleu" not in scores
