"""What it draws, or makes of rows that it was to rebuild: to be looked at."""

import base64

from netwright.report.draw_cloud import draw_cloud
from netwright.report.figure import to_svg
from netwright.report.markup import Markup, el
from netwright.report.report import Report
from netwright.report.sections.parts import figure, section

__all__ = ["drawn"]


def drawn(report: Report) -> Markup | None:
    """Return the section of drawn rows, or None without any."""
    tiles = []
    for picture in report.pictures:
        data = base64.b64encode(picture.png).decode("ascii")
        image = el(
            "img",
            {
                "src": f"data:image/png;base64,{data}",
                "alt": picture.caption,
                "style": "max-width:100%;image-rendering:pixelated",
            },
        )
        tiles.append(figure(image, picture.caption))
    if report.cloud is not None:
        names = " and ".join(report.cloud.axes)
        svg = to_svg(draw_cloud(report.cloud), alt=f"Drawn and real rows, {names}", name="cloud")
        tiles.append(figure(svg, "Drawn and real rows", "Real rows are of the test part."))
    if not tiles:
        return None
    title = "What it draws" if report.form == "generation" else "What it rebuilds"
    lead = "No score says all: look for kinds that are never drawn, and for what is always blurred."
    return section("drawn", title, lead, el("div", {"class": "tiles two"}, *tiles))
