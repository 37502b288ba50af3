"""Progress: lines that do not flood, a live table on a terminal, silence."""

import io
import re
import subprocess
import sys

import pytest

from netwright.report.progress import (
    LineProgress,
    LiveProgress,
    SilentProgress,
    make_progress,
    sparkline,
)


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def train(
    progress: LineProgress | LiveProgress | SilentProgress,
    clock: Clock,
    *,
    epochs: int,
    pace: float,
) -> None:
    progress.start(epochs, "accuracy")
    for number in range(1, epochs + 1):
        clock.now += pace
        row = {
            "train_loss": 1 / number,
            "validation_loss": 1.1 / number,
            "accuracy": 1 - 0.5 / number,
        }
        progress.epoch(number, row)
    progress.stop("all epochs done", kept=epochs)


def test_slow_epochs_are_a_line_each() -> None:
    stream, clock = io.StringIO(), Clock()
    train(LineProgress(stream, clock=clock), clock, epochs=5, pace=2.0)
    lines = stream.getvalue().splitlines()
    assert len(lines) == 7  # start, five epochs, stop
    assert lines[1].startswith(
        "epoch 1/5  loss 1.000  validation loss 1.100  accuracy 0.500  8.0 s left"
    )


def test_fast_epochs_are_a_line_a_second_and_the_last() -> None:
    stream, clock = io.StringIO(), Clock()
    train(LineProgress(stream, clock=clock), clock, epochs=500, pace=0.01)
    lines = stream.getvalue().splitlines()
    assert 6 <= len(lines) <= 9
    assert lines[-2].startswith("epoch 500/500")
    assert (
        "all epochs done" in lines[-1]
        and "epoch 500 is kept (validation accuracy 0.999)" in lines[-1]
    )


def test_the_last_epoch_is_not_said_twice() -> None:
    stream, clock = io.StringIO(), Clock()
    train(LineProgress(stream, clock=clock), clock, epochs=2, pace=5.0)
    assert stream.getvalue().count("epoch 2/2") == 1


def test_time_left_never_exceeds_the_bound() -> None:
    stream, clock = io.StringIO(), Clock()
    progress = LineProgress(stream, seconds=20.0, clock=clock)
    progress.start(1000, "accuracy")
    clock.now = 5.0
    progress.epoch(1, {"accuracy": 0.5})
    assert "15 s left" in stream.getvalue()


def test_nets_that_train_in_turn_have_a_pace_of_their_own() -> None:
    stream, clock = io.StringIO(), Clock()
    progress = LineProgress(stream, clock=clock)
    progress.start(10, "accuracy")
    for pace in (5.0, 2.0):
        for number in range(1, 5):
            clock.now += pace
            progress.epoch(number, {"train_loss": 1.0, "members": 3})
    lines = stream.getvalue().splitlines()
    assert lines[4].endswith("members 3  30 s left")
    assert lines[5].endswith("18 s left") and lines[8].endswith("12 s left")


def test_lower_is_better_for_errors() -> None:
    stream, clock = io.StringIO(), Clock()
    progress = LineProgress(stream, clock=clock)
    progress.start(2, "rmse")
    progress.epoch(1, {"rmse": 1.0})
    progress.epoch(2, {"rmse": 2.0})
    assert progress.course.best == (1.0, 1)
    progress.stop("done", kept=1)
    assert "epoch 1 is kept (validation RMSE 1.000)" in stream.getvalue()


def test_messages_are_said_at_once() -> None:
    stream = io.StringIO()
    LineProgress(stream).message("warning: dead units in layer 3")
    assert stream.getvalue() == "warning: dead units in layer 3\n"


def test_live_table_shows_figures_and_leaves_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "120")
    stream, clock = Terminal(), Clock()
    progress = LiveProgress(stream, seconds=60.0, clock=clock)
    progress.start(10, "accuracy")
    for number in (1, 2, 3):
        clock.now += 1.0
        progress.epoch(number, {"train_loss": 1 / number, "accuracy": 0.5 + number / 10})
    assert progress.live is not None
    progress.live.refresh()
    progress.message("info: small test set [not markup]")
    progress.stop("no better accuracy for 10 epochs")
    text = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", stream.getvalue())  # without styles
    for words in ("epoch 3/10", "about 7.0 s left", "best 0.800 (epoch 3)", "[not markup]"):
        assert words in text
    assert "Trained 3 epochs in 3.0 s: no better accuracy for 10 epochs" in text.splitlines()[-1]


def test_kind_follows_the_stream() -> None:
    assert isinstance(make_progress(None), SilentProgress)
    assert isinstance(make_progress(io.StringIO()), LineProgress)
    assert isinstance(make_progress(Terminal()), LiveProgress)


def test_plain_lines_need_no_rich() -> None:
    code = (
        "import io, sys; from netwright.report.progress import make_progress; "
        "p = make_progress(io.StringIO()); p.start(1, 'accuracy'); p.epoch(1, {'accuracy': 1.0}); "
        "p.stop('done'); sys.exit('rich' in sys.modules or 'torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_sparkline() -> None:
    assert sparkline([3, 2, 1]) == "█▄▁"
    assert sparkline([1.0, 1.0]) == "▁▁"


def test_error_in_training_leaves_the_terminal_usable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    stream = Terminal()
    progress = LiveProgress(stream)
    progress.start(10, "accuracy")
    progress.start(10, "accuracy")  # again, with a smaller batch
    progress.close()
    progress.close()
    hidden, shown = "\x1b[?25l", "\x1b[?25h"
    assert stream.getvalue().count(hidden) == stream.getvalue().count(shown) == 2
