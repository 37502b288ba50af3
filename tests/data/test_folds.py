"""Folds: every row validates once, classes and heights in proportion, blocks whole."""

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch

from netwright.data.data import Data, Rows, Source
from netwright.data.folds import deal_folds
from netwright.data.ledger import Ledger
from netwright.data.options import ReadOptions
from netwright.data.tables import table_data
from netwright.errors import DataError


def table(rows: int = 103, *, numbers: bool = False, **options: Any) -> Data:
    """x tells the rows apart; a fifth of them are of class "b"; four rows a household."""
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"x": rng.permutation(rows) + 0.5, "z": rng.normal(size=rows)})
    frame["day"] = np.arange(rows)
    frame["house"] = [f"house {number // 4}" for number in range(rows)]
    frame["y"] = frame.z * 3 + 7 if numbers else np.where(np.arange(rows) % 5 == 0, "b", "a")
    task = "regression" if numbers else "classification"
    return table_data(
        {"all": frame},
        source=Source("small"),
        options=ReadOptions(target="y", task=task, **options),
        ledger=Ledger(),
    )


def rows_of(split: object) -> set[int]:
    assert isinstance(split, Rows) and split.rows is not None
    return set(split.rows.tolist())


def test_every_row_validates_once_and_trains_the_others() -> None:
    data = table()
    pool, test = rows_of(data.train) | rows_of(data.validation), rows_of(data.test)
    folds = deal_folds(data, 5)
    seen: list[int] = []
    for part in folds.data:
        own, others = rows_of(part.validation), rows_of(part.train)
        assert own.isdisjoint(others) and own | others == pool and rows_of(part.test) == test
        seen += own
    assert len(seen) == len(set(seen)) == len(folds.validation)
    assert len({len(part.train) for part in folds.data}) == 1  # they share a stack
    assert len(pool) - len(seen) < 5  # left over by the division: these train all


def test_the_rows_of_a_fold_are_found_again_among_all() -> None:
    folds = deal_folds(table(), 4)
    for part, positions in zip(folds.data, folds.positions, strict=True):
        assert isinstance(part.validation, Rows)
        for mine, all_ in zip(part.validation.inputs, folds.validation.inputs, strict=True):
            assert torch.equal(mine, all_[positions])
        assert torch.equal(part.validation.targets, folds.validation.targets[positions])


def test_classes_and_heights_keep_their_shares() -> None:
    for part in deal_folds(table(200), 5).data:
        assert part.validation.targets.tolist().count(1) in (6, 7)
        assert sum(part.class_counts) == len(part.train) and part.class_counts[1] in (25, 26)
    for part in deal_folds(table(200, numbers=True), 5).data:
        assert abs(float(part.validation.targets.mean() - part.train.targets.mean())) < 0.1


def test_groups_stay_whole() -> None:
    data = table(group="house")
    folds = deal_folds(data, 5)
    for part in folds.data:
        houses = [{row // 4 for row in rows_of(split)} for split in (part.train, part.validation)]
        assert houses[0].isdisjoint(houses[1])
    sizes = [len(part.validation) for part in folds.data]
    assert max(sizes) - min(sizes) <= 4 and sum(sizes) == len(data.train) + len(data.validation)


def test_the_seed_decides() -> None:
    first, again, other = (deal_folds(table(), 5, seed=seed) for seed in (1, 1, 2))
    assert rows_of(first.data[0].validation) == rows_of(again.data[0].validation)
    assert rows_of(first.data[0].validation) != rows_of(other.data[0].validation)


def test_what_time_or_the_user_divided_is_not_divided_anew() -> None:
    told = table().train.raw.assign(y="a", part=["train", "validation", "test"] * 22)
    told.loc[told.index[::4], "y"] = "b"
    by_user = table_data(
        {"all": told.reset_index(drop=True)},
        source=Source("small"),
        options=ReadOptions(target="y", task="classification", split="part"),
        ledger=Ledger(),
    )
    for data in (table(time_column="day"), by_user):
        assert data.blocks is None
        with pytest.raises(DataError, match=r"Leave members\.folds out"):
            deal_folds(data, 5)
    with pytest.raises(DataError, match="Take fewer folds"):
        deal_folds(table(), 100)
    assert deal_folds(replace(table(), blocks=torch.arange(82)), 5)
