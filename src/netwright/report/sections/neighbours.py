"""What lies near: the nearest words of some words, and of sums of words."""

from netwright.report.markup import Markup
from netwright.report.report import Report
from netwright.report.sections.parts import card, section, table
from netwright.report.words import shorten

__all__ = ["neighbours"]

LONGEST = 40  # characters of a word that are shown


def neighbours(report: Report) -> Markup | None:
    """Return the section of nearest words, or None where there are no vectors of words."""
    if not report.neighbours:
        return None
    rows = [
        (shorten(name, LONGEST), ", ".join(shorten(word, LONGEST) for word in near))
        for name, near in report.neighbours
    ]
    return section(
        "neighbours",
        "What lies near",
        "The words whose vectors point most nearly the same way, the nearest first. A sum such as "
        "king - man + woman asks what is to a woman as a king is to a man.",
        card(table(("word", "nearest words"), rows)),
    )
