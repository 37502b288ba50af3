"""The ensemble: its members, what each drew, how it scores alone and what it weighs together."""

from collections.abc import Sequence

from netwright.report.draw_training import draw_growth
from netwright.report.figure import to_svg
from netwright.report.markup import Markup, el
from netwright.report.report import Member, Report
from netwright.report.sections.parts import card, figure, section, table
from netwright.report.words import metric_title, number, plural, shorten, spell

__all__ = ["members"]

MOST_ROWS = 40  # of members that were left out


def members(report: Report) -> Markup | None:
    """Return the section on members, or None for a single net."""
    if not report.members:
        return None
    ranked = sorted(report.members, key=lambda member: (-member.weight, member.number))
    chosen = [member for member in ranked if member.weight > 0]
    left_out = [member for member in ranked if not member.weight > 0]
    parts: list[str] = [card(_table(report, chosen))]
    if left_out:
        shown = left_out[:MOST_ROWS]
        more = len(left_out) - len(shown)
        parts.append(
            el(
                "details",
                {},
                el("summary", {}, f"{plural(len(left_out), 'member')} left out"),
                card(
                    _table(report, shown),
                    el("p", {"class": "quiet"}, f"and {more} more") if more else "",
                ),
            )
        )
    return section(
        "members",
        "The members",
        _lead(report, len(chosen)),
        el("div", {"class": "stack"}, *parts),
        *_growth(report),
    )


def _lead(report: Report, chosen: int) -> str:
    trained, what = len(report.members), "member" if report.folds else "net"
    folds = (
        f" Each is {report.folds} nets: the rows that are not kept for the test were divided into "
        f"{report.folds} folds, and each net trained without one of them and was stopped by it. "
        "The validation scores are of these rows, each answered by nets that did not train on it."
        if report.folds
        else ""
    )
    if report.selection == "greedy":
        return (
            f"{plural(trained, what)} trained side by side.{folds} On the validation rows the best "
            f"was taken first, then, pick by pick, the one that made the mean of all picks best: "
            f"{plural(chosen, what)} {'was' if chosen == 1 else 'were'} taken, some of them "
            "repeatedly. The share of the picks is a member's weight in the answer."
        )
    start = "" if report.folds else ", each from a random start of its own"
    side = f"{plural(trained, what)} trained side by side{start}.{folds}"
    return f"{side} The answer is the mean of theirs."


def _table(report: Report, shown: Sequence[Member]) -> Markup:
    fields = list(dict.fromkeys(name for member in report.members for name in member.changes))
    head = [
        "member",
        "weight",
        *(el("code", {}, name) for name in fields),
        f"{metric_title(report.headline.metric)} alone",
        "epochs",
        "stopped",
    ]
    rows = [
        [
            str(member.number),
            f"{member.weight:.1%}" if member.weight else "–",
            *(_value(member.changes.get(name)) for name in fields),
            number(member.score),
            str(member.epochs),
            shorten(member.stopped, 60),
        ]
        for member in shown
    ]
    numeric = [0, 1, *range(2, len(fields) + 4)]
    return table(head, rows, numeric=numeric, sortable=True)


def _value(value: object) -> str:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return number(value)
    return shorten(spell(value), 30)


def _growth(report: Report) -> list[Markup]:
    if len(report.growth) < 2:
        return []
    metric = metric_title(report.headline.metric)
    scores = [member.score for member in report.members if member.score is not None]
    best = (max if report.headline.higher_is_better else min)(scores) if scores else None
    what = "picks" if report.selection == "greedy" else "members"
    picture = to_svg(
        draw_growth(report.growth, alone=best, metric=metric, what=what),
        alt=f"{metric} of the ensemble on the validation rows, by its number of {what}",
        name="growth",
    )
    note = "Measured on the rows that the members were chosen on; the test rows decide."
    note = note if report.selection == "greedy" else ""
    shown = figure(picture, f"{metric} on the validation rows, as the ensemble grows", note)
    return [el("div", {"class": "tiles two"}, shown)]
