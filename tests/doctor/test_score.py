"""Where a rerun's score comes from."""

import math

import pytest

from netwright.doctor.rerun import Rerun
from netwright.doctor.score import compiled, score_of, score_source
from netwright.errors import UsageError

LAST = 'epoch 1 acc 0.5\n{"metric": 0.25, "higher_is_better": false, "name": "x"}\n'


def run(stdout: str = "", evaluation: tuple[str, float] | None = None) -> Rerun:
    measure = None
    if evaluation is not None:
        name, value = evaluation
        measure = {"name": name, "value": value, "higher_is_better": name == "accuracy"}
    return Rerun(0, 1, 1.0, stdout, "", evaluation=measure)


def test_the_order() -> None:
    pattern = compiled(r"acc ([0-9.]+)")
    everything = run(LAST, ("accuracy", 0.75))
    found = score_source(everything, pattern)
    assert found is not None and (found.value, found.higher_is_better) == (0.5, True)
    found = score_source(everything, None)
    assert found is not None and (found.source, found.value) == ("validation", 0.75)
    found = score_source(run(LAST, ("loss", 2.0)), None)
    assert found is not None and (found.name, found.higher_is_better) == ("x", False)
    found = score_source(run("nothing", ("loss", 2.0)), None)
    assert found is not None and found.source == "validation-loss"
    assert score_source(run("nothing"), None) is None


def test_the_last_match_counts_and_loss_is_better_low() -> None:
    pattern = compiled(r"loss[ =]+\S+")
    found = score_of(run("loss = 3\nloss = 1.5e-2."), "pattern", pattern)
    assert found is not None and found.value == 0.015 and not found.higher_is_better
    found = score_of(run("loss = nan"), "pattern", pattern)
    assert found is not None and math.isnan(found.value)


def test_a_wrong_pattern_is_told() -> None:
    with pytest.raises(UsageError, match="regular expression"):
        compiled("(")
