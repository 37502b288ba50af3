"""How good: every metric with its interval, by class, as curves, as calibration, as forecasts."""

from collections.abc import Mapping

from netwright.report.draw_scores import (
    MOST_LINES,
    WORST_LINES,
    draw_confusion,
    draw_pairs,
    draw_pr,
    draw_reliability,
    draw_residuals,
    draw_roc,
    draw_steps,
)
from netwright.report.draw_series import draw_forecast
from netwright.report.figure import to_svg
from netwright.report.markup import Markup, el
from netwright.report.report import Report
from netwright.report.sections.answer import baseline_name
from netwright.report.sections.parts import figure, section, table
from netwright.report.words import interval, metric_title, number, shorten

__all__ = ["scores"]

MOST_FORECASTS = 6
MOST_TEXT = 300  # characters of a translation that are shown
NOTHING = "(nothing)"  # is what it wrote
MOST_ROWS = 30  # a longer table is folded
_HEADS = {"support": "Rows", "called": "Called"}


def scores(report: Report) -> Markup | None:
    """Return the section on scores, or None when nothing was scored."""
    if not report.test and not report.validation:
        return None
    tiles = [*_confusion(report), *_curves(report), *_pairs(report)]
    return section(
        "scores",
        "How good it is",
        "Measured on rows that were held out before anything was fitted and read once, at the end. "
        "The interval is where the score would lie, 19 times out of 20, had other test rows "
        "been drawn.",
        _table(report),
        el("div", {"class": "tiles two"}, *tiles) if tiles else "",
        *_forecasts(report),
        *_translations(report),
        *_per_class(report),
    )


def _table(report: Report) -> Markup:
    others = {name: b for name, b in report.baselines.items() if b.scores}
    names_of_others = [baseline_name(name, baseline) for name, baseline in others.items()]
    head = ["", "test", "95 % interval", "validation", *names_of_others]
    primary = report.headline.metric
    names = [primary, *(n for n in {**report.test, **report.validation} if n != primary)]
    rows = []
    for name in names:
        test = report.test.get(name, {})
        rows.append(
            [
                el("b", {}, metric_title(name)) if name == primary else metric_title(name),
                number(test.get("value")),
                interval(test),
                number(report.validation.get(name, {}).get("value")),
                *(number((b.scores or {}).get(name, {}).get("value")) for b in others.values()),
            ]
        )
    return el("div", {"class": "card"}, table(head, rows, numeric=range(1, len(head))))


def _confusion(report: Report) -> list[Markup]:
    if not report.confusion:
        return []
    picture = to_svg(
        draw_confusion(report.confusion, report.classes),
        alt=f"Confusion matrix of {len(report.confusion)} classes, row true and column predicted",
        name="confusion",
    )
    worst = _worst_confusion(report)
    return [figure(picture, "Confusion matrix", worst)]


def _worst_confusion(report: Report) -> str:
    matrix = report.confusion or []
    off = [
        (amount, i, j)
        for i, row in enumerate(matrix)
        for j, amount in enumerate(row)
        if i != j and amount
    ]
    if not off:
        return "Every test row was given its own class."
    amount, i, j = max(off)
    if max(i, j) >= len(report.classes):
        return ""
    times = "once" if amount == 1 else f"{amount:,} times"
    true, said = shorten(report.classes[i], 40), shorten(report.classes[j], 40)
    return f"The commonest mistake: {true} taken for {said}, {times}."


def _curves(report: Report) -> list[Markup]:
    found = []
    roc, pr = report.curves.get("roc"), report.curves.get("pr")
    if roc:
        area = _with_value(report.test, "roc_auc", "area")
        picture = to_svg(draw_roc(roc), alt=f"ROC curve{area}", name="roc")
        found.append(
            figure(picture, f"ROC curve{area}", _of_many(len(roc), "The dashed line is guessing."))
        )
    if pr:
        area = _with_value(report.test, "pr_auc", "average precision")
        picture = to_svg(draw_pr(pr), alt=f"Precision-recall curve{area}", name="pr")
        found.append(figure(picture, f"Precision and recall{area}", _of_many(len(pr), "")))
    if report.curves.get("reliability"):
        error = _with_value(report.test, "ece", "mean gap")
        picture = to_svg(
            draw_reliability(report.curves["reliability"]),
            alt=f"Calibration{error}",
            name="reliability",
        )
        found.append(
            figure(
                picture,
                f"Calibration{error}",
                "On the dashed line, rows given 0.8 are right 8 times in 10. Larger dots hold "
                "more rows.",
            )
        )
    return found


def _of_many(amount: int, note: str) -> str:
    if amount <= MOST_LINES:
        return note
    return f"{note} The {WORST_LINES} lowest of {amount} classes are named.".strip()


def _with_value(scores: Mapping[str, Mapping[str, float | None]], name: str, words: str) -> str:
    value = scores.get(name, {}).get("value")
    return f", {words} {number(value)}" if value is not None else ""


def _pairs(report: Report) -> list[Markup]:
    found = []
    for i, (name, points) in enumerate(list(report.pairs.items())[:4]):
        shown = name if len(report.pairs) > 1 else ""
        picture = to_svg(
            draw_pairs(points, name=shown), alt=f"Actual against predicted {name}", name=f"pairs{i}"
        )
        found.append(
            figure(
                picture,
                f"Actual against predicted {shown}".strip(),
                "On the dashed line it is right.",
            )
        )
        if i == 0:
            picture = to_svg(
                draw_residuals(points), alt="Histogram of the errors", name="residuals"
            )
            found.append(figure(picture, f"Errors {shown}".strip(), "Actual less predicted."))
    return found


def _forecasts(report: Report) -> list[Markup]:
    tiles = [
        figure(
            to_svg(draw_forecast(f), alt=f"Forecast and what came, {f.label}", name=f"forecast{i}"),
            f.label,
        )
        for i, f in enumerate(report.forecasts[:MOST_FORECASTS])
    ]
    if report.per_class and "step" in report.per_class[0]:
        picture = to_svg(draw_steps(report.per_class), alt="Errors by steps ahead", name="steps")
        tiles.append(figure(picture, "Errors by how far ahead it looks"))
    if not tiles:
        return []
    return [el("h3", {}, "Forecasts and what came"), el("div", {"class": "tiles two"}, *tiles)]


def _translations(report: Report) -> list[Markup]:
    if not report.translations:
        return []
    rows = [
        [shorten(text, MOST_TEXT) for text in (one.source, one.said or NOTHING, one.reference)]
        for one in report.translations
    ]
    heard = report.form == "speech-recognition"
    head = ["Sound" if heard else "Source", "This network", "Reference"]
    return [
        el("h3", {}, "What it hears in test sounds" if heard else "Translations of test texts"),
        el("div", {"class": "card"}, table(head, rows)),
    ]


def _per_class(report: Report) -> list[Markup]:
    if not report.per_class or "step" in report.per_class[0]:
        return []
    keys = list(dict.fromkeys(key for row in report.per_class for key in row))
    rows = [[_cell(row.get(key)) for key in keys] for row in report.per_class]
    numeric = [
        i
        for i, key in enumerate(keys)
        if any(isinstance(row.get(key), int | float) for row in report.per_class)
    ]
    heads = _HEADS | ({"support": "Boxes"} if report.form == "detection" else {})
    head = [heads.get(key, metric_title(key)) for key in keys]
    title = "Class by class" if "class" in keys else "Part by part"
    body = el("div", {"class": "card"}, table(head, rows, numeric=numeric, sortable=True))
    if len(rows) <= MOST_ROWS:
        return [el("h3", {}, title), body]
    return [el("details", {}, el("summary", {}, f"{title}: {len(rows)} rows"), body)]


def _cell(value: object) -> str:
    if isinstance(value, Mapping):  # a score with its interval
        return number(value.get("value"))
    if isinstance(value, bool) or not isinstance(value, int | float | None):
        return str(value)
    return number(value)
