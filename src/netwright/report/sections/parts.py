"""The pieces that sections share: a section, a figure with its caption, a table."""

from collections.abc import Sequence

from netwright.report.markup import Markup, el

__all__ = ["card", "figure", "section", "table"]


def section(identity: str, title: str, lead: str, *children: str) -> Markup:
    """Return a titled section; `lead` is one sentence that says how to read it."""
    return el(
        "section",
        {"id": identity, "aria-labelledby": f"{identity}-title"},
        el("h2", {"id": f"{identity}-title"}, title),
        el("p", {"class": "lead"}, lead) if lead else "",
        *children,
    )


def figure(picture: Markup, caption: str, note: str = "") -> Markup:
    """Return a picture under its caption, with a quiet note below."""
    return el(
        "figure",
        {"class": "card"},
        el("figcaption", {}, caption),
        el("div", {"class": "scroll"}, picture),
        el("p", {"class": "quiet"}, note) if note else "",
    )


def card(*children: str) -> Markup:
    """Return children on a surface of their own."""
    return el("div", {"class": "card"}, *children)


def table(
    head: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    numeric: Sequence[int] = (),
    caption: str = "",
    sortable: bool = False,
) -> Markup:
    """Return a table; columns in `numeric` are set right, in figures of equal width."""

    def attributes(column: int) -> dict[str, str | int | float | None]:
        return {"class": "num" if column in numeric else None}

    return el(
        "div",
        {"class": "scroll", "tabindex": "0"},
        el(
            "table",
            {"class": "sortable" if sortable else None},
            el("caption", {}, caption) if caption else "",
            el(
                "thead",
                {},
                el(
                    "tr",
                    {},
                    *(el("th", {"scope": "col"} | attributes(i), h) for i, h in enumerate(head)),
                ),
            ),
            el(
                "tbody",
                {},
                *(
                    el("tr", {}, *(el("td", attributes(i), cell) for i, cell in enumerate(row)))
                    for row in rows
                ),
            ),
        ),
    )
