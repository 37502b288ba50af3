"""NaN and infinity fail; blank rows, dead columns and far-off codes are told."""

import dataclasses

import numpy as np
import pandas as pd
from check_cases import case, rows

from netwright.check.case import Case
from netwright.check.checks.input_values import input_values
from netwright.evaluate.baseline_inputs import Sample


def test_finite_inputs_pass() -> None:
    assert input_values(case()).status == "passed"


def test_nan_and_infinity_fail_with_their_rows_and_columns() -> None:
    x, y = rows(100)
    x[7, 2], x[9, 4] = np.nan, np.inf
    found = input_values(case((x, y)))
    assert (found.status, found.fault) == ("failed", "bad-input-values")
    assert found.columns == ("x2", "x4")
    assert [place.row for place in found.rows] == [7, 9]
    assert found.numbers["missing"] == found.numbers["infinite"] == 1


def test_missing_targets_fail() -> None:
    x, y = rows(100, form="regression")
    y[3] = np.nan
    found = input_values(case((x, y), form="regression"))
    assert found.status == "failed" and "targets" in found.words


def test_a_far_off_code_is_told_and_a_rare_large_value_is_not() -> None:
    x, y = rows(200)
    frame = pd.DataFrame(x[:, :2].astype(np.float64), columns=["coded", "plain"])
    frame.loc[:9, "coded"] = -999.0
    frame.loc[3, "plain"] = 50.0
    found = input_values(case((x, y), raw=(frame, None)))
    assert found.status == "info" and found.columns == ("coded",)
    assert "-999" in found.words


def test_blank_pictures_are_listed() -> None:
    x, y = rows(100)
    x[5:12] = 0.0
    pictures = case((x, y))
    assert input_values(pictures).status == "passed"  # a table's row may well hold zeros
    found = input_values(dataclasses.replace(pictures, kind="image"))
    assert found.status == "warning" and found.rows[0].row == 5


def test_a_dead_column_is_told() -> None:
    x, y = rows(100)
    x[:, 1] = 2.0
    found = input_values(case((x, y)))
    assert found.status == "info" and found.columns == ("x1",)


def test_that_rows_were_sampled_is_said() -> None:
    whole = case()
    train = whole.train
    sample = Sample(train.sample.inputs, train.sample.targets, None, 1_000_000)
    parts = dict(whole.parts) | {"train": dataclasses.replace(train, sample=sample)}
    some: Case = dataclasses.replace(whole, parts=parts)
    assert "1,000,000" in input_values(some).words


def test_what_is_not_known_of_several_targets_is_told_and_does_not_fail() -> None:
    x, y = rows(100, form="regression")
    both = np.concatenate([y, y], axis=1)
    both[3, 1] = np.nan
    several = dataclasses.replace(case((x, both), form="regression"), form="multi-task")
    found = input_values(several)
    assert found.status == "passed" and "1 targets of training rows are not known" in found.words
    both[5, 0] = np.inf
    assert input_values(several).status == "failed"
