"""The constant answer scores what can be worked out by hand."""

import math
from collections import Counter

import numpy as np
import pandas as pd
import pytest

import netwright as nw
from netwright.evaluate.constant import constant_outputs, constant_score
from netwright.evaluate.judge import targets_of


def test_classes_score_the_share_of_the_commonest() -> None:
    data = nw.read("iris")
    labels = targets_of(data.validation).tolist()
    commonest = int(constant_outputs(data)[0].argmax())
    assert constant_score(data, "accuracy") == pytest.approx(Counter(labels)[commonest] / 24)
    assert constant_outputs(data)[0].exp().sum() == pytest.approx(1.0)


def test_numbers_score_about_their_spread() -> None:
    data = nw.read("diabetes")
    spread = targets_of(data.validation).std().item() * data.task.target_std[0]
    assert constant_score(data, "rmse") == pytest.approx(spread, rel=0.1)


def test_grades_labels_and_areas() -> None:
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.normal(size=(200, 2)), columns=["a", "b"])
    frame["grade"] = rng.choice([1, 2, 3], 200, p=[0.2, 0.5, 0.3])
    data = nw.read(frame, target="grade", task="ordinal")
    above = constant_outputs(data)[0].sigmoid()
    assert above[0] == pytest.approx(0.8, abs=0.1) and above[1] == pytest.approx(0.3, abs=0.1)
    data = nw.read("breast_cancer")
    assert constant_score(data, "roc_auc") == pytest.approx(0.5)


def test_tokens_are_all_alike(tmp_path: object) -> None:
    file = f"{tmp_path}/text.txt"
    with open(file, "w", encoding="utf-8") as out:
        out.write("the quick brown fox jumps over the lazy dog. " * 400)
    data = nw.read(file)
    vocab = data.encoding.shapes()["vocab"]
    assert constant_score(data, "nats") == pytest.approx(math.log(vocab))
    assert constant_outputs(data).shape == targets_of(data.validation).shape  # nats a token
