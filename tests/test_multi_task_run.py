"""A table with targets of different kinds, from the source to the report and the predictions."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

import netwright as nw
from netwright.cli.use import score_lines
from netwright.data.read import ReadOptions
from netwright.data.several_targets import data_of_task
from netwright.errors import UsageError
from netwright.evaluate.evaluate import evaluate
from netwright.making import Job, make
from netwright.train.fit import fit


@pytest.fixture(scope="module")
def houses() -> pd.DataFrame:
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.normal(size=(300, 3)), columns=["size", "age", "noise"])
    frame["price"] = 3 * frame["size"] - frame["age"] + 0.3 * rng.normal(size=300)
    frame["sold"] = np.where(frame["size"] + 0.3 * rng.normal(size=300) > 0, "yes", "no")
    frame.loc[:19, "price"] = np.nan
    frame.loc[15:29, "sold"] = None  # of rows 15 to 19 nothing is known
    return frame


def test_each_target_is_read_as_if_it_were_the_only_one(houses: pd.DataFrame) -> None:
    data = nw.read(houses, target="price,sold")
    assert (data.task.name, data.task.form, data.task.outputs) == ("multi-task", "multi-task", 3)
    assert [task.form for task in data.task.tasks] == ["regression", "binary"]
    assert sum(len(split) for split in data.splits().values()) == 295
    assert any("multi-task" in entry.what for entry in data.ledger)
    alone = data_of_task(data, 1)
    assert alone.task.classes == ("no", "yes") and alone.train.targets.dtype == torch.int64
    known = len(alone.train) + len(alone.validation) + len(alone.test)
    assert known == 285


def test_columns_of_one_kind_are_what_they_were() -> None:
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.normal(size=(60, 3)), columns=["x", "a", "b"])
    assert nw.read(frame, target="a,b").task.form == "regression"
    flags = frame.assign(a=rng.integers(2, size=60), b=rng.integers(2, size=60))
    assert nw.read(flags, target="a,b").task.form == "multilabel"
    mixed = frame.assign(b=flags["b"])
    assert [t.form for t in nw.read(mixed, target="a,b").task.tasks] == ["regression", "binary"]
    both = nw.read(frame, target="a,b", task="multi-task")
    assert [task.form for task in both.task.tasks] == ["regression", "regression"]
    with pytest.raises(UsageError, match="names one"):
        nw.read(frame, target="a", task="multi-task")


def test_members_are_refused_before_anything_is_written(
    houses: pd.DataFrame, tmp_path: Path
) -> None:
    data = nw.read(houses, target="price,sold")
    with pytest.raises(UsageError, match="members"):
        fit(nw.design(data).with_({"members.count": 3}), data)
    houses.to_csv(tmp_path / "houses.csv", index=False)
    options = ReadOptions(target="price,sold")
    job = Job(source=str(tmp_path / "houses.csv"), options=options, members=3,
              out=str(tmp_path / "run"))  # fmt: skip
    with pytest.raises(UsageError, match="members"):
        make(job)
    assert not (tmp_path / "run").exists()


def test_a_net_of_another_kind_is_refused(houses: pd.DataFrame) -> None:
    data = nw.read(houses, target="price,sold")
    with pytest.raises(UsageError, match="multi-task"):
        fit(nw.design(data).with_({"net.name": "mlp"}), data)


@pytest.mark.slow
def test_from_table_to_report(houses: pd.DataFrame, tmp_path: Path) -> None:
    source = tmp_path / "houses.csv"
    houses.to_csv(source, index=False)
    changes = {"recipe.epochs": 12, "net.trunk.width": 16, "net.trunk.depth": 1}
    out = tmp_path / "run"
    job = Job(
        source=str(source), options=ReadOptions(target="price,sold"), out=str(out),
        changes=changes, seconds=60.0, num_threads=1, device="cpu",
    )  # fmt: skip
    metrics = make(job).metrics
    assert metrics["task"] == "multi-task" and metrics["primary"]["name"] == "skill"
    assert metrics["test"]["skill"]["value"] > 0.4
    assert abs(metrics["baselines"]["trivial"]["skill"]["value"]) < 0.2
    price, sold = metrics["tasks"]["price"], metrics["tasks"]["sold"]
    assert price["primary"]["name"] == "rmse" and sold["primary"]["name"] == "accuracy"
    assert sold["test"]["accuracy"]["low"] <= sold["test"]["accuracy"]["value"]
    assert price["baselines"]["linear"]["rmse"]["value"] < 1.0
    (pair,) = metrics["gradient_conflict"]
    assert pair["tasks"] == ["price", "sold"] and -1 <= pair["mean_cosine"] <= 1
    assert 0 <= pair["conflicting"] <= 1 and pair["steps"] >= 12
    history = pd.read_csv(out / "history.csv")
    assert {"gradient_cosine", "conflicting", "weight.price", "weight.sold"} <= set(history)
    assert history["weight.price"].iloc[-1] != 1.0  # learned
    page = (out / "report.html").read_text(encoding="utf-8")
    assert "Task by task" in page and "conflicting steps" in page
    assert json.loads((out / "metrics.json").read_text()) == metrics

    scored = evaluate(nw.load(out), nw.read(source, target="price,sold").test)
    lines = score_lines(scored)
    assert lines[0].startswith("skill ") and any(line.startswith("price (") for line in lines)
    assert any(line.startswith("RMSE ") for line in lines)

    model = nw.load(out)
    said = model.predict(houses.drop(columns=["price", "sold"]))
    names = ["prediction_price", "prediction_sold", "probability_sold_no", "probability_sold_yes"]
    assert list(said.columns) == names and len(said) == len(houses)
    right = (said["prediction_sold"] == houses["sold"])[houses["sold"].notna()]
    assert right.mean() > 0.8
    assert np.corrcoef(said["prediction_price"][20:], houses["price"][20:])[0, 1] > 0.8
