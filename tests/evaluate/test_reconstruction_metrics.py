"""Errors of rebuilt rows scored by hand and by scikit-learn; principal components beside them."""

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.decomposition import PCA
from sklearn.metrics import roc_auc_score

import netwright as nw
from netwright.data.data import Rows
from netwright.data.task import Task
from netwright.errors import TrainingError
from netwright.evaluate.baselines import baselines
from netwright.evaluate.constant import constant_outputs, constant_score
from netwright.evaluate.reconstruction_metrics import score_errors
from netwright.evaluate.scores import watched_metric
from netwright.evaluate.worst import worst_rows

LABELLED = Task(
    name="reconstruction", form="reconstruction", target="fault", classes=("no", "yes"),
    positive="yes",
)  # fmt: skip
PLAIN = Task(name="reconstruction", form="reconstruction", target="")


def test_errors_are_of_normal_rows_and_areas_of_those_with_a_label() -> None:
    rng = np.random.default_rng(0)
    errors, flags = rng.random((200, 2)), rng.choice([-1, 0, 1], 200)
    scores = score_errors(errors, flags, LABELLED, resamples=50)
    assert scores.primary == "roc_auc" and watched_metric(LABELLED) == "mse"
    assert scores["mse"].value == pytest.approx(errors[flags != 1, 0].mean())
    assert scores["mae"].value == pytest.approx(errors[flags != 1, 1].mean())
    known = flags >= 0
    expected = roc_auc_score(flags[known] == 1, errors[known, 0])
    assert scores["roc_auc"].value == pytest.approx(expected)
    assert scores["mse"].low < scores["mse"].value < scores["mse"].high
    assert set(scores.curves["roc"]) == {"yes"}


def test_without_anomalies_the_error_decides_and_says_why() -> None:
    errors = np.ones((40, 2))
    scores = score_errors(errors, np.zeros(40), LABELLED, resamples=10)
    assert scores.primary == "mse" and any("left out" in note for note in scores.notes)
    assert score_errors(errors, np.full(40, -1), PLAIN, resamples=0).primary == "mse"
    with pytest.raises(TrainingError, match="1 of 40 rows"):
        score_errors(np.where(np.arange(80).reshape(40, 2) == 3, np.nan, 1.0), np.zeros(40), PLAIN)


def table() -> pd.DataFrame:
    rng = np.random.default_rng(1)
    wide = rng.normal(size=(300, 2)) @ rng.normal(size=(2, 5)) + 0.1 * rng.normal(size=(300, 5))
    frame = pd.DataFrame(wide, columns=[*"abcde"]).assign(word=rng.choice(["u", "v"], 300))
    frame["fault"] = np.where(np.arange(300) % 10 == 0, "yes", "no")
    return frame


def test_the_linear_baseline_is_pca_and_the_trivial_one_the_mean() -> None:
    data = nw.read(table(), task="reconstruction", target="fault")
    train, test = data.train, data.test
    assert isinstance(train, Rows) and isinstance(test, Rows)
    found = baselines(data, code_size=2, resamples=0)

    def whole(rows: Rows) -> np.ndarray:
        one_hot = torch.nn.functional.one_hot(rows.inputs[1][:, 0], 3)
        return torch.cat([rows.inputs[0], one_hot], 1).double().numpy()

    pool = np.concatenate([whole(train), whole(data.validation)])  # type: ignore[arg-type]
    pca = PCA(2, svd_solver="full").fit(pool)
    off = pca.inverse_transform(pca.transform(whole(test))) - whole(test)
    normal = test.targets.numpy() == 0
    linear, trivial = found["linear"].scores, found["trivial"].scores
    assert linear is not None and trivial is not None and found["trees"].scores is None
    assert linear["mse"].value == pytest.approx((off**2).mean(1)[normal].mean(), rel=1e-3)
    expected = ((whole(test) - pool.mean(0)) ** 2).mean(1)[normal].mean()
    assert trivial["mse"].value == pytest.approx(expected, rel=1e-3)


def test_the_constant_answer_is_the_mean_training_row() -> None:
    data = nw.read(table(), task="reconstruction", target="fault")
    assert isinstance(data.train, Rows)
    spread = data.train.inputs[0].var(0).mean().item()
    assert constant_outputs(data).shape == (len(data.validation), 2)
    assert constant_score(data, "mse") == pytest.approx(spread, rel=0.5)


def test_the_worst_rows_are_those_with_the_largest_error() -> None:
    data = nw.read(table(), task="reconstruction", target="fault")
    errors = torch.rand(len(data.test), 2, generator=torch.Generator().manual_seed(0))
    found = worst_rows(data.test, errors, data.task, count=3)
    assert [one.row for one in found] == errors[:, 0].argsort(descending=True)[:3].tolist()
    assert {one.target for one in found} <= {"yes", "no"} and found[0].raw is not None
