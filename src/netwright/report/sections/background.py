"""The rest: the network drawn, findings, the plan with reasons, the data, the ledger, what it was
made with."""

from collections.abc import Mapping, Sequence
from typing import Any

from netwright.report.draw_network import network_svg
from netwright.report.markup import Markup, el
from netwright.report.report import Choice, Report
from netwright.report.sections.parts import card, figure, section, table
from netwright.report.words import count, duration, plural, shorten, spell

__all__ = ["data", "findings", "ledger", "network", "plan", "provenance"]

MOST_COLUMNS = 200
MOST_CLASSES = 60


def network(report: Report) -> Markup | None:
    """Return the section with the net drawn, or None without its layers."""
    if not report.layers:
        return None
    outputs = plural(len(report.classes), "class", "classes") if report.classes else report.target
    picture = network_svg(
        report.layers, inputs=report.kind or "inputs", outputs=outputs or "outputs"
    )
    note = "Width: the square root of channels or units. Slices below a block only follow it."
    lead = (
        f"{plural(len(report.layers), 'layer')}, {plural(report.parameters, 'parameter')}, from "
        "inputs (top) to outputs."
    )
    chosen = sum(member.weight > 0 for member in report.members)
    if report.members:
        unlike = len({member.weight for member in report.members if member.weight > 0}) > 1
        own = sum(layer.parameters for layer in report.layers)
        which = "The heaviest" if unlike else "One"
        lead = (
            f"{which} of {plural(chosen, 'member')}: {plural(len(report.layers), 'layer')}, "
            f"{plural(own, 'parameter')} of {count(report.parameters)} in all, from inputs (top) "
            "to outputs."
        )
    return section(
        "network",
        "The network",
        lead,
        figure(picture, "Layer by layer", note),
    )


def findings(report: Report) -> Markup:
    """Return the section of findings; without any it says so."""
    if not report.findings:
        words = "No fault was found: every rule was tried on what was measured while it trained."
        return section("findings", "Findings", words)
    order = {"error": 0, "warning": 1, "info": 2}
    found = sorted(report.findings, key=lambda f: order.get(str(f.get("severity")), 3))
    return section(
        "findings",
        "Findings",
        "What the measurements say is wrong, with the numbers that say so and what to do about it.",
        *(_finding(finding) for finding in found),
    )


def _finding(finding: Mapping[str, Any]) -> Markup:
    severity = str(finding.get("severity", "info"))
    where, step = finding.get("where"), finding.get("step")
    place = [_where(where) if where else "", f"step {count(step)}" if step is not None else ""]
    confidence = finding.get("confidence")
    if isinstance(confidence, int | float):
        place.append(f"confidence {confidence:.2f}")
    remedies = [
        str(r.get("name", r)) if isinstance(r, Mapping) else str(r)
        for r in finding.get("remedies") or ()
    ]
    return el(
        "article",
        {"class": f"finding {severity if severity in ('error', 'warning') else 'info'}"},
        el(
            "h3",
            {},
            el("span", {"class": "tag"}, severity),
            " ",
            str(finding.get("fault", "")).replace("-", " ").capitalize(),
        ),
        el("p", {"class": "quiet"}, " · ".join(p for p in place if p)),
        el("p", {}, str(finding["explanation"])) if finding.get("explanation") else "",
        el("p", {"class": "evidence"}, spell(finding["evidence"]))
        if finding.get("evidence")
        else "",
        el("p", {}, el("b", {}, "What helps: "), ", ".join(remedies)) if remedies else "",
    )


def _where(where: Any) -> str:
    if not isinstance(where, Mapping):
        return str(where)
    parts = [str(where[key]) for key in ("layer", "file") if where.get(key)]
    if where.get("line") and where.get("file"):
        parts[-1] += f":{where['line']}"
    return ", ".join(parts)


def plan(report: Report) -> Markup | None:
    """Return the section of the plan's choices with their reasons, or None without any."""
    if not report.choices:
        return None
    reasoned = [choice for choice in report.choices if choice.why]
    usual = [choice for choice in report.choices if not choice.why]
    parts: list[str] = [card(_choices(reasoned, why=True))] if reasoned else []
    if usual:
        title = f"{plural(len(usual), 'field')} at the usual value"
        parts.append(el("details", {}, el("summary", {}, title), card(_choices(usual, why=False))))
    return section(
        "plan",
        "Why this network",
        "The choices that were made for this data, each with its reason. Change one with --set, "
        "such as --set recipe.epochs=20.",
        el("div", {"class": "stack"}, *parts),
    )


def _choices(choices: Sequence[Choice], *, why: bool) -> Markup:
    rows = [
        [el("code", {}, c.field), shorten(spell(c.value), 80), *([c.why] if why else [])]
        for c in choices
    ]
    return table(["field", "value", *(["because"] if why else [])], rows)


def data(report: Report) -> Markup | None:
    """Return the section on rows, classes and columns, or None without any."""
    parts: list[str] = []
    if report.rows:
        parts.append(_bars("Rows", {name: amount for name, amount in report.rows.items()}))
    if report.class_counts:
        parts.append(_bars("Training rows a class", report.class_counts))
    if not parts and not report.columns:
        return None
    if report.columns:
        shown = report.columns[:MOST_COLUMNS]
        rows = [[c.name, c.kind, c.note] for c in shown]
        body = table(["column", "read as", "encoded"], rows, sortable=True)
        more = len(report.columns) - len(shown)
        if more > 0:
            body = Markup(body + el("p", {"class": "quiet"}, f"and {more:,} more columns"))
        title = plural(len(report.columns), "column")
        parts.append(
            el(
                "details",
                {"open": "" if len(shown) <= 20 else None},
                el("summary", {}, title),
                card(body),
            )
        )
    return section("data", "The data", "", el("div", {"class": "stack"}, *parts))


def _bars(title: str, counts: Mapping[str, int]) -> Markup:
    total = sum(counts.values()) or 1
    largest = max(counts.values(), default=1) or 1
    items = (
        sorted(counts.items(), key=lambda pair: -pair[1])
        if len(counts) > MOST_CLASSES
        else list(counts.items())
    )
    bars = [
        el(
            "div",
            {"class": "bar"},
            el("span", {"class": "name"}, shorten(str(name), 28)),
            el(
                "span",
                {"class": "track"},
                el("i", {"style": f"width:{100 * amount / largest:.1f}%"}),
            ),
            el("span", {"class": "num"}, f"{count(amount)}  ({amount / total:.1%})"),
        )
        for name, amount in items[:MOST_CLASSES]
    ]
    if len(items) > MOST_CLASSES:
        bars.append(el("p", {"class": "quiet"}, f"and {len(items) - MOST_CLASSES} rarer ones"))
    return card(el("h3", {}, title), *bars)


def ledger(report: Report) -> Markup | None:
    """Return the section with everything guessed, dropped, imputed or encoded, or None without
    entries."""
    if not report.ledger:
        return None
    rows = [
        [
            el("span", {"class": f"tag {entry.get('action', '')}"}, str(entry.get("action", ""))),
            str(entry.get("where", "")),
            str(entry.get("what", "")),
            count(entry.get("count")) if entry.get("count") is not None else "",
        ]
        for entry in report.ledger
    ]
    body = table(["done", "where", "what", "how many"], rows, numeric=[3], sortable=True)
    return section(
        "ledger",
        "Ledger",
        "Everything that was guessed, dropped, imputed, clipped or encoded between the files "
        "and the network.",
        el(
            "details",
            {"open": "" if len(rows) <= 30 else None},
            el("summary", {}, plural(len(rows), "entry", "entries")),
            card(body),
        ),
    )


def provenance(report: Report) -> Markup:
    """Return the foot of the page: what it was made with, so that it can be made again."""
    facts = [f"{name} {version}" for name, version in report.versions.items()]
    facts += [f"seed {report.seed}"] if report.seed is not None else []
    facts += [report.device] if report.device else []
    facts += [f"{duration(report.seconds)} in all"] if report.seconds else []
    return el("footer", {}, el("p", {}, "Made by netwright. " + " · ".join(facts)))
