"""The top of the page: what was learned, how good, against what, and what to worry about."""

from collections.abc import Sequence
from typing import Literal

from netwright.evaluate.baselines import INFORMED
from netwright.report.draw_scores import draw_intervals
from netwright.report.figure import to_svg
from netwright.report.markup import Markup, el, join
from netwright.report.report import Baseline, Report
from netwright.report.words import capital, count, duration, interval, metric_title, number, plural

__all__ = ["answer", "baseline_name", "baseline_rows", "standing", "worries"]

NAMES = {"trivial": "Trivial guess", "linear": "Linear model", "trees": "Boosted trees"}


def answer(report: Report) -> Markup:
    """Return the hero: the sentence, the number with its interval, the comparison, the worries, the
    facts."""
    head = report.headline
    score = {"value": head.value, "low": head.low, "high": head.high}
    big = el(
        "div",
        {"class": "score"},
        el("span", {"class": "value"}, number(head.value)),
        el(
            "span",
            {"class": "about"},
            el("b", {}, metric_title(head.metric)),
            " on the test rows",
            el("br"),
            f"95 % interval {interval(score)}" if head.low is not None else "no interval",
        ),
    )
    left = el(
        "div",
        {"class": "claim"},
        el("p", {"class": "sentence"}, head.sentence or report.task),
        big,
        el("p", {"class": f"verdict {standing(report)}"}, report.verdict),
    )
    return el(
        "section",
        {"id": "answer", "class": "hero"},
        el("div", {"class": "split"}, left, el("div", {"class": "against"}, _comparison(report))),
        _worries(report),
        _facts(report),
    )


def baseline_rows(report: Report) -> list[tuple[str, float, float | None, float | None]]:
    """Return (name, value, low, high) of the net and of each baseline that has the headline's
    metric."""
    head = report.headline
    rows = [("This network", head.value, head.low, head.high)]
    for name, baseline in report.baselines.items():
        score = (baseline.scores or {}).get(head.metric)
        if score is not None and score.get("value") is not None:
            value = score["value"]
            assert value is not None
            rows.append((baseline_name(name, baseline), value, score.get("low"), score.get("high")))
    return rows


def standing(report: Report) -> Literal["ahead", "level", "behind"]:
    """Say whether the net is ahead of the best baseline beyond chance, behind it, or neither.

    By the interval of the difference where it was measured, else by whether the best baseline lies
    within the net's own interval.
    """
    rivals = baseline_rows(report)[1:]
    if not rivals:
        return "level"
    if report.lead is not None and report.lead.get("low") is not None:
        low, high = report.lead["low"] or 0.0, report.lead["high"] or 0.0
    else:
        head = report.headline
        sign = 1 if head.higher_is_better else -1
        best = max(sign * value for _, value, _, _ in rivals)
        ends = [head.low, head.high]
        known = [sign * (head.value if end is None else end) for end in ends]
        low, high = min(known) - best, max(known) - best
    return "ahead" if low > 0 else "behind" if high < 0 else "level"


def worries(report: Report) -> list[tuple[str, str]]:
    """Return (severity, words) of what a reader should worry about, the worst first."""
    order = {"error": 0, "warning": 1}
    found = [
        (str(f.get("severity", "warning")), _finding_line(f))
        for f in report.findings
        if f.get("severity") in order
    ]
    found += _doubts(report)
    found.sort(key=lambda pair: order[pair[0]])
    return found + [("note", note) for note in report.notes]


def _doubts(report: Report) -> list[tuple[str, str]]:
    """Return what the scores themselves say against the net."""
    doubts = []
    head = report.headline
    trivial = (getattr(report.baselines.get("trivial"), "scores", None) or {}).get(head.metric)
    if trivial is not None and trivial.get("value") is not None:
        sign = 1 if head.higher_is_better else -1
        worse_end = head.low if sign > 0 else head.high
        least = sign * (head.value if worse_end is None else worse_end)
        if least <= sign * (trivial["value"] or 0.0):
            guess = report.baselines["trivial"].model
            if report.form in INFORMED:
                words, severity = f"No better than the trivial guess ({guess})", "warning"
            else:
                words = "Hardly learned anything: a guess that looks at no input scores as well"
                severity = "error"
            doubts.append((severity, f"{words}, within chance."))
    if standing(report) == "behind":
        words = "A simpler model is better on the same rows, beyond chance"
        doubts.append(("warning", f"{words}. Prefer it, or give the network more time or data."))
    if report.stopped == "out of time" and report.best_epoch == report.epochs:
        words = "Cut short: the last epoch was still the best when the time ran out"
        doubts.append(("warning", f"{words}. A longer --time would help."))
    return doubts


def _finding_line(finding: object) -> str:
    assert hasattr(finding, "get")
    fault = str(finding.get("fault", "")).replace("-", " ").capitalize()
    words = str(finding.get("explanation") or finding.get("evidence") or "")
    return f"{fault}: {words}" if words else fault


def baseline_name(name: str, baseline: Baseline) -> str:
    """Return a short name for a baseline; what exactly it is stands in `baseline.model`."""
    return NAMES.get(name) or capital(baseline.model or name)


def _reason(baseline: Baseline) -> str:
    return f"none, {baseline.reason}" if baseline.reason else "not computed"


def _comparison(report: Report) -> Markup:
    rows = baseline_rows(report)
    about = [
        el("li", {}, f"{baseline_name(name, b)}: {b.model if b.scores else _reason(b)}")
        for name, b in report.baselines.items()
        if (name in NAMES and b.model) or not b.scores
    ]
    better = "larger is better" if report.headline.higher_is_better else "smaller is better"
    words = "; ".join(f"{name} {number(value)}" for name, value, _, _ in rows)
    figure = draw_intervals(rows, better=f"{metric_title(report.headline.metric)}, {better}")
    alt = f"{metric_title(report.headline.metric)} with 95 % intervals: {words}"
    return el(
        "figure",
        {},
        el("figcaption", {}, "Against simpler models, on the same test rows"),
        to_svg(figure, alt=alt, name="against"),
        el("ul", {"class": "quiet"}, *about) if about else "",
    )


def _worries(report: Report) -> Markup:
    found = worries(report)
    if not found:
        return el(
            "p",
            {"class": "calm"},
            el("b", {}, "Nothing to worry about. "),
            "The watch on gradients, activations and scores found no fault.",
        )
    items = [
        el("li", {"class": severity}, el("span", {"class": "tag"}, severity), " ", words)
        for severity, words in found[:4]
    ]
    if len(found) > 4:
        items.append(el("li", {"class": "note"}, f"and {len(found) - 4} more, below"))
    return el("div", {"class": "worry"}, el("h2", {}, "What to worry about"), el("ul", {}, *items))


def _facts(report: Report) -> Markup:
    rows = sum(report.rows.values())
    facts: Sequence[tuple[str, str]] = [
        ("rows", count(rows)),
        ("columns", count(len(report.columns)) if report.columns else ""),
        ("classes", count(len(report.classes)) if report.classes else ""),
        ("parameters", count(report.parameters) if report.parameters else ""),
        ("of them learned", count(report.learning) if report.learning else ""),
        ("members", _members(report)),
        ("rounds" if report.members else "epochs", count(report.epochs) if report.epochs else ""),
        ("from start to report", duration(report.seconds) if report.seconds else ""),
    ]
    cells = [
        el("div", {}, el("dt", {}, _singular(name, value)), el("dd", {}, value))
        for name, value in facts
        if value and value != "0"
    ]
    return el("dl", {"class": "facts"}, join(cells))


def _members(report: Report) -> str:
    chosen = sum(member.weight > 0 for member in report.members)
    trained = len(report.members)
    return f"{chosen} of {trained}" if chosen < trained else count(trained) if trained else ""


def _singular(name: str, value: str) -> str:
    return plural(1, name[:-1]).partition(" ")[2] if value == "1" and name.endswith("s") else name
