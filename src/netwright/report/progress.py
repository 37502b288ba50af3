"""Training as it goes: a live table on a terminal, a line an epoch elsewhere, nothing for a
library.

All three are what `fit` calls Progress: start, epoch, message, stop.
"""

import atexit
import time
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, TextIO

from netwright.report.words import duration, metric_in_words, number

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.live import Live

__all__ = [
    "LineProgress",
    "LiveProgress",
    "Progress",
    "SilentProgress",
    "make_progress",
    "sparkline",
]

SHORTEST_GAP = 1.0  # seconds between two plain lines: a log of 500 epochs stays readable
SPARK_WIDTH = 32
LOWER_IS_BETTER = (
    "loss",
    "brier",
    "ece",
    "mae",
    "rmse",
    "mape",
    "smape",
    "mase",
    "nats",
    "perplexity",
)
Clock = Callable[[], float]


class SilentProgress:
    """Says nothing: the library's."""

    def start(self, total_epochs: int, metric_name: str) -> None: ...
    def epoch(self, number: int, row: Mapping[str, float]) -> None: ...
    def message(self, text: str) -> None: ...
    def stop(self, reason: str, kept: int | None = None) -> None: ...


class _Course:
    """What both visible kinds know: where training stands, what was best, how long it may still
    take."""

    def __init__(self, seconds: float | None, clock: Clock) -> None:
        self.seconds, self.clock = seconds, clock
        self.total, self.metric = 0, ""
        self.begun = self.lap_begun = self.heard_at = clock()
        self.number = 0
        self.row: Mapping[str, float] = {}
        self.best: tuple[float, int] | None = None
        self.losses: list[float] = []
        self.values: dict[int, float] = {}  # the metric by epoch

    def start(self, total_epochs: int, metric_name: str) -> None:
        self.total, self.metric = total_epochs, metric_name
        self.begun = self.lap_begun = self.heard_at = self.clock()

    def epoch(self, number: int, row: Mapping[str, float]) -> None:
        if number <= self.number:  # other nets train now: their pace is their own
            self.lap_begun = self.heard_at
        self.number, self.row, self.heard_at = number, row, self.clock()
        loss = row.get("validation_loss", row.get("train_loss"))
        if loss is not None and loss == loss:
            self.losses.append(loss)
        value = row.get(self.metric)
        if value is None or value != value:
            return
        self.values[number] = value
        sign = -1 if any(word in self.metric for word in LOWER_IS_BETTER) else 1
        if self.best is None or sign * value > sign * self.best[0]:
            self.best = (value, number)

    @property
    def elapsed(self) -> float:
        return self.clock() - self.begun

    @property
    def left(self) -> float | None:
        """Seconds that training may still take: by the pace so far, and never more than the time
        bound leaves."""
        bound = self.seconds - self.elapsed if self.seconds is not None else None
        if not self.number:
            return bound
        pace = (self.clock() - self.lap_begun) / self.number * max(self.total - self.number, 0)
        return max(0.0, pace if bound is None else min(pace, bound))

    @property
    def share(self) -> float:
        """How much of training is done, 0..1."""
        by_epochs = self.number / self.total if self.total else 0.0
        by_time = self.elapsed / self.seconds if self.seconds else 0.0
        return min(1.0, max(by_epochs, by_time))

    def figures(self) -> list[tuple[str, str]]:
        """Return (name, value) of what a reader wants of the last epoch."""
        named = [
            ("train_loss", "loss"),
            ("validation_loss", "validation loss"),
            (self.metric, metric_in_words(self.metric)),
            ("members", "members"),
        ]
        return [(words, number(self.row[key])) for key, words in named if key in self.row]


class LineProgress:
    """Plain lines, at most one a second, and always the last one before training ends."""

    def __init__(
        self, stream: TextIO, *, seconds: float | None = None, clock: Clock = time.monotonic
    ) -> None:
        self.stream, self.clock = stream, clock
        self.course = _Course(seconds, clock)
        self.said_at = float("-inf")
        self.pending: str | None = None

    def start(self, total_epochs: int, metric_name: str) -> None:
        """Say how long it will be."""
        self.course.start(total_epochs, metric_name)
        bound = (
            f", {duration(self.course.seconds)} at most" if self.course.seconds is not None else ""
        )
        self._say(f"training: up to {total_epochs} epochs{bound}")

    def epoch(self, number: int, row: Mapping[str, float]) -> None:
        """Say the epoch's figures, or keep them where the last line is younger than a second."""
        self.course.epoch(number, row)
        line = self._line()
        if self.clock() - self.said_at < SHORTEST_GAP:
            self.pending = line
            return
        self._say(line)
        self.said_at, self.pending = self.clock(), None

    def message(self, text: str) -> None:
        """Say something at once, such as a finding."""
        self._say(text)

    def stop(self, reason: str, kept: int | None = None) -> None:
        """Say the last epoch if it is unsaid, why training ended and which epoch's weights were
        kept."""
        if self.pending is not None:
            self._say(self.pending)
            self.pending = None
        self._say(f"stopped: {reason}{_kept(self.course, kept)}")

    def _line(self) -> str:
        course = self.course
        figures = "  ".join(f"{name} {value}" for name, value in course.figures())
        left = course.left
        rest = (
            f"  {duration(left)} left" if left is not None and course.number < course.total else ""
        )
        return f"epoch {course.number:>{len(str(course.total))}}/{course.total}  {figures}{rest}"

    def _say(self, line: str) -> None:
        self.stream.write(line + "\n")
        self.stream.flush()


class LiveProgress:
    """A table that is redrawn in place; messages scroll above it. NO_COLOR is honoured by rich."""

    def __init__(
        self, stream: TextIO, *, seconds: float | None = None, clock: Clock = time.monotonic
    ) -> None:
        self.stream = stream
        self.course = _Course(seconds, clock)
        self.live: Live | None = None

    def start(self, total_epochs: int, metric_name: str) -> None:
        """Draw the table; it redraws itself four times a second until stop."""
        # Only a terminal needs rich: pipes and libraries start faster without.
        from rich.console import Console
        from rich.live import Live

        self.close()  # training may start again, with a smaller batch
        self.course.start(total_epochs, metric_name)
        console = Console(file=self.stream, highlight=False)
        self.live = Live(
            get_renderable=self._drawn, console=console, refresh_per_second=4, transient=True
        )
        self.live.start()
        atexit.register(self.close)

    def epoch(self, number: int, row: Mapping[str, float]) -> None:
        """Take the epoch's figures; the next redrawing shows them."""
        self.course.epoch(number, row)

    def message(self, text: str) -> None:
        """Print a line above the table."""
        from rich.text import Text

        if self.live is not None:
            self.live.console.print(Text(text))
        else:
            self.stream.write(text + "\n")

    def stop(self, reason: str, kept: int | None = None) -> None:
        """Take the table away and leave one line in its place."""
        from rich.text import Text

        if self.live is not None:
            console = self.live.console
            self.close()
            took = f"{self.course.number} epochs in {duration(self.course.elapsed)}"
            console.print(Text(f"Trained {took}: {reason}{_kept(self.course, kept)}"))

    def close(self) -> None:
        """Take the table away without a word, also where an error ended training: a terminal with a
        hidden cursor is no use to anyone.
        """
        if self.live is not None:
            self.live.stop()
            self.live = None
            atexit.unregister(self.close)

    def _drawn(self) -> "RenderableType":
        from rich.console import Group
        from rich.progress_bar import ProgressBar
        from rich.table import Table
        from rich.text import Text

        course = self.course
        top = Table.grid(padding=(0, 2))
        left = course.left
        top.add_row(
            Text(f"epoch {course.number}/{course.total}", "bold"),
            ProgressBar(total=1.0, completed=course.share, width=28, complete_style="blue"),
            Text(f"{duration(course.elapsed)} gone", "dim"),
            Text(f"about {duration(left)} left" if left is not None else "", "dim"),
        )
        lines: list[RenderableType] = [top]
        figures = [Text.assemble((f"{name} ", "dim"), value) for name, value in course.figures()]
        if figures:
            lines.append(Text("  ", no_wrap=True, overflow="ellipsis").join(figures))
        if course.best is not None:
            value, at = course.best
            best = Text.assemble(
                ("best ", "dim"), (number(value), "bold"), (f" (epoch {at})", "dim")
            )
            if len(course.losses) > 1:
                best.append(f"  {sparkline(course.losses)}", "blue")
            lines.append(best)
        return Group(*lines)


Progress = LiveProgress | LineProgress | SilentProgress


def make_progress(stream: TextIO | None, *, seconds: float | None = None) -> Progress:
    """Return what suits the stream: live on a terminal, lines elsewhere, silence without one.

    seconds: the bound on training, for the time that is left.
    """
    if stream is None:
        return SilentProgress()
    return (
        LiveProgress(stream, seconds=seconds)
        if stream.isatty()
        else LineProgress(stream, seconds=seconds)
    )


def sparkline(values: Sequence[float], width: int = SPARK_WIDTH) -> str:
    """Draw numbers as a row of bars: the last `width` of them, or fewer."""
    shown = list(values)[-width:]
    low, high = min(shown), max(shown)
    bars = "▁▂▃▄▅▆▇█"
    return "".join(bars[int((v - low) / ((high - low) or 1.0) * (len(bars) - 1))] for v in shown)


def _kept(course: _Course, kept: int | None) -> str:
    if kept is None:
        return ""
    if kept not in course.values:  # seen before the run was resumed
        return f"; the weights of epoch {kept} are kept"
    value = number(course.values[kept])
    return f"; epoch {kept} is kept (validation {metric_in_words(course.metric)} {value})"
