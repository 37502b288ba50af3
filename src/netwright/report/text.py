"""The closing words on the screen: plain lines anywhere, tables where a terminal can draw them."""

from typing import TextIO

from netwright.report.report import Report
from netwright.report.sections.answer import baseline_name, baseline_rows, worries
from netwright.report.words import duration, interval, metric_title, number, plural, shorten

__all__ = ["print_report", "to_text"]

MOST_WORRIES = 5
LINE = 110  # characters that an explanation may take on the screen


def to_text(report: Report) -> str:
    """Return the summary as plain lines: the score, the comparison, the verdict, the worries, where
    the report lies."""
    metric = metric_title(report.headline.metric)
    better = "larger is better" if report.headline.higher_is_better else "smaller is better"
    rows = baseline_rows(report)
    width = max(len(name) for name, *_ in rows)
    lines = [
        report.title,
        report.headline.sentence or report.task,
        "",
        f"{metric} on the test rows ({better})",
    ]
    lines += [
        f"  {name:<{width}}  {number(value):>9}  {_ends(value, low, high)}".rstrip()
        for name, value, low, high in rows
    ]
    lines += [
        f"  {baseline_name(name, baseline):<{width}}  {'–':>9}  {baseline.reason}".rstrip()
        for name, baseline in report.baselines.items()
        if not baseline.scores
    ]
    lines += ["", report.verdict]
    found = worries(report)
    if found:
        lines += ["", "To worry about"]
        lines += [
            f"  {severity}: {shorten(words, LINE)}" for severity, words in found[:MOST_WORRIES]
        ]
        if len(found) > MOST_WORRIES:
            lines.append(f"  and {len(found) - MOST_WORRIES} more in the report")
        lines += [f"  {line}" for line in _treatment(report)]
    else:
        lines += ["", "No fault found while it trained."]
    lines += ["", _closing(report)]
    return "\n".join(lines)


def print_report(report: Report, stream: TextIO) -> None:
    """Write the summary to `stream`: drawn with rich on a terminal (NO_COLOR honoured), plain lines
    elsewhere."""
    if not stream.isatty():
        stream.write(to_text(report) + "\n")
        return
    # Only a terminal needs it: a pipe and --json start faster without.
    from rich.console import Console

    console = Console(file=stream, highlight=False)
    console.print(_drawn(report))


def _drawn(report: Report) -> "object":
    from rich.console import Group
    from rich.table import Table
    from rich.text import Text

    head = report.headline
    score = Text.assemble(
        (number(head.value), "bold blue"),
        f" {metric_title(head.metric)} on the test rows  ",
        style="",
    )
    if head.low is not None:
        ends = _ends(head.value, head.low, head.high)
        score.append(f"95 % interval {ends}", style="dim")
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim", pad_edge=False)
    table.add_column("")
    table.add_column(metric_title(head.metric), justify="right")
    table.add_column("95 % interval")
    for place, (name, value, low, high) in enumerate(baseline_rows(report)):
        style = "bold" if place == 0 else ""
        table.add_row(
            Text(name, style), Text(number(value), style), Text(_ends(value, low, high), "dim")
        )
    for name, baseline in report.baselines.items():
        if not baseline.scores:
            table.add_row(
                Text(baseline_name(name, baseline)), Text("–"), Text(baseline.reason, "dim")
            )
    parts: list[object] = [
        Text(report.title, "bold"),
        Text(head.sentence or report.task),
        Text(),
        score,
        Text(),
        table,
    ]
    parts += [Text(), Text(report.verdict)]
    colours = {"error": "bold red", "warning": "yellow"}
    for severity, words in worries(report)[:MOST_WORRIES]:
        parts.append(
            Text.assemble((severity, colours.get(severity, "cyan")), "  ", shorten(words, LINE))
        )
    parts += [Text(line) for line in _treatment(report)]
    parts += [Text(), Text(_closing(report), "dim")]
    return Group(*parts)  # type: ignore[arg-type]  # a list of rich's renderables


def _treatment(report: Report) -> list[str]:
    """Say what treats the findings, where there are any that do harm."""
    alarms = any(finding.get("severity") in ("error", "warning") for finding in report.findings)
    if not alarms or not report.folder:
        return []
    return [f"To have it treated: netwright repair {report.folder}"]


def _ends(value: float, low: float | None, high: float | None) -> str:
    if low is None or high is None:
        return ""
    return interval({"value": value, "low": low, "high": high})


def _closing(report: Report) -> str:
    took = f"{plural(report.epochs, 'epoch')}, {duration(report.seconds)}"
    if report.members:
        chosen = sum(member.weight > 0 for member in report.members)
        took = f"{plural(report.epochs, 'round')}, {duration(report.seconds)}"
        each = max(report.folds, 1)
        took = (
            f"An ensemble of {chosen * each} of {plural(len(report.members) * each, 'net')}, {took}"
        )
    if not report.folder:
        return took
    separator = "\\" if "\\" in report.folder and "/" not in report.folder else "/"
    return f"{took}. Report: {report.folder.rstrip('/' + chr(92))}{separator}report.html"
