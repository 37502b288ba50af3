"""The tasks of one net: how good each is beside simpler models, and whether they conflict."""

from netwright.report.draw_training import draw_history
from netwright.report.figure import to_svg
from netwright.report.markup import Markup
from netwright.report.report import Report
from netwright.report.sections.answer import baseline_name
from netwright.report.sections.parts import card, figure, section, table
from netwright.report.words import interval, metric_title, number, shorten

__all__ = ["tasks"]

LONGEST = 40  # characters of a target's name that are shown


def tasks(report: Report) -> Markup | None:
    """Return the section on tasks, or None where there is one task."""
    if not report.tasks:
        return None
    return section(
        "tasks",
        "Task by task",
        "Each target by its own metric, beside models that learned it alone. Weight is what the "
        "net learned to give a task's loss: less to one that stays noisy.",
        _table(report),
        *_conflicts(report),
    )


def _table(report: Report) -> Markup:
    others = {name: b for name, b in report.baselines.items() if b.scores}
    head = ["target", "metric", "test", "95 % interval", "weight"]
    head += [baseline_name(name, b) for name, b in others.items()]
    rows = []
    for target, one in report.tasks.items():
        name = one["primary"]["name"]
        score = one["test"][name]
        beside = [(one["baselines"].get(other) or {}).get(name, {}) for other in others]
        rows.append(
            [
                shorten(target, LONGEST),
                metric_title(name),
                number(score["value"]),
                interval(score),
                number(one["weight"]),
                *(number(found.get("value")) for found in beside),
            ]
        )
    return card(table(head, rows, numeric=range(2, len(head))))


def _conflicts(report: Report) -> list[Markup]:
    if not report.conflicts:
        return []
    rows = [
        [
            " and ".join(shorten(name, LONGEST) for name in one["tasks"]),
            number(one["mean_cosine"]),
            f"{one['conflicting']:.0%}",
            number(one["steps"]),
        ]
        for one in report.conflicts
    ]
    head = ["tasks", "mean cosine of gradients", "conflicting steps", "steps measured"]
    found = [card(table(head, rows, numeric=range(1, len(head))))]
    column = report.history.get("gradient_cosine")
    if column and sum(value is not None for value in column) > 1:
        picture = to_svg(
            draw_history({"cosine": column}), alt="Cosine of the tasks' gradients", name="conflict"
        )
        note = "On the shared trunk. Below 0 a step for one task is a step against another."
        found.append(figure(picture, "How the tasks pull", note))
    return found
