"""Where it is wrong: the test rows it got most wrong, shown as they are."""

import base64

from netwright.report.draw_series import draw_sample
from netwright.report.figure import to_svg
from netwright.report.markup import Markup, el
from netwright.report.report import Example, Report
from netwright.report.sections.parts import section
from netwright.report.words import number, shorten, spell

__all__ = ["mistakes"]

MOST = 24
MOST_CELLS = 12
MOST_TEXT = 420  # characters of a text that are shown


def mistakes(report: Report) -> Markup | None:
    """Return the section of worst examples, or None without any."""
    if not report.examples:
        return None
    kind = "pictures" if report.examples[0].png else "rows"
    tiles = [_tile(example, i, report.form) for i, example in enumerate(report.examples[:MOST])]
    lead = (
        "The test rows with the largest error, the worst first: what is unlike the other rows."
        if report.form == "reconstruction"
        else "The test rows with the largest loss, the worst first. Some are hard, and some are "
        "labelled wrongly: look before you blame the network."
    )
    return section(
        "mistakes",
        "Where it is most wrong",
        lead,
        el("div", {"class": f"examples {kind}"}, *tiles),
    )


def _tile(example: Example, place: int, form: str) -> Markup:
    said = f", {100 * example.confidence:.0f}\u00a0%" if example.confidence is not None else ""
    facts = [f"row {example.row}"] if example.row is not None else []
    what = "off by" if form in ("regression", "forecasting") else "loss"
    what = "squared error" if form == "reconstruction" else what
    facts += [f"{what} {number(example.loss)}"] if example.loss is not None else []
    labels = []
    if example.truth or form != "reconstruction":
        words = el("b", {}, shorten(example.truth, 40))
        labels.append(el("span", {"class": "truth"}, "is ", words))
    if form != "reconstruction":  # rows are rebuilt, nothing is said of them
        words = el("b", {}, shorten(example.predicted, 40) or "nothing")
        labels.append(el("span", {"class": "said"}, "said ", words, said))
    return el(
        "article",
        {"class": "example"},
        _shown(example, place),
        el("p", {"class": "labels"}, *labels),
        el("p", {"class": "quiet pieces"}, *(el("span", {}, fact) for fact in facts)),
    )


def _shown(example: Example, place: int) -> Markup:
    if example.png is not None:
        data = base64.b64encode(example.png).decode("ascii")
        taken = f", taken for {shorten(example.predicted, 40)}" if example.predicted else ""
        alt = f"A picture of {shorten(example.truth, 40) or 'the test part'}{taken}"
        return el("img", {"src": f"data:image/png;base64,{data}", "alt": alt, "loading": "lazy"})
    if example.text is not None:
        whole = " ".join(example.text.split())
        return el("blockquote", {"dir": "auto"}, shorten(whole, MOST_TEXT))
    if example.series:
        alt = (
            f"A sample of {shorten(example.truth, 40)}, taken for {shorten(example.predicted, 40)}"
        )
        return to_svg(draw_sample(example.series), alt=alt, name=f"sample{place}")
    cells = [
        el(
            "div",
            {},
            el("dt", {}, shorten(str(name), 28)),
            el("dd", {}, shorten("missing" if value is None else spell(value), 40)),
        )
        for name, value in list(example.cells)[:MOST_CELLS]
    ]
    more = len(example.cells) - MOST_CELLS
    if more > 0:
        cells.append(el("div", {}, el("dt", {}, f"and {more} more"), el("dd", {}, "")))
    return el("dl", {"class": "cells"}, *cells)
