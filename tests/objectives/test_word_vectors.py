"""Vectors of words: what a batch asks, what a pair costs, and that like words come together."""

import math
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from netwright.data.data import Data
from netwright.data.ledger import Ledger
from netwright.data.read import read
from netwright.data.read_rows import read_labelled, read_rows
from netwright.errors import UsageError
from netwright.evaluate.baselines import baselines
from netwright.evaluate.evaluate import evaluate
from netwright.evaluate.word_scores import score_words
from netwright.model.loading import load
from netwright.nets.word2vec import Word2Vec
from netwright.objectives._objective import Epoch
from netwright.objectives.word_vectors import WordVectors
from netwright.plan.design import design
from netwright.report.neighbours import sample_neighbours
from netwright.report.report import Headline, Report
from netwright.report.sections.neighbours import neighbours
from netwright.train.fit import fit

TOPICS, EACH = 8, 50
PLAIN = {"title": "", "task": "", "verdict": "", "headline": Headline(metric="nats", value=1.0)}


def corpus(folder: Path, *, lines: int = 3000) -> Path:
    """Lines of ten words, all of one topic: words of a topic are alike."""
    rng = np.random.default_rng(0)
    topics = rng.integers(0, TOPICS, size=(lines, 1))
    words = topics * EACH + rng.integers(0, EACH, size=(lines, 10))
    path = folder / "corpus.txt"
    text = "\n".join(" ".join(f"t{w // EACH}w{w % EACH}" for w in row) for row in words)
    path.write_text(text, encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Data:
    folder = tmp_path_factory.mktemp("words")
    pairs = [f"t0w{at}\tt0w{at + 20}\t9" for at in range(20)]
    pairs += [f"t1w{at}\tt2w{at}\t1" for at in range(20)]
    (folder / "pairs.tsv").write_text("\n".join(pairs), encoding="utf-8")
    return read(corpus(folder), task="embedding", test=folder / "pairs.tsv")


def streams() -> dict[str, torch.Generator]:
    return {name: torch.Generator().manual_seed(0) for name in ("order", "rng")}


@pytest.mark.parametrize("model", ["skip-gram", "cbow"])
def test_runs_ask_true_and_drawn_words(model: str, data: Data) -> None:
    objective = WordVectors(model=model, window=2, shared=7, negatives=5)
    batches = list(objective.batches(data, Epoch(batch_size=490, **streams())))
    assert len(batches) == math.ceil(len(data.train) / 490)
    (given, asked), targets = batches[0]
    assert targets.shape == (len(given), 7, asked.shape[1])
    assert bool((targets[:, :, -7:] == 0).all())  # drawn
    words = ["", *data.encoding.vocabulary]  # type: ignore[attr-defined]
    true = (targets == 1).nonzero().tolist()
    if model == "cbow":
        assert given.shape[2] == 4 and all(place == choice for _, place, choice in true)
    else:
        assert given.shape[2] == 1 and asked.shape[1] == 2 + 7 + 2 + 7
        assert {choice - place for _, place, choice in true} == {0, 1, 3, 4}
    # The lines are of one topic each, so a true neighbour is of the word's own.
    for run, place, choice in true[:200]:
        near = words[int(asked[run, choice])][:2]
        assert all(words[at][:2] == near for at in given[run, place].tolist() if at)


def test_every_neighbour_of_a_text_is_asked_once(data: Data) -> None:
    objective = WordVectors(window=1, shared=16, sample=0)  # no word left out, no reach drawn
    batches = list(objective.batches(data, Epoch(batch_size=500, **streams())))
    lines = data.train.lines  # type: ignore[union-attr]
    beside = int((lines[1:] == lines[:-1]).sum())
    assert sum(int((batch.targets == 1).sum()) for batch in batches) == 2 * beside


def test_an_epoch_goes_on_where_it_was_left(data: Data) -> None:
    objective = WordVectors()
    whole = list(objective.batches(data, Epoch(batch_size=200, **streams())))
    rest = list(objective.batches(data, Epoch(batch_size=200, start=70, **streams())))
    assert len(rest) == len(whole) - 70
    for one, other in zip(whole[70:], rest, strict=True):
        assert all(torch.equal(a, b) for a, b in zip(one.inputs, other.inputs, strict=True))


def test_a_pair_costs_what_the_equation_says() -> None:
    objective = WordVectors(negatives=5, shared=2)
    outputs = torch.tensor([[0.3, -0.7, 9.9, 0.5, -0.2]])
    targets = torch.tensor([[1.0, 1.0, -1.0, 0.0, 0.0]])  # two neighbours, padding, two drawn
    true = -F.logsigmoid(torch.tensor([0.3, -0.7])).sum()
    drawn = -F.logsigmoid(-torch.tensor([0.5, -0.2])).mean() * 5 * 2
    torch.testing.assert_close(objective.compute(outputs, targets), (true + drawn) / 2)


def test_hierarchical_pairs_cost_their_paths(data: Data) -> None:
    counts = [0, *data.encoding.counts]  # type: ignore[attr-defined]
    net = Word2Vec(vocab=len(counts), width=8, counts=counts)
    objective = WordVectors(loss="hierarchical-softmax")
    batch = next(iter(objective.batches(data, Epoch(batch_size=64, **streams()))))
    # At first every turn is a coin's: the loss is the mean length of the paths, in bits.
    steps = (net.signs[batch.inputs[1]] != 0).sum(1).float().mean()
    torch.testing.assert_close(objective.step(net, batch)["net"], steps * math.log(2))


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"objective.model": "cbow"},
        {"objective.loss": "hierarchical-softmax"},
        {"objective.loss": "hierarchical-softmax", "objective.model": "cbow"},
        {"net.sparse": True, "recipe.optimizer": "sgd", "recipe.lr": 60.0},
    ],
)
def test_words_of_a_topic_come_together(
    changes: dict[str, object], data: Data, tmp_path: Path
) -> None:
    small = {"net.width": 16, "recipe.lr": 0.02, "recipe.epochs": 3}
    run = fit(design(data).with_(small | changes), data, num_threads=1)
    assert run.history[-1]["nats"] < math.log(11) - 0.2
    scores = evaluate(run, data.test)
    assert scores.primary == "spearman" and scores["spearman"].value > 0.7
    opened = load(run.model.save(tmp_path / "model"))
    ledger = Ledger()
    frame = opened.predict(["t3w1", "zebra", "t4w2 - t5w3 + t5w9"], ledger=ledger)
    nearest = [column for column in frame.columns if not column.startswith("cosine")]
    assert all(word.startswith("t3w") for word in frame.loc[0, nearest])
    assert "t3w1" not in set(frame.loc[0, nearest])
    assert frame.loc[1].isna().all() and "zebra" in str([*ledger])
    assert frame.loc[2, "prediction"].startswith("t4w")


def test_baselines_of_pairs_and_of_text(data: Data, tmp_path: Path) -> None:
    found = baselines(data, seconds=20.0)
    linear = found["linear"].scores
    assert linear is not None and linear["spearman"].value > 0.7
    assert found["trivial"].scores is None and found["trees"].scores is None
    text = read(corpus(tmp_path), task="embedding")
    guess = baselines(text, seconds=5.0)["trivial"].scores
    assert guess is not None and guess["nats"].value == pytest.approx(math.log(11))


def test_a_sure_answer_has_no_nats(data: Data) -> None:
    outputs = torch.full((4, 11), -50.0)
    outputs[:, 0] = 50.0
    scores = score_words(outputs, data.validation, data.task, resamples=0)
    assert scores["nats"].value == pytest.approx(0.0) and scores["accuracy"].value == 1.0


def test_equal_choices_are_a_guess_and_not_right(data: Data) -> None:
    scores = score_words(torch.zeros(40, 11), data.validation, data.task, resamples=0)
    assert scores["accuracy"].value == pytest.approx(1 / 11)
    assert scores["nats"].value == pytest.approx(math.log(11))


def test_wrong_settings_are_refused(data: Data) -> None:
    with pytest.raises(UsageError, match="Did you mean 'cbow'"):
        WordVectors(model="cbwo")
    with pytest.raises(UsageError, match="negatives is 0"):
        WordVectors(negatives=0)
    plan = design(data).with_({"net.sparse": True})
    with pytest.raises(UsageError, match="gradients are sparse"):
        fit(plan, data, num_threads=1)
    with pytest.raises(UsageError, match="needs pairs of words"):
        score_words(torch.zeros(3, 11), data.validation, data.task, metric="spearman")


def test_a_saved_model_is_asked_and_scored_from_files(data: Data, tmp_path: Path) -> None:
    small = {"net.width": 8, "recipe.epochs": 1}
    run = fit(design(data).with_(small), data, num_threads=1)
    run.model.save(tmp_path / "model")
    opened = load(tmp_path)
    words = tmp_path / "words.txt"
    words.write_text("t1w1\n\nt2w2 - t2w3 + t2w4\nzebra\n", encoding="utf-8")
    frame = opened.predict(read_rows(words, opened.encoding, Ledger()))
    assert len(frame) == 3 and frame["prediction"].notna().tolist() == [True, True, False]
    pairs = tmp_path / "pairs.csv"
    pairs.write_text("".join(f"t1w{at},t1w{at + 1},{at}\n" for at in range(12)), encoding="utf-8")
    rows = read_labelled(pairs, opened.encoding, opened.task, Ledger())
    assert "spearman" in evaluate(opened, rows)
    near = sample_neighbours(run.model)
    assert near and all(name not in found for name, found in near)
    assert "What lies near" in str(neighbours(Report(neighbours=near, **PLAIN)))  # type: ignore[arg-type]
