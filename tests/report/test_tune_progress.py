"""The progress of a search: lines that do not flood, a leaderboard, the time that is left."""

import io

from studies import made_up_study
from test_progress import Clock, Terminal

from netwright.report.tune_progress import LineSearch, LiveSearch, make_search_progress
from netwright.tune.study import Trial

TRIALS = made_up_study(20).trials


def test_lines_say_how_far_how_good_how_long() -> None:
    stream, clock = io.StringIO(), Clock()
    search = LineSearch(stream, clock=clock)
    search.start(20, "accuracy", True)
    search.trials(())
    for count in (5, 10, 10, 20):
        clock.now += 10
        search.trials(TRIALS[:count])
    lines = stream.getvalue().splitlines()
    assert lines[0] == "tuning: 20 trials; validation accuracy decides"
    assert len(lines) == 4
    assert lines[1].startswith("5/20 trials  best 0.8") and lines[1].endswith("about 30 s left")
    assert "left" not in lines[3]


def test_trials_of_before_do_not_speed_up_the_estimate() -> None:
    stream, clock = io.StringIO(), Clock()
    search = LineSearch(stream, clock=clock)
    search.start(20, "accuracy", True)
    search.trials(TRIALS[:10])
    clock.now += 10
    search.trials(TRIALS[:15])
    assert stream.getvalue().splitlines()[-1].endswith("about 10 s left")


def test_many_trials_a_second_are_one_line() -> None:
    stream, clock = io.StringIO(), Clock()
    search = LineSearch(stream, clock=clock)
    search.start(100, "accuracy", True)
    for count in range(1, 20):
        clock.now += 0.1
        search.trials(TRIALS[:count])
    assert len(stream.getvalue().splitlines()) == 3


def test_the_live_table_shows_the_best_and_goes_away() -> None:
    stream = Terminal()
    search = make_search_progress(stream)
    assert isinstance(search, LiveSearch)
    search.start(20, "rmse", False)
    search.trials([Trial(number=7, changes={"recipe.lr": 0.5}, state="complete", score=2.5)])
    search.round({8: (5, 3.0), 9: (5, 3.1)}, 10)
    assert search.live is not None
    search.live.refresh()
    shown = stream.getvalue()
    assert "1/20 trials" in shown and "2.500" in shown and "2 in training" in shown
    search.message("a word")
    search.close()
    assert search.live is None and "a word" in stream.getvalue()
