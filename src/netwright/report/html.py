"""to_html(report): the whole report as one file that opens offline, in light, dark and print.

The page holds its own styles, pictures and script, and a content security policy that forbids
everything else: nothing is fetched, and a script that hides in a class name or a cell is text
(escaped) and would not run (its hash is unknown).
"""

import base64
import hashlib
from collections.abc import Sequence
from pathlib import Path

from netwright.report.markup import Markup, el, join
from netwright.report.palette import DARK, LIGHT, css_variables
from netwright.report.report import Report
from netwright.report.sections.answer import answer
from netwright.report.sections.background import data, findings, ledger, network, plan, provenance
from netwright.report.sections.drawn import drawn
from netwright.report.sections.maps import maps
from netwright.report.sections.members import members
from netwright.report.sections.mistakes import mistakes
from netwright.report.sections.neighbours import neighbours
from netwright.report.sections.repair import repair
from netwright.report.sections.scores import scores
from netwright.report.sections.tasks import tasks
from netwright.report.sections.training import health, training

__all__ = ["page", "to_html"]

HERE = Path(__file__).parent
SECTIONS = (
    ("scores", "How good", scores),
    ("tasks", "Tasks", tasks),
    ("drawn", "Drawn", drawn),
    ("neighbours", "Words", neighbours),
    ("repair", "Repair", repair),
    ("maps", "Pictures", maps),
    ("mistakes", "Mistakes", mistakes),
    ("training", "Learning", training),
    ("members", "Members", members),
    ("health", "Layers", health),
    ("network", "Network", network),
    ("findings", "Findings", findings),
    ("plan", "Plan", plan),
    ("data", "Data", data),
    ("ledger", "Ledger", ledger),
)


def to_html(report: Report) -> str:
    """Return the report as one HTML page."""
    parts = [(identity, name, make(report)) for identity, name, make in SECTIONS]
    shown = [(identity, name, part) for identity, name, part in parts if part is not None]
    links = [("answer", "The answer"), *((identity, name) for identity, name, _ in shown)]
    main = [answer(report), *(part for _, _, part in shown)]
    return page(report.title, report.task, links, main, provenance(report))


def page(
    title: str,
    subtitle: str,
    links: Sequence[tuple[str, str]],
    main: Sequence[Markup],
    foot: Markup,
) -> str:
    """Return a whole page. links: (id, name) of its sections, the first is what matters most."""
    script = (HERE / "page.js").read_text(encoding="utf-8")
    header = el(
        "header",
        {"class": "top"},
        el("p", {"class": "brand"}, "netwright"),
        el("h1", {}, title, el("span", {}, subtitle)),
        el("button", {"id": "theme", "type": "button", "hidden": ""}, "Dark"),
    )
    first, name = links[0]
    named = [el("a", {"href": f"#{identity}"}, name) for identity, name in links]
    body = el(
        "body",
        {},
        el("a", {"class": "skip", "href": f"#{first}"}, f"Skip to {name[0].lower()}{name[1:]}"),
        header,
        el("nav", {"aria-label": "Sections"}, *named),
        el("main", {}, *main),
        foot,
        Markup(f"<script>{script}</script>"),
    )
    return f'<!doctype html>\n<html lang="en">{_head(title, script)}{body}</html>\n'


def _head(title: str, script: str) -> Markup:
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode("ascii")
    policy = (
        f"default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src "
        f"'sha256-{digest}'; "
        "base-uri 'none'; form-action 'none'"
    )
    return el(
        "head",
        {},
        el("meta", {"charset": "utf-8"}),
        el("meta", {"http-equiv": "Content-Security-Policy", "content": policy}),
        el("meta", {"name": "viewport", "content": "width=device-width, initial-scale=1"}),
        el("meta", {"name": "color-scheme", "content": "light dark"}),
        el("title", {}, f"{title} · netwright"),
        join([Markup(f"<style>{_styles()}</style>")]),
    )


def _styles() -> str:
    light, dark = css_variables(LIGHT), css_variables(DARK)
    themes = (
        f":root{{color-scheme:light;{light}}}"
        f"@media (prefers-color-scheme:dark){{"
        f":root:not([data-theme=light]){{color-scheme:dark;{dark}}}}}"
        f":root[data-theme=dark]{{color-scheme:dark;{dark}}}"
        # Ink is for screens: paper is always light, whatever the toggle says.
        f"@media print{{:root,:root:not([data-theme=light]),:root[data-theme=dark]"
        f"{{color-scheme:light;{light}}}}}"
    )
    return themes + (HERE / "page.css").read_text(encoding="utf-8")
