"""Frames become Data: target, splits, columns, encoding, ledger."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from netwright.data.data import Data, Source
from netwright.data.ledger import Ledger
from netwright.data.options import ReadOptions
from netwright.data.tables import table_data
from netwright.errors import DataError, UsageError

ROWS = 200


def make(rows: int = ROWS, seed: int = 0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=rows)
    return pd.DataFrame(
        {
            "x": x.astype(str),
            "city": rng.choice(["Rome", "Oslo"], rows),
            "day": pd.date_range("2020-01-01", periods=rows).strftime("%Y-%m-%d"),
            "person": [f"p{n % 25}" for n in range(rows)],
            "label": np.where(x + rng.normal(size=rows) > 0.5, "hit", "miss"),
        },
        dtype=object,
    )


def data(parts: pd.DataFrame | dict[str, pd.DataFrame], **told: object) -> Data:
    frames = {"all": parts} if isinstance(parts, pd.DataFrame) else parts
    options = ReadOptions(**told)  # type: ignore[arg-type]
    return table_data(frames, source=Source("x"), options=options, ledger=Ledger())


def said(found: Data, action: str) -> list[str]:
    return [f"{entry.where}: {entry.what}" for entry in found.ledger if entry.action == action]


def test_a_table_becomes_data() -> None:
    found = data(make())
    assert (found.kind, found.task.form, found.task.positive) == ("table", "binary", "hit")
    assert {name: len(split) for name, split in found.splits().items()} == {
        "train": 128, "validation": 32, "test": 40,
    }  # fmt: skip
    assert sum(found.class_counts) == 128
    counts = torch.bincount(found.train.targets).tolist()
    assert tuple(counts) == found.class_counts
    for split in found.splits().values():
        assert list(split.raw.columns) == ["x", "city", "day", "person"]
        assert len(split.raw) == len(split) == len(split.inputs[0]) == len(split.rows)
        for before, after in zip(split.inputs, found.encoding.encode(split.raw), strict=True):
            assert torch.equal(before, after)


def test_positions_point_into_the_source() -> None:
    frame = make()
    found = data(frame)
    rows = found.test.rows
    assert found.test.raw["city"].tolist() == frame["city"].iloc[rows.numpy()].tolist()
    labels = [found.task.classes[i] for i in found.test.targets.tolist()]
    assert labels == frame["label"].iloc[rows.numpy()].tolist()


def test_rows_without_a_target_are_dropped_and_counted() -> None:
    frame = make()
    frame.loc[:6, "label"] = None
    found = data(frame)
    assert sum(len(split) for split in found.splits().values()) == ROWS - 7
    assert not set(range(7)) & set(found.train.rows.tolist())
    entry = next(e for e in found.ledger if e.action == "dropped" and e.where == "label")
    assert entry.count == 7


def test_labels_of_the_test_file_are_spelled_as_training_spells_them() -> None:
    train, test = make(), make(50, seed=1)
    test["label"] = test["label"].str.upper() + "."
    found = data({"train": train, "test": test})
    assert found.task.classes == ("hit", "miss")
    assert len(found.test) == 50 and len(found.train) + len(found.validation) == ROWS
    assert any("'HIT.' is 'hit'" in line for line in said(found, "read"))


def test_classes_that_training_lacks_are_left_out_and_said() -> None:
    train, test = make(), make(50, seed=1)
    test.loc[:4, "label"] = "draw"
    found = data({"train": train, "test": test})
    assert len(found.test) == 45
    assert any("draw" in line for line in said(found, "warned"))


def test_a_test_file_without_its_columns_is_an_error() -> None:
    with pytest.raises(DataError, match="'city'"):
        data({"train": make(), "test": make(30).drop(columns="city")})
    with pytest.raises(DataError, match="netwright predict"):
        data({"train": make(), "test": make(30).drop(columns="label")})


def test_extra_columns_of_the_test_file_are_dropped() -> None:
    found = data({"train": make(), "test": make(30).assign(more=1)})
    assert any("more" in line for line in said(found, "dropped"))


def test_time_and_group() -> None:
    shuffled = make().sample(frac=1, random_state=0).reset_index(drop=True)
    found = data(shuffled, time_column="day")
    assert found.test.raw["day"].min() > found.train.raw["day"].max()
    grouped = data(make(), group="person")
    frame = make()
    people = [set(frame["person"].iloc[s.rows.numpy()]) for s in grouped.splits().values()]
    assert not people[0] & people[1] and not people[0] & people[2]
    assert "person" not in grouped.train.raw
    with pytest.raises(DataError, match="Did you mean 'person'"):
        data(make(), group="persn")
    with pytest.raises(DataError, match="neither dates nor numbers"):
        data(make(), time_column="city")


def test_rows_in_order_of_time_divided_at_random_are_warned_of() -> None:
    assert any("--time-column" in line for line in said(data(make()), "warned"))
    assert not said(data(make(), time_column="day"), "warned")


def test_a_split_column_or_file_is_kept(tmp_path: Path) -> None:
    words = np.array(["train"] * 150 + ["val"] * 20 + ["Test"] * 30)
    found = data(make().assign(part=words), split="part")
    assert [len(s) for s in found.splits().values()] == [150, 20, 30]
    assert "part" not in found.train.raw
    (tmp_path / "split.txt").write_text("\n".join(words))
    again = data(make(), split=str(tmp_path / "split.txt"))
    assert again.test.rows.tolist() == list(range(170, 200))
    (tmp_path / "short.txt").write_text("train\ntest")
    with pytest.raises(DataError, match="200 rows"):
        data(make(), split=str(tmp_path / "short.txt"))
    with pytest.raises(DataError, match="'maybe'"):
        data(make().assign(part="maybe"), split="part")
    with pytest.raises(UsageError, match="Did you mean 'part'"):
        data(make().assign(part=words), split="prt")


def test_texts_alone_become_text_data() -> None:
    rng = np.random.default_rng(0)
    words = "good bad fine awful film book plot actor scene music".split()
    frame = pd.DataFrame(
        {
            "review": [" ".join(rng.choice(words, 12)) for _ in range(80)],
            "id": range(80),
            "label": rng.choice(["pos", "neg"], 80),
        },
        dtype=object,
    )
    found = data(frame)
    assert found.kind == "text"
    assert found.test.raw == frame["review"].iloc[found.test.rows.numpy()].tolist()
    beside = data(frame.assign(stars=rng.normal(size=80)))
    assert beside.kind == "table"
    assert data(frame.assign(stars=1.5), task="text-classification").kind == "text"


def test_nothing_but_the_target_is_an_error() -> None:
    with pytest.raises(DataError, match="same value"):
        data(make().assign(x=1, city="a", day="2020-01-01", person="p"))


def test_too_few_rows_are_an_error() -> None:
    with pytest.raises(DataError, match="at least 10"):
        data(make(8))


def test_regression_and_multilabel() -> None:
    frame = make()
    value = data(frame.drop(columns="label"), target="x")
    assert value.task.form == "regression" and value.class_counts == ()
    assert abs(float(value.train.targets.mean())) < 1e-5
    labels = data(frame.assign(label=["a|b", "b", "a", "c|a"] * 50))
    assert labels.task.form == "multilabel"
    assert labels.class_counts == tuple(int(n) for n in labels.train.targets.sum(0))


def test_the_encoding_does_not_depend_on_the_test_rows() -> None:
    train, test = make(), make(50, seed=1)
    other = test.assign(x="1e6", city="Lima")
    first, again = data({"train": train, "test": test}), data({"train": train, "test": other})
    assert first.encoding.to_dict() == again.encoding.to_dict()
    for name, tensor in first.encoding.tensors().items():
        assert torch.equal(tensor, again.encoding.tensors()[name])


def test_a_leak_is_warned_of() -> None:
    frame = make(600)
    frame["copy"] = np.where(frame["label"] == "hit", "yes", "no")
    assert any(line.startswith("copy: alone it predicts") for line in said(data(frame), "warned"))
