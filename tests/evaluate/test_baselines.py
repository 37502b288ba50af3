"""Baselines reach what scikit-learn reaches, keep to their time, and see no test row."""

import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn import datasets
from torch import Tensor

from netwright.data.data import Batch, Data, Kind, Rows, Source
from netwright.data.read import read
from netwright.data.task import Form, Task
from netwright.evaluate import baseline_job
from netwright.evaluate.baselines import baselines
from netwright.evaluate.verdict import verdict


class Encoded:
    """An encoding of nothing: the rows are made here."""

    def __init__(self, kind: Kind) -> None:
        self.kind = kind


def make(
    inputs: tuple[Tensor, ...],
    targets: Tensor,
    task: Task,
    kind: Kind,
    raw: list[str] | None = None,
) -> Data:
    """Shuffle and split 68 / 12 / 20 %."""
    count = len(targets)
    order = torch.randperm(count, generator=torch.Generator().manual_seed(0))
    a, b = int(0.68 * count), int(0.8 * count)

    def part(name: str, index: Tensor) -> Rows:
        own = None if raw is None else [raw[int(i)] for i in index]
        return Rows(name, tuple(x[index] for x in inputs), targets[index], own, index)

    return Data(
        kind=kind,
        task=task,
        encoding=Encoded(kind),  # type: ignore[arg-type]
        train=part("train", order[:a]),
        validation=part("validation", order[a:b]),
        test=part("test", order[b:]),
        source=Source("made"),
    )


def classes(count: int, form: Form | None = None) -> Task:
    return Task(
        name="classification",
        form=form or ("binary" if count == 2 else "multiclass"),
        target="y",
        classes=tuple(f"c{k}" for k in range(count)),
        outputs=count,
    )


def no_codes(rows: int) -> Tensor:
    return torch.zeros(rows, 0, dtype=torch.long)


def bundled(name: str) -> Data:
    found: Any = getattr(datasets, f"load_{name}")()
    x = torch.tensor(found.data).float()
    if name == "digits":
        pixels = (x / 16 * 255).to(torch.uint8).view(-1, 1, 8, 8)
        return make((pixels,), torch.tensor(found.target), classes(10), "image")
    if name == "diabetes":
        y = torch.tensor((found.target - 152.0) / 77.0).float()[:, None]
        task = Task(
            name="regression",
            form="regression",
            target="y",
            target_mean=(152.0,),
            target_std=(77.0,),
        )
        return make((x, no_codes(len(x))), y, task, "table")
    task = classes(len(found.target_names))
    return make((x, no_codes(len(x))), torch.tensor(found.target), task, "table")


def test_iris() -> None:
    data = bundled("iris")
    found = baselines(data, seconds=10, resamples=100)
    assert list(found) == ["trivial", "linear", "trees"]
    trivial, linear, trees = (found[name].scores for name in found)
    assert trivial is not None and linear is not None and trees is not None
    assert trivial["accuracy"].value < 0.5
    assert linear["accuracy"].value >= 0.9 and trees["accuracy"].value >= 0.85
    counts = np.bincount(torch.cat([data.train.targets, data.validation.targets]))  # type: ignore[attr-defined]
    share = -np.log(counts / counts.sum())[data.test.targets].mean()  # type: ignore[attr-defined]
    assert trivial["log_loss"].value == pytest.approx(share)
    assert found["linear"].rows == 120 and not found["linear"].reason
    assert set(found.to_dict()["trees"]) == set(trees)
    assert "logistic regression" in found.reasons()["linear"]["model"]


def test_digits_within_its_time() -> None:
    begun = time.monotonic()
    found = baselines(bundled("digits"), seconds=1.5, resamples=100)
    assert time.monotonic() - begun < 3.0  # twice the bound: the machine may be busy
    linear, trees = found["linear"].scores, found["trees"].scores
    # How far it comes in half a second is the machine's; where it came to its end is not.
    assert linear is not None
    assert linear["accuracy"].value > (0.85 if found["linear"].cut else 0.93)
    if trees is not None:
        assert trees["accuracy"].value > 0.8
        assert found["trees"].cut == bool(found["trees"].reason)


def test_the_linear_model_of_digits_with_time_enough() -> None:
    found = baselines(bundled("digits"), seconds=30, resamples=100)
    linear = found["linear"].scores
    assert linear is not None and linear["accuracy"].value > 0.93
    assert not found["linear"].cut


def test_regression_is_scored_in_the_targets_own_unit() -> None:
    found = baselines(bundled("diabetes"), seconds=10, resamples=100)
    trivial, linear = found["trivial"].scores, found["linear"].scores
    assert trivial is not None and linear is not None
    assert 60 < trivial["rmse"].value < 90 and abs(trivial["r2"].value) < 0.1
    assert 48 < linear["rmse"].value < 62 and linear["r2"].value > 0.3


def test_categories_carry_what_numbers_do_not() -> None:
    rng = torch.Generator().manual_seed(0)
    codes = torch.randint(1, 400, (3000, 2), generator=rng)  # more levels than a tree's bins
    wanted = (codes[:, 1] % 2 == 0) & (codes[:, 1] < 20) | (codes[:, 1] > 380)
    codes[:, 1] = torch.where(codes[:, 1] >= 20, codes[:, 1] % 7 + 20, codes[:, 1])
    wanted = codes[:, 1] % 2 == 0
    data = make((torch.randn(3000, 1, generator=rng), codes), wanted.long(), classes(2), "table")
    found = baselines(data, seconds=20, resamples=0)
    for name in ("linear", "trees"):
        scores = found[name].scores
        assert scores is not None and scores["accuracy"].value > 0.97, name


def test_several_labels_and_a_label_that_never_occurs() -> None:
    rng = torch.Generator().manual_seed(0)
    x = torch.randn(600, 4, generator=rng)
    y = (x[:, :3] > 0.3).float()
    y[:, 2] = 0
    task = classes(3, "multilabel")
    found = baselines(make((x, no_codes(600)), y, task, "table"), seconds=20, resamples=0)
    linear = found["linear"].scores
    assert linear is not None and linear["accuracy"].value > 0.9
    assert found["trees"].scores is not None


def test_a_class_only_the_test_rows_have() -> None:
    data = bundled("iris")
    kept = torch.isin(data.train.targets, torch.tensor([0, 1]))  # type: ignore[attr-defined]
    held = torch.isin(data.validation.targets, torch.tensor([0, 1]))  # type: ignore[attr-defined]
    less = Data(
        kind="table",
        task=data.task,
        encoding=data.encoding,
        train=data.train.select(kept.nonzero()[:, 0]),  # type: ignore[attr-defined]
        validation=data.validation.select(held.nonzero()[:, 0]),  # type: ignore[attr-defined]
        test=data.test,
        source=data.source,
    )
    found = baselines(less, seconds=10, resamples=0)
    assert found["linear"].scores is not None and found["trees"].scores is not None


@pytest.mark.parametrize("keep_raw", [True, False])
def test_texts_as_read_or_as_tokens(keep_raw: bool) -> None:
    rng = np.random.default_rng(0)
    words = np.array(["film", "plot", "actor", "scene", "good", "fine", "bad", "dull"])
    labels = rng.integers(0, 2, 300)
    texts, tokens = [], torch.zeros(300, 12, dtype=torch.long)
    for row, label in enumerate(labels):
        ids = [*rng.integers(0, 4, 10), *(4 + 2 * label + rng.integers(0, 2, 2))]
        rng.shuffle(ids)
        texts.append(" ".join(words[ids]))
        tokens[row] = torch.tensor(ids) + 2
    data = make(
        (tokens,), torch.tensor(labels), classes(2), "text", raw=texts if keep_raw else None
    )
    found = baselines(data, seconds=20, resamples=0)
    for name in ("linear", "trees"):
        scores = found[name].scores
        assert scores is not None and scores["accuracy"].value > 0.95, name
    assert "TF-IDF of words" in found["linear"].model


def test_names_are_told_apart_by_their_letters() -> None:
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 2, 200)
    ends = (("ov", "sky"), ("elli", "ini"))
    texts = [
        "".join(rng.choice(list("abdemnrst"), 4)) + ends[label][rng.integers(0, 2)]
        for label in labels
    ]
    data = make(
        (torch.ones(200, 4, dtype=torch.long),), torch.tensor(labels), classes(2), "text", texts
    )
    found = baselines(data, seconds=20, resamples=0)
    linear = found["linear"].scores
    assert linear is not None and linear["accuracy"].value > 0.9
    assert "letters" in found["linear"].model


def test_series() -> None:
    rng = torch.Generator().manual_seed(0)
    phase = 6.28 * torch.rand(240, 1, generator=rng)
    clock = torch.linspace(0, 20, 80)
    labels = torch.arange(240) % 2
    waves = torch.sin(clock * (1 + labels[:, None]) + phase) + 0.3 * torch.randn(
        240, 80, generator=rng
    )
    found = baselines(
        make((waves[:, :, None],), labels, classes(2), "series"), seconds=20, resamples=0
    )
    trees = found["trees"].scores
    assert trees is not None and trees["accuracy"].value > 0.95  # frequency is in the summary
    assert found["linear"].scores is not None


def test_large_images_are_averaged_down() -> None:
    rng = torch.Generator().manual_seed(0)
    labels = torch.arange(200) % 2
    pixels = torch.randint(0, 60, (200, 3, 40, 48), generator=rng)
    pixels[labels == 1, :, :20] += 60
    found = baselines(
        make((pixels.to(torch.uint8),), labels, classes(2), "image"), seconds=20, resamples=0
    )
    linear = found["linear"].scores
    assert linear is not None and linear["accuracy"].value > 0.95
    assert "pixels averaged to 16 x 20" in found["linear"].model


def test_forecasts() -> None:
    steps = np.arange(400)
    rng = np.random.default_rng(0)
    values = 50 + 10 * np.sin(2 * np.pi * steps / 12) + rng.normal(size=400)
    frame = pd.DataFrame(
        {"month": pd.date_range("1990-01-01", periods=400, freq="MS"), "value": values}
    )
    data = read(frame, task="forecasting", target="value", horizon=6)
    found = baselines(data, seconds=10, resamples=100)
    trivial, linear, trees = (found[name].scores for name in found)
    assert trivial is not None and linear is not None and trees is not None
    assert found["trivial"].model == "seasonal naive" and "last value" in found["trivial"].reason
    assert trivial["mase"].value == pytest.approx(1, abs=0.2)
    assert linear["mase"].value < 0.9 * trivial["mase"].value
    assert trees["mase"].value < trivial["mase"].value
    assert trivial["rmse"].value == pytest.approx(np.sqrt(2), abs=0.2)  # in the target's own unit
    assert "The net beats" not in verdict(trivial, found)


class Stream:
    """A split that is never whole in memory."""

    def __init__(self, rows: Rows) -> None:
        self.name, self.whole = rows.name, rows

    def __len__(self) -> int:
        return len(self.whole)

    def batches(self, batch_size: int, **options: Any) -> Any:
        for batch in self.whole.batches(min(batch_size, 50), **options):
            yield Batch(*batch)


def test_streamed_rows_give_the_same_scores() -> None:
    data = bundled("iris")
    streamed = Data(
        kind="table",
        task=data.task,
        encoding=data.encoding,
        train=Stream(data.train),  # type: ignore[arg-type]
        validation=Stream(data.validation),  # type: ignore[arg-type]
        test=Stream(data.test),  # type: ignore[arg-type]
        source=data.source,
    )
    whole, pieces = (baselines(d, seconds=10, resamples=0) for d in (data, streamed))
    assert str(whole) == str(pieces)


def test_language() -> None:
    rng = np.random.default_rng(0)
    step = np.array([[0.0, 0.9, 0.1], [0.1, 0.0, 0.9], [0.9, 0.1, 0.0]])  # what follows what
    tokens = [0]
    for _ in range(6000):
        tokens.append(int(rng.choice(3, p=step[tokens[-1]])))
    stream = torch.tensor(tokens)
    x, y = stream[:-1].view(-1, 20).int(), stream[1:].view(-1, 20)
    task = Task(name="language-modelling", form="language-modelling", target="next", outputs=3)
    found = baselines(make((x,), y, task, "text"), seconds=5, resamples=50)
    trivial, linear = found["trivial"].scores, found["linear"].scores
    assert trivial is not None and linear is not None and found["trees"].scores is None
    assert trivial["nats"].value == pytest.approx(np.log(3), abs=0.01)
    entropy = -(0.9 * np.log(0.9) + 0.1 * np.log(0.1))
    assert linear["nats"].value == pytest.approx(entropy, abs=0.06)


def test_one_class_in_training() -> None:
    rows = torch.randn(60, 2, generator=torch.Generator().manual_seed(0))
    data = make((rows, no_codes(60)), torch.zeros(60, dtype=torch.long), classes(2), "table")
    found = baselines(data, seconds=5, resamples=0)
    for name in found:
        scores = found[name].scores
        assert scores is not None and scores["accuracy"].value == 1.0, name


def test_more_rows_than_are_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(baseline_job, "MAX_TRAIN_ROWS", 60)
    monkeypatch.setattr(baseline_job, "MAX_TEST_ROWS", 20)
    data = bundled("iris")
    for one in (data, None):
        if one is None:
            one = Data(
                kind="table",
                task=data.task,
                encoding=data.encoding,
                train=Stream(data.train),  # type: ignore[arg-type]
                validation=Stream(data.validation),  # type: ignore[arg-type]
                test=Stream(data.test),  # type: ignore[arg-type]
                source=data.source,
            )
        found = baselines(one, seconds=10, resamples=0)
        assert found["linear"].reason == (
            "fitted on 60 of 120 rows; measured on 20 of 30 test rows"
        )
        scores = found["linear"].scores
        assert scores is not None and scores.rows == 20


def test_no_time_is_said() -> None:
    found = baselines(bundled("iris"), seconds=0.0, resamples=0)
    assert found["trivial"].scores is not None
    assert found["trees"].scores is None and "no time was left" in found["trees"].reason
    assert found.to_dict()["trees"] is None


def test_test_rows_are_never_learned_from() -> None:
    data = bundled("iris")
    other = Data(
        kind="table",
        task=data.task,
        encoding=data.encoding,
        train=data.train,
        validation=data.validation,
        test=Rows("test", data.test.inputs, data.test.targets.flip(0)),  # type: ignore[attr-defined]
        source=data.source,
    )
    first, second = (baselines(d, seconds=10, resamples=10) for d in (data, other))
    for name in first:
        # Only the truth has changed, so each class must be called as often as before.
        a, b = first[name].scores, second[name].scores
        assert a is not None and b is not None
        assert [row["called"] for row in a.per_class] == [row["called"] for row in b.per_class]


def test_trees_on_a_real_table_are_as_good_as_known(shared_data: Path) -> None:
    frame = pd.read_csv(shared_data / "tables" / "bank_churn" / "Churn_Modelling.csv")
    data = read(frame, target="Exited")
    # Under a second of work; the bound leaves room for a busy machine.
    found = baselines(data, seconds=60, metric="roc_auc", resamples=200)
    trees = found["trees"].scores
    assert trees is not None and trees["roc_auc"].value > 0.8
