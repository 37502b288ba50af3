"""Rows that stand in two splits are found, exact and nearly so; what agrees by chance is not."""

import numpy as np
from check_cases import case, rows

from netwright.check.checks.duplicate_rows import duplicate_rows

RNG = np.random.default_rng(5)


def test_rows_of_their_own_pass() -> None:
    assert duplicate_rows(case()).status == "passed"


def test_many_equal_rows_fail() -> None:
    train, test = rows(400), rows(100, seed=1)
    test[0][:30], test[1][:30] = train[0][50:80], train[1][50:80]
    found = duplicate_rows(case(train, test))
    assert (found.status, found.fault) == ("failed", "data-leakage")
    assert found.numbers["rows"] == 30 and found.numbers["same target"] == 1
    assert found.rows[0].row == 0 and "training row 50" in found.rows[0].shown


def test_some_equal_rows_are_a_warning_and_a_single_one_a_note() -> None:
    train, test = rows(400), rows(200, seed=1)
    test[0][:6], test[1][:6] = train[0][:6], train[1][:6]
    assert duplicate_rows(case(train, test)).status == "warning"
    test[0][1:6] = rows(5, seed=7)[0]
    assert duplicate_rows(case(train, test)).status == "info"


def test_equal_rows_with_other_targets_help_nobody() -> None:
    train, test = rows(400), rows(100, seed=1)
    test[0][:30], test[1][:30] = train[0][:30], (train[1][:30] + 1) % 3
    assert duplicate_rows(case(train, test)).status == "info"


def test_rows_of_few_values_agree_by_chance() -> None:
    x = RNG.integers(0, 2, (500, 6)).astype(np.float32)
    y = (x.sum(1) > 3).astype(np.int64)
    found = duplicate_rows(case((x[:400], y[:400]), (x[400:], y[400:])))
    assert found.status == "info" and "by chance" in found.words


def test_copies_with_noise_are_found() -> None:
    train, test = rows(600), rows(200, seed=1)
    noise = 1e-3 * RNG.normal(size=(40, 6))
    test[0][:40], test[1][:40] = train[0][:40] + noise, train[1][:40]
    found = duplicate_rows(case(train, test))
    assert found.status == "failed" and found.fault == "data-leakage"
    assert 35 <= found.numbers["rows"] <= 45


def test_rows_on_a_line_are_near_by_nature() -> None:
    """Data of one dimension in six columns: neighbours are near without being copies."""
    t = RNG.uniform(0, 1, (800, 1))
    x = np.concatenate([np.sin(t * k) for k in range(1, 7)], axis=1).astype(np.float32)
    y = (t[:, 0] * 3).astype(np.int64)
    assert duplicate_rows(case((x[:600], y[:600]), (x[600:], y[600:]))).status == "passed"
