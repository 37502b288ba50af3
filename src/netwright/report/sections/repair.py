"""The repair: what was wrong before, what was tried, and the proof of what was kept."""

from collections.abc import Mapping, Sequence
from typing import Any

from netwright.report.draw_repair import draw_paired
from netwright.report.figure import to_svg
from netwright.report.markup import Markup, el
from netwright.report.report import Report
from netwright.report.sections.parts import card, figure, section, table
from netwright.report.words import metric_title, number, plural, shorten, spell

__all__ = ["repair"]

Arm = Mapping[str, Any]


def repair(report: Report) -> Markup | None:
    """Return the section on the repair that led to this run, or None where there was none."""
    proof = report.repair
    if not proof.get("control"):
        return None
    metric, higher = metric_title(proof["metric"]), proof["higher_is_better"]
    tried: Sequence[Arm] = proof["remedies"]
    control: Arm = proof["control"]
    picture = to_svg(
        draw_paired(
            control["scores"],
            [(_name(arm), arm["scores"], arm["kept"]) for arm in tried],
            metric=metric,
            better="larger is better" if higher else "smaller is better",
        ),
        alt=f"{metric} of each seed as it was and with each remedy: "
        + "; ".join(f"{_name(arm)} {number(arm['mean'])}" for arm in tried),
        name="repair-proof",
    )
    note = (
        "A dot is a seed. The same seeds were trained with and without the remedy; scores are of "
        "the validation rows."
    )
    parts: list[str] = [figure(picture, "Control and remedy, seed by seed", note)]
    parts.append(card(_table(tried, control)))
    if proof["screened"]:
        parts.append(_screens(proof["screened"]))
    return section("repair", "Repair", _lead(proof), el("div", {"class": "stack"}, *parts))


def _lead(proof: Mapping[str, Any]) -> str:
    faults = ", ".join(name.replace("-", " ") for name in proof["faults"])
    cost = proof["cost"]
    kept = [arm for arm in proof["remedies"] if arm["kept"]]
    words = f"The run before this one had {faults}. "
    if kept:
        words += (
            f"Kept, because it was proved: {' and '.join(proof['kept'])} "
            f"(better by {number(kept[-1]['difference']['value'])}, "
            f"p = {kept[-1]['p_value']:.2g}, {proof['test']}). "
        )
    return words + (
        f"Finding it cost {cost['finding']:.1f} trainings, proving it {cost['proof']:.1f}."
    )


def _name(arm: Arm) -> str:
    return " and ".join(arm["remedies"])


def _changes(arm: Arm) -> str:
    return shorten(", ".join(f"{name}: {spell(v)}" for name, v in arm["changes"].items()), 120)


def _table(tried: Sequence[Arm], control: Arm) -> Markup:
    rows = [["as it was", "", "", number(control["mean"]), "", "", _trainings(control), ""]]
    for arm in tried:
        paired = arm["difference"]
        ends = f"{number(paired['low'])} to {number(paired['high'])}"
        rows.append(
            [
                _name(arm),
                arm["fault"],
                _changes(arm),
                number(arm["mean"]),
                f"{number(paired['value'])} ({ends}, {paired['confidence']:.0%} interval)",
                f"{arm['p_value']:.3f}",
                _trainings(arm),
                "kept" if arm["kept"] else "not kept",
            ]
        )
    head = ["tried", "against", "changes", "mean", "better by", "p", "trainings", ""]
    return table(head, rows, numeric=[3, 4, 5, 6])


def _trainings(arm: Arm) -> str:
    return f"{arm['trainings']:.1f}"


def _screens(screens: Sequence[Mapping[str, Any]]) -> Markup:
    rows = []
    for screen in screens:
        arms = [({"remedies": ["as it was"]}, screen["control"])]
        arms += [(arm, arm) for arm in screen["remedies"]]
        for named, arm in arms:
            scores = ", ".join(number(score) for score in arm["scores"])
            rows.append([screen["fault"], _name(named), _changes(arm), scores])
    count = sum(len(screen["remedies"]) for screen in screens)
    return el(
        "details",
        {},
        el("summary", {}, f"{plural(count, 'dose')} screened in short runs before"),
        card(table(["against", "tried", "changes", "scores"], rows, numeric=[3])),
    )
