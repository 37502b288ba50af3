"""A column that is the target under another name fails; a good feature passes."""

import numpy as np
import pytest
from check_cases import case, rows

from netwright.check.checks.giveaway_column import giveaway_column


@pytest.mark.parametrize("form", ["multiclass", "regression"])
def test_plain_features_pass(form: str) -> None:
    assert giveaway_column(case(form=form)).status == "passed"  # type: ignore[arg-type]


def test_a_copy_of_the_class_fails_by_name() -> None:
    x, y = rows(400)
    x[:, 3] = 10 * y
    found = giveaway_column(case((x, y)))
    assert (found.status, found.fault, found.columns) == ("failed", "data-leakage", ("x3",))


def test_a_function_of_the_number_is_a_warning_at_least() -> None:
    x, y = rows(600, form="regression")
    x[:, 2] = np.log(y[:, 0] + 10)
    found = giveaway_column(case((x, y), form="regression"))
    assert found.status in ("warning", "failed") and found.columns == ("x2",)


def test_few_rows_prove_nothing() -> None:
    x, y = rows(30)
    x[:, 3] = y
    assert giveaway_column(case((x, y))).status == "skipped"
