"""Wrong labels are told from hard rows; labels that belong to other rows are noticed."""

import numpy as np
import pytest
from check_cases import case, rows

from netwright.check.checks.label_noise import label_noise

RNG = np.random.default_rng(3)


def _clear(count: int) -> tuple[np.ndarray, np.ndarray]:
    """Three clusters that hardly touch."""
    y = np.arange(count) % 3
    centres = np.random.default_rng(1).normal(size=(3, 6)) * 3
    noise = np.random.default_rng(2).normal(size=(count, 6))
    return (centres[y] + noise).astype(np.float32), y


def test_right_labels_pass() -> None:
    assert label_noise(case(_clear(400))).status == "passed"


@pytest.mark.parametrize("share", [0.15, 0.4])
def test_wrong_labels_are_a_warning_with_their_rows(share: float) -> None:
    x, y = _clear(900)
    rng = np.random.default_rng(0)
    wrong = rng.permutation(900)[: int(share * 900)]
    y[wrong] = (y[wrong] + rng.integers(1, 3, len(wrong))) % 3
    found = label_noise(case((x, y)))
    assert (found.status, found.fault) == ("warning", "corrupted-labels")
    assert abs(found.numbers["error among the surest half"] - share) < 0.08
    listed = {place.row for place in found.rows}
    assert not listed or len(listed & set(wrong.tolist())) >= 0.9 * len(listed)


def test_hard_rows_are_no_wrong_labels() -> None:
    """Classes that overlap: many rows are labelled otherwise than predicted, the surest are not."""
    y = RNG.integers(0, 2, 1500)
    x = RNG.normal(size=(1500, 6)).astype(np.float32)
    x[:, 0] += 1.5 * y
    found = label_noise(case((x, y)))
    assert found.numbers["error"] > 0.15 and found.status in ("passed", "info")


def test_a_few_wrong_labels_are_listed() -> None:
    x, y = _clear(600)
    y[[10, 20, 30]] = (y[[10, 20, 30]] + 1) % 3
    found = label_noise(case((x, y)))
    assert found.status == "info"
    assert {place.row for place in found.rows} == {10, 20, 30}


@pytest.mark.parametrize("form", ["multiclass", "regression"])
def test_labels_of_other_rows_are_noticed(form: str) -> None:
    x, y = rows(500, form=form)  # type: ignore[arg-type]
    healthy = label_noise(case((x, y), form=form))  # type: ignore[arg-type]
    assert healthy.status in ("passed", "info")
    found = label_noise(case((x, y[RNG.permutation(500)]), form=form))  # type: ignore[arg-type]
    assert (found.status, found.fault) == ("warning", "corrupted-labels")
    assert "constant" in found.words


def test_a_number_that_is_far_off_is_listed() -> None:
    x, y = rows(400, form="regression")
    y[17] = 40.0
    found = label_noise(case((x, y), form="regression"))
    assert found.status == "info" and found.rows[0].row == 17


def test_few_rows_prove_nothing() -> None:
    assert label_noise(case(rows(40))).status == "skipped"
