"""Rungs: Hyperband's brackets, and who goes on."""

from collections import Counter

from netwright.tune.rungs import bracket_of, brackets, losers


def test_brackets_end_before_the_last_epoch_and_the_first_drops_nobody() -> None:
    assert brackets(27) == [[], [9], [3, 9], [1, 3, 9]]
    assert brackets(2) == [[]] and brackets(3) == [[], [1]]
    assert all(rungs == sorted(set(rungs)) for rungs in brackets(50))


def test_a_trial_keeps_its_bracket_and_eager_ones_have_more() -> None:
    counts = Counter(bracket_of(number, 4) for number in range(3000))
    assert counts[3] > counts[2] > counts[1] > counts[0] > 0
    assert bracket_of(17, 4) == bracket_of(17, 4)


def test_the_better_third_goes_on() -> None:
    assert losers({0: 0.1, 1: 0.9, 2: 0.5}, []) == {0, 2}
    assert losers({0: 0.1, 1: 0.9, 2: 0.5}, [0.95, 0.96, 0.97]) == {0, 1, 2}
    assert losers({0: 0.4}, [0.1, 0.2]) == set()
    assert losers({0: 0.4}, []) == set()
