import pytest
from diagnose_runs import curve, names

from netwright.watch.trace import Trace


@pytest.mark.parametrize(
    ("rare", "recall", "found"),
    [(20, 0.1, ["class-imbalance"]), (20, 0.8, []), (300, 0.1, [])],
)
def test_a_rare_class_that_is_given_up(rare: int, recall: float, found: list[str]) -> None:
    trace = Trace()
    for label, count, found_share in (("common", 1000, 0.99), ("rare", rare, recall)):
        curve(trace, "class.count", [count], place=label)
        curve(trace, "recall", [0.5, found_share], place=label)
    assert names(trace) == found
