"""The model card, model/README.md: what the model is for, how good, and where not to use it
(Mitchell et al. 2019, FAT*).

It travels with the model, so it holds no path, no time and no row of the data.
"""

from collections.abc import Sequence

from netwright.report.report import Report
from netwright.report.sections.answer import baseline_name, baseline_rows, worries
from netwright.report.words import capital, count, interval, metric_title, number, plural, shorten

__all__ = ["model_card"]

MOST_CLASSES = 40
MOST_COLUMNS = 60


def model_card(report: Report) -> str:
    """Return the text of the card, in Markdown."""
    parts = [
        f"# {_plain(report.title)}",
        _plain(report.headline.sentence or report.task),
        "## What it predicts",
        _predicts(report),
        "## What it expects",
        _expects(report),
        "## How good it is",
        _scores(report),
        "## Against simpler models",
        _baselines(report),
        "## Limits",
        _limits(report),
        "## How to use it",
        _use(report),
        "## What it is",
        _made(report),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _predicts(report: Report) -> str:
    lines = [f"Task: {_plain(report.task)}."]
    if report.target:
        lines.append(f"Target: {_code(report.target)}.")
    if report.classes:
        names = ", ".join(_code(name) for name in report.classes[:MOST_CLASSES])
        more = len(report.classes) - MOST_CLASSES
        lines.append(
            f"{plural(len(report.classes), 'class', 'classes')}: {names}"
            f"{f' and {more} more' if more > 0 else ''}."
        )
    return " ".join(lines)


def _expects(report: Report) -> str:
    if not report.columns:
        return f"Inputs of kind {report.kind or 'as in training'}, read as they were in training."
    rows = [[_code(c.name), _plain(c.kind), _plain(c.note)] for c in report.columns[:MOST_COLUMNS]]
    more = len(report.columns) - MOST_COLUMNS
    tail = (
        f"\n\nand {plural(more, 'more column')}; all stand in `preprocessing.json`."
        if more > 0
        else ""
    )
    return (
        _table(["column", "read as", "note"], rows)
        + tail
        + "\n\nA missing column is an error that names it; extra columns are left aside; "
        "missing cells and categories "
        "never seen in training are handled and reported."
    )


def _scores(report: Report) -> str:
    rows = [
        [_plain(metric_title(name)), number(score.get("value")), interval(score)]
        for name, score in report.test.items()
    ]
    amount = report.rows.get("test")
    lead = (
        f"On {plural(amount, 'test row')} held out before training"
        if amount
        else "On held-out test rows"
    )
    notes = "".join(f"\n\n{_plain(note)}" for note in report.notes)
    body = _table(["metric", "value", "95 % interval"], rows)
    return f"{lead}, with 95 % intervals:\n\n{body}{notes}"


def _baselines(report: Report) -> str:
    rows = [
        [_plain(name), number(value), interval({"value": value, "low": low, "high": high})]
        for name, value, low, high in baseline_rows(report)
    ]
    reasons = "".join(
        f"\n\nNo {_plain(baseline_name(name, b))}: {_plain(b.reason)}"
        for name, b in report.baselines.items()
        if not b.scores
    )
    head = ["model", metric_title(report.headline.metric), "95 % interval"]
    return f"{_table(head, rows)}{reasons}\n\n{_plain(report.verdict)}"


def _limits(report: Report) -> str:
    lines = [
        "The scores hold for rows drawn like the training rows. Other places, times and ways of "
        "measuring need a test of "
        "their own (`netwright evaluate`).",
    ]
    weak = _weakest(report)
    if weak:
        lines.append(weak)
    lines += [
        f"{severity.capitalize()}: {_plain(words)}"
        for severity, words in worries(report)
        if severity != "note"
    ]
    lines.append(
        "A prediction is not a cause: the net has learned what goes together, not what would "
        "happen if it were changed."
    )
    return "\n".join(f"- {line}" for line in lines)


def _weakest(report: Report) -> str:
    rated = [
        (float(row["recall"]), str(row.get("class", row.get("name", ""))))
        for row in report.per_class
        if isinstance(row.get("recall"), int | float)
    ]
    if len(rated) < 2:
        return ""
    recall, name = min(rated)
    return f"Weakest class: {_code(name)}; {number(recall)} of its rows are found."


def _use(report: Report) -> str:
    return (
        "```\nnetwright predict THIS_FOLDER new_rows.csv --out predictions.csv\n```\n\n"
        'or from Python:\n\n```python\nimport netwright as nw\n\nmodel = nw.load("THIS_FOLDER")\n'
        "predictions = model.predict(rows)\n```\n\n"
        "Nothing in the folder is pickled: opening it runs no code but netwright's own."
    )


def _made(report: Report) -> str:
    lines = (
        [f"{plural(len(report.layers), 'layer')}, {count(report.parameters)} parameters."]
        if report.layers
        else []
    )
    if report.began:
        lines.append(f"{capital(_plain(report.began))}.")
    if report.members:
        chosen = [member for member in report.members if member.weight > 0]
        lines = [
            f"An ensemble of {plural(len(chosen) * max(report.folds, 1), 'net')}, "
            f"{count(report.parameters)} parameters."
        ]
    rows = ", ".join(f"{count(amount)} {_plain(name)}" for name, amount in report.rows.items())
    if rows:
        lines.append(f"Rows: {rows}.")
    if report.versions:
        lines.append(
            "Made with "
            + ", ".join(f"{_plain(n)} {_plain(v)}" for n, v in report.versions.items())
            + "."
        )
    return " ".join(lines)


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [f"| {' | '.join(head)} |", f"|{'---|' * len(head)}"]
    return "\n".join(lines + [f"| {' | '.join(row)} |" for row in rows])


def _plain(words: str) -> str:
    """Keep Markdown and HTML in a name from being either."""
    line = " ".join(words.split())
    for mark in "\\`*_[]|#":
        line = line.replace(mark, f"\\{mark}")
    return line.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _code(name: str) -> str:
    """Set a name as code; a backtick or a bar in it would end the code or the cell."""
    return f"`{shorten(name, 60).replace('`', chr(39)).replace('|', '¦')}`"
