"""A search as it goes: a live leaderboard on a terminal, a line a batch elsewhere.

Both are what `tune` calls TuneProgress: start, round, trials; stop and close are the command's.
"""

import atexit
import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, TextIO

from netwright.report.progress import SHORTEST_GAP, Clock
from netwright.report.words import duration, metric_in_words, number, shorten, spell
from netwright.tune.study import Trial

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.live import Live

__all__ = ["LineSearch", "LiveSearch", "make_search_progress"]

SHOWN = 8  # rows of the live leaderboard


class _Search:
    """What both kinds know: the trials, those in training, how long it may still take."""

    def __init__(self, seconds: float | None, clock: Clock) -> None:
        self.seconds, self.clock = seconds, clock
        self.total, self.metric, self.sign = 0, "", 1
        self.begun = clock()
        self.known: Sequence[Trial] = ()
        self.before: int | None = None  # trials that were there when it began, as after --resume
        self.training: dict[int, float] = {}  # trial -> share of its epochs done

    def start(self, total: int, metric: str, higher_is_better: bool) -> None:
        self.total, self.metric = total, metric
        self.sign, self.begun = 1 if higher_is_better else -1, self.clock()

    def round(self, states: Mapping[int, tuple[int, float]], epochs: int) -> None:
        self.training = {n: done / max(epochs, 1) for n, (done, _) in states.items()}

    def trials(self, trials: Sequence[Trial]) -> None:
        self.known, self.training = trials, {}
        if self.before is None:
            self.before = len(self.finished)

    @property
    def finished(self) -> list[Trial]:
        return [t for t in self.known if t.state != "running"]

    @property
    def ranked(self) -> list[Trial]:
        scored = [t for t in self.finished if t.score is not None]
        key = {"complete": 0, "pruned": 1}
        return sorted(scored, key=lambda t: (key.get(t.state, 2), -self.sign * (t.score or 0.0)))

    @property
    def elapsed(self) -> float:
        return self.clock() - self.begun

    @property
    def done(self) -> float:
        """Trials done, those in training in part."""
        return len(self.finished) + sum(self.training.values())

    @property
    def left(self) -> float | None:
        """Seconds that the search may still take: by its pace, and within its bound."""
        bound = None if self.seconds is None else max(self.seconds - self.elapsed, 0.0)
        made = self.done - (self.before or 0)
        if made <= 0:
            return bound
        pace = self.elapsed / made * max(self.total - self.done, 0.0)
        return pace if bound is None else min(pace, bound)


class LineSearch:
    """A line when a trial has finished, at most one a second."""

    def __init__(
        self, stream: TextIO, *, seconds: float | None = None, clock: Clock = time.monotonic
    ) -> None:
        self.stream, self.search = stream, _Search(seconds, clock)
        self.said, self.said_at = 0, float("-inf")

    def start(self, total: int, metric: str, higher_is_better: bool) -> None:
        """Say how much it will be."""
        self.search.start(total, metric, higher_is_better)
        bound = self.search.seconds
        within = f", {duration(bound)} at most" if bound is not None else ""
        self._say(f"tuning: {total} trials{within}; validation {metric_in_words(metric)} decides")

    def round(self, states: Mapping[int, tuple[int, float]], epochs: int) -> None:
        """Take how far the batch in training is."""
        self.search.round(states, epochs)

    def trials(self, trials: Sequence[Trial]) -> None:
        """Say how many are done and which is best."""
        self.search.trials(trials)
        now, count = self.search.clock(), len(self.search.finished)
        whole = count >= self.search.total
        if count == self.said or (now - self.said_at < SHORTEST_GAP and not whole):
            return
        self.said, self.said_at = count, now
        ranked, left = self.search.ranked, self.search.left
        best = f"  best {number(ranked[0].score)} (trial {ranked[0].number})" if ranked else ""
        rest = f"  about {duration(left)} left" if left and not whole else ""
        self._say(f"{count}/{self.search.total} trials{best}{rest}")

    def message(self, text: str) -> None:
        """Say something at once."""
        self._say(text)

    def close(self) -> None:
        """Nothing to take away."""

    def _say(self, line: str) -> None:
        self.stream.write(line + "\n")
        self.stream.flush()


class LiveSearch:
    """The leaderboard, redrawn in place. NO_COLOR is honoured by rich."""

    def __init__(
        self, stream: TextIO, *, seconds: float | None = None, clock: Clock = time.monotonic
    ) -> None:
        self.stream, self.search = stream, _Search(seconds, clock)
        self.live: Live | None = None

    def start(self, total: int, metric: str, higher_is_better: bool) -> None:
        """Draw the leaderboard; it redraws itself until close."""
        from rich.console import Console
        from rich.live import Live

        self.close()
        self.search.start(total, metric, higher_is_better)
        console = Console(file=self.stream, highlight=False)
        self.live = Live(
            get_renderable=self._drawn, console=console, refresh_per_second=4, transient=True
        )
        self.live.start()
        atexit.register(self.close)

    def round(self, states: Mapping[int, tuple[int, float]], epochs: int) -> None:
        """Take how far the batch in training is; the next redrawing shows it."""
        self.search.round(states, epochs)

    def trials(self, trials: Sequence[Trial]) -> None:
        """Take the trials; the next redrawing shows them."""
        self.search.trials(trials)

    def message(self, text: str) -> None:
        """Print a line above the leaderboard."""
        from rich.text import Text

        if self.live is not None:
            self.live.console.print(Text(text))
        else:
            self.stream.write(text + "\n")

    def close(self) -> None:
        """Take the leaderboard away, also where an error ended the search."""
        if self.live is not None:
            self.live.stop()
            self.live = None
            atexit.unregister(self.close)

    def _drawn(self) -> "RenderableType":
        from rich.console import Group
        from rich.progress_bar import ProgressBar
        from rich.table import Table
        from rich.text import Text

        search, left = self.search, self.search.left
        top = Table.grid(padding=(0, 2))
        share = min(search.done / max(search.total, 1), 1.0)
        training = len(search.training)
        top.add_row(
            Text(f"{len(search.finished)}/{search.total} trials", "bold"),
            ProgressBar(total=1.0, completed=share, width=28, complete_style="blue"),
            Text(f"{training} in training" if training else "", "dim"),
            Text(f"{duration(search.elapsed)} gone", "dim"),
            Text(f"about {duration(left)} left" if left is not None else "", "dim"),
        )
        board = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
        for name in ("trial", metric_in_words(search.metric), "state", "epochs", "values"):
            board.add_column(name, no_wrap=True, justify="left")
        for place, trial in enumerate(search.ranked[:SHOWN]):
            board.add_row(
                str(trial.number),
                number(trial.score, 4),
                trial.state,
                str(trial.epochs),
                Text(shorten(values_line(trial), 90)),  # square brackets are no markup
                style="bold" if place == 0 else None,
            )
        return Group(top, board)


SearchProgress = LiveSearch | LineSearch


def make_search_progress(stream: TextIO, *, seconds: float | None = None) -> SearchProgress:
    """Return what suits the stream: live on a terminal, lines elsewhere."""
    kind = LiveSearch if stream.isatty() else LineSearch
    return kind(stream, seconds=seconds)


def values_line(trial: Trial) -> str:
    """Spell a trial's values: lr 0.003, depth 2."""
    parts = []
    for field, value in trial.changes.items():
        short = float(f"{value:.3g}") if isinstance(value, float) else value
        parts.append(f"{field.partition('.')[2]} {spell(short)}")
    return ", ".join(parts)
