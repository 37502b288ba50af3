"""Rows in two splits and columns that give the target away are warned of."""

import time

import numpy as np
import pandas as pd
import torch

from netwright.data.guard import guard_columns, guard_groups, guard_rows, row_keys
from netwright.data.ledger import Ledger

RNG = np.random.default_rng(0)


def splits(*sizes: int) -> dict[str, np.ndarray]:
    ends = np.cumsum((0, *sizes))
    names = ("train", "validation", "test")
    return {name: np.arange(ends[i], ends[i + 1]) for i, name in enumerate(names)}


def test_equal_rows_are_counted() -> None:
    frame = pd.DataFrame({"x": RNG.normal(size=100), "w": RNG.choice(["a", "b"], 100)})
    frame.iloc[90] = frame.iloc[0]
    frame.iloc[91] = frame.iloc[1]
    frame.iloc[70] = frame.iloc[2]
    labels = np.array(["p"] * 91 + ["q"] * 9, dtype=object)
    ledger = Ledger()
    assert guard_rows(frame, splits(60, 20, 20), ledger, labels=labels) == {
        "validation": 1,
        "test": 2,
    }
    assert "1 have the same target" in ledger.entries[1].what


def test_keys_tell_order_and_missing_apart() -> None:
    frame = pd.DataFrame({"a": ["x", "y", None, "x"], "b": ["y", "x", "x", "y"]}, dtype=object)
    keys = row_keys(frame)
    assert keys[0] == keys[3]
    assert len(set(keys[:3].tolist())) == 3


def test_different_rows_are_not_warned_of() -> None:
    ledger = Ledger()
    guard_rows(pd.DataFrame({"x": RNG.normal(size=100)}), splits(60, 20, 20), ledger)
    assert not len(ledger)


def test_shared_groups_are_warned_of() -> None:
    groups = np.array(["a"] * 60 + ["b"] * 20 + ["a"] * 20, dtype=object)
    ledger = Ledger()
    guard_groups(groups, splits(60, 20, 20), "patient", ledger)
    assert [entry.where for entry in ledger] == ["test split"]


def given_away(values: np.ndarray, target: np.ndarray, *, classes: bool) -> list[str]:
    x = torch.from_numpy(np.stack([RNG.normal(size=len(target)), values], 1).astype(np.float32))
    ids = torch.zeros((len(target), 0), dtype=torch.int64)
    names = (["noise", "leak"], [])
    return guard_columns((x, ids), names, torch.from_numpy(target), Ledger(), classes=classes)


def test_a_copy_of_the_target_is_found_and_a_good_feature_is_not() -> None:
    labels = RNG.integers(0, 3, 2000)
    assert given_away(labels * 2.0, labels, classes=True) == ["leak"]
    assert given_away(labels + RNG.normal(size=2000) * 0.5, labels, classes=True) == []
    wage = RNG.normal(size=(2000, 1)).astype(np.float32)
    assert given_away(np.exp(wage[:, 0]), wage, classes=False) == ["leak"]
    assert given_away(wage[:, 0] + RNG.normal(size=2000) * 0.3, wage, classes=False) == []


def test_a_category_that_names_the_class_is_found() -> None:
    labels = RNG.integers(0, 2, 500)
    ids = torch.from_numpy(1 + labels * 3 + RNG.integers(0, 3, 500))[:, None]
    found = guard_columns(
        (torch.zeros(500, 0), ids), ([], ["shop"]), torch.from_numpy(labels), Ledger(), classes=True
    )
    assert found == ["shop"]


def test_thirty_thousand_rows_take_less_than_two_seconds() -> None:
    frame = pd.DataFrame(RNG.normal(size=(30_000, 14)))
    x = torch.from_numpy(frame.to_numpy(np.float32, copy=True))
    y = torch.from_numpy(RNG.integers(0, 2, 30_000))
    begun = time.process_time()
    guard_rows(frame, splits(20_000, 5_000, 5_000), Ledger())
    names = ([str(c) for c in frame.columns], [])
    guard_columns(
        (x, torch.zeros((30_000, 0), dtype=torch.int64)), names, y, Ledger(), classes=True
    )
    assert time.process_time() - begun < 2.0
