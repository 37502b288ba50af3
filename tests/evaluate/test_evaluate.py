"""evaluate: a model's predictions on a split, in the target's own unit, against its targets."""

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn import metrics as sk
from torch import Tensor, nn

from netwright.data.data import Encoding, Rows
from netwright.data.forecast_encoding import ForecastEncoding
from netwright.data.read import read
from netwright.data.task import Form, Task
from netwright.errors import TrainingError, UsageError
from netwright.evaluate.evaluate import evaluate
from netwright.evaluate.judge import (
    NOT_ASKED,
    kept_of,
    outputs_of,
    overlap,
    predictions_of,
    score_outputs,
    targets_of,
)
from netwright.model.model import Model


class Plain:
    """An encoding that changes nothing."""

    kind = "table"

    def prepare(self, inputs: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        return inputs


class Zeros(nn.Module):
    """Outputs 0 whatever it is given."""

    def __init__(self, outputs: int) -> None:
        super().__init__()
        self.bias = nn.Parameter(torch.zeros(outputs))

    def forward(self, x: Tensor) -> Tensor:
        return self.bias.expand(len(x), -1)


def model_of(net: nn.Module, task: Task, encoding: Any = None) -> Model:
    used: Encoding = Plain() if encoding is None else encoding  # type: ignore[assignment]
    return Model(net=net, spec={"name": "made"}, encoding=used, task=task)


def classes(form: Form, count: int, outputs: int | None = None) -> Task:
    return Task(
        name="classification",
        form=form,
        target="y",
        classes=tuple("abcde"[:count]),
        outputs=outputs or count,
    )


def rows(inputs: Tensor, targets: Tensor) -> Rows:
    return Rows("test", (inputs,), targets)


def test_classes() -> None:
    torch.manual_seed(0)
    net = nn.Linear(4, 3)
    x, y = torch.randn(200, 4), torch.arange(200) % 3
    model = replace(model_of(net, classes("multiclass", 3)), temperature=2.0)
    scores = evaluate(model, rows(x, y), batch_size=64)
    with torch.no_grad():
        p = (net(x) / 2).double().softmax(1)
    assert scores["log_loss"].value == pytest.approx(sk.log_loss(y, p), rel=1e-5)
    assert scores["accuracy"].value == pytest.approx(sk.accuracy_score(y, p.argmax(1)))
    assert scores["accuracy"].low is not None and scores.rows == 200
    assert evaluate(model, rows(x, y), metric="log_loss", resamples=0).primary == "log_loss"


def test_a_run_is_taken_for_its_model() -> None:
    @dataclass
    class Ran:
        model: Model

    model = model_of(nn.Linear(4, 3), classes("multiclass", 3))
    split = rows(torch.randn(50, 4), torch.arange(50) % 3)
    assert evaluate(Ran(model), split).to_dict() == evaluate(model, split).to_dict()
    with pytest.raises(UsageError, match="needs a Model or a Run, but got Linear"):
        evaluate(nn.Linear(4, 3), split)


def test_unknown_metrics_are_refused_before_the_work() -> None:
    model = model_of(nn.Linear(4, 3), classes("multiclass", 3))
    with pytest.raises(UsageError, match="Did you mean 'roc_auc'"):
        evaluate(model, rows(torch.full((5, 7), 0.0), torch.zeros(5)), metric="roc_acu")


def test_numbers_in_the_targets_own_unit() -> None:
    task = Task(
        name="regression",
        form="regression",
        target="price",
        target_mean=(100.0,),
        target_std=(20.0,),
    )
    targets = torch.tensor([[0.5], [-0.5], [1.0], [0.0]])
    for shaped in (targets, targets[:, 0]):
        scores = evaluate(model_of(Zeros(1), task), rows(torch.zeros(4, 2), shaped))
        assert scores["mae"].value == pytest.approx(20 * 0.5)
        assert scores["mape"].value == pytest.approx((10 / 110 + 10 / 90 + 20 / 120) / 4)


def test_several_labels_and_grades() -> None:
    labels = model_of(Zeros(2), classes("multilabel", 2))
    scores = evaluate(labels, rows(torch.zeros(40, 1), torch.ones(40, 2)))
    assert scores["log_loss"].value == pytest.approx(np.log(2))
    grades = model_of(
        Zeros(2), classes("ordinal", 3, 2)
    )  # P(grade > k) = 0.5: only the ends are likely
    scores = evaluate(grades, rows(torch.zeros(40, 1), torch.zeros(40, dtype=torch.long)))
    assert scores.primary == "mae" and scores["mae"].value == 0


def test_diverged_nets_are_training_errors() -> None:
    net = Zeros(2)
    net.bias.data[0] = float("nan")
    split = rows(torch.zeros(5, 1), torch.zeros(5, dtype=torch.long))
    with pytest.raises(TrainingError, match="5 of 5 rows"):
        evaluate(model_of(net, classes("multiclass", 2)), split)


class Stream:
    """A split that is never whole in memory."""

    name = "test"

    def __init__(self, whole: Rows) -> None:
        self.whole = whole

    def __len__(self) -> int:
        return len(self.whole)

    def batches(self, batch_size: int, **options: Any) -> Any:
        yield from self.whole.batches(min(batch_size, 7), **options)


def test_streamed_rows() -> None:
    model = model_of(nn.Linear(4, 3), classes("multiclass", 3))
    whole = rows(torch.randn(50, 4), torch.arange(50) % 3)
    assert torch.equal(targets_of(Stream(whole)), whole.targets)
    assert evaluate(model, Stream(whole)).to_dict() == evaluate(model, whole).to_dict()


def test_language_model() -> None:
    task = Task(name="language-modelling", form="language-modelling", target="text", outputs=5)
    targets = torch.randint(0, 5, (100, 6))

    class Logits(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.table = nn.Parameter(torch.zeros(5, 5))

        def forward(self, x: Tensor) -> Tensor:
            return self.table[x.long()]

    split = rows(torch.zeros(100, 6), targets)
    model = model_of(Logits(), task)
    assert outputs_of(model, split).shape == (100, 6)  # nats a token, no vocabulary of logits
    assert score_outputs(model, outputs_of(model, split), split)["perplexity"].value == (
        pytest.approx(5)
    )


def test_what_is_not_asked_of_a_text_costs_nothing() -> None:
    nats = kept_of("language-modelling", torch.zeros(1, 3, 5), torch.tensor([[2, NOT_ASKED, 1]]))
    torch.testing.assert_close(nats, torch.tensor([[math.log(5), 0.0, math.log(5)]]))


def test_forecasts_are_decoded_and_scaled() -> None:
    months = pd.date_range("1990-01-01", periods=240, freq="MS")
    values = 100 + 10 * np.sin(2 * np.pi * np.arange(240) / 12) + np.arange(240) % 5
    frame = pd.DataFrame({"month": months, "value": values})
    data = read(frame, task="forecasting", target="value", horizon=4)
    encoding = data.encoding
    assert isinstance(encoding, ForecastEncoding)

    class Anchored(nn.Module):
        """Outputs 0: its forecast is the encoding's anchor."""

        def __init__(self) -> None:
            super().__init__()
            self.none = nn.Parameter(torch.zeros(4))

        def forward(self, x: Tensor) -> Tensor:
            return self.none.expand(len(x), -1)

    model = model_of(Anchored(), data.task, encoding)
    outputs = model.forward_rows(data.test)
    predictions, truth = predictions_of(model, outputs, data.test)
    # The truth must be the series itself, in its own unit, at the end of each window.
    starts = data.test.rows.numpy()  # type: ignore[attr-defined]
    for row, start in enumerate(starts):
        end = start + encoding.context
        np.testing.assert_allclose(truth[row], values[end : end + 4], rtol=1e-4)
    scores = evaluate(model, data.test)
    assert scores.primary == "mase"
    error = np.abs(predictions - truth).mean()
    assert scores["mase"].value == pytest.approx(error / encoding.scale, rel=1e-4)
    assert overlap(data.task, data.test) == 1  # origins a horizon apart share no step


def test_overlap_of_origins_a_step_apart() -> None:
    task = Task(name="forecasting", form="forecasting", target="y", horizon=24)
    split = Rows("test", (torch.zeros(9, 1),), torch.zeros(9, 24), None, torch.arange(9) * 7)
    assert overlap(task, split) == 4
    assert overlap(replace(task, form="regression"), split) == 1
