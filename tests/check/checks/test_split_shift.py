"""Splits of one kind pass; inputs or targets that are spread otherwise are named."""

import numpy as np
import pandas as pd
from check_cases import case, rows

from netwright.check.checks.split_shift import split_shift


def test_like_splits_pass() -> None:
    for seed in range(5):
        assert split_shift(case(rows(400, seed=seed), rows(100, seed=50 + seed))).status == "passed"


def test_a_split_that_was_not_scaled_is_named() -> None:
    x, y = rows(150, seed=1)
    x[:, 4] = 30 + 10 * x[:, 4]
    found = split_shift(case(None, (x, y)))
    assert (found.status, found.fault) == ("warning", "train-test-mismatch")
    assert found.columns == ("x4",)


def test_other_shares_of_classes_are_told() -> None:
    x, y = rows(400, seed=1)
    kept = y == 0
    found = split_shift(case(None, (x[kept], y[kept])))
    assert found.status == "warning" and "the target" in found.columns


def test_cells_are_compared_as_they_were_read() -> None:
    rng = np.random.default_rng(0)
    train, test = rows(400), rows(150, seed=1)
    frames = [
        pd.DataFrame({"town": rng.choice(towns, size), "name": [f"n{i}" for i in range(size)]})
        for towns, size in ((["A", "B", "C"], 400), (["A", "D", "E"], 150))
    ]
    found = split_shift(case(train, test, raw=(frames[0], frames[1])))
    assert found.columns == ("town",)  # names are new in every split
