"""Pictures, the truth and what the net says, side by side."""

import base64

from netwright.report.markup import Markup, el
from netwright.report.report import MapExample, Report
from netwright.report.sections.parts import section

__all__ = ["maps"]


def maps(report: Report) -> Markup | None:
    """Return the section of maps, or None without any."""
    if not report.maps:
        return None
    boxes = report.form == "detection"
    lead = "Test pictures with the fewest boxes right," if boxes else "Test pictures of low Dice,"
    rest = "a box's score stands beside its class" if boxes else "grey is not judged"
    return section(
        "maps",
        "Pictures, truth and prediction",
        f"{lead} then those in the middle. A colour is a class; {rest}.",
        *(_strip(one) for one in report.maps),
    )


def _strip(one: MapExample) -> Markup:
    parts = (("picture", one.picture), ("truth", one.truth), ("prediction", one.predicted))
    return el(
        "figure",
        {"class": "card"},
        el("figcaption", {}, one.label),
        el(
            "div",
            {"class": "strip"},
            *(
                el(
                    "div",
                    {},
                    el("img", {"src": _source(png), "alt": f"{name}, {one.label}"}),
                    el("p", {"class": "quiet"}, name),
                )
                for name, png in parts
            ),
        ),
    )


def _source(png: bytes) -> str:
    return f"data:image/png;base64,{base64.b64encode(png).decode('ascii')}"
