"""A fault's page, in the style of a lint rule: what it does, why it is bad, its rule, an example,
what helps, references.

The parts are those of the docstring of the fault's file ("## What it does" ...); the rule is the
docstring of its function, the remedies those that it names.
"""

import inspect
import re
import textwrap
from dataclasses import dataclass
from typing import Any

from netwright import catalogue
from netwright.diagnose.diagnose import FAULTS
from netwright.diagnose.fault import Fault

__all__ = ["Page", "page_of"]

WIDTH = 100  # of a line of text


@dataclass(frozen=True, kw_only=True)
class Page:
    """note: what there is to know before. example: code, or words where no code shows it.
    remedies: ids, in the order in which to try them. explains: faults that this one causes."""

    name: str
    title: str
    severity: str
    note: str
    what: str
    why: str
    rule: str
    example: str
    remedies: tuple[str, ...]
    explains: tuple[str, ...]
    references: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return the form that `netwright faults ID --json` prints."""
        return {
            "id": self.name,
            "title": self.title,
            "severity": self.severity,
            "note": self.note,
            "what_it_does": self.what,
            "why_is_it_bad": self.why,
            "rule": self.rule,
            "example": self.example,
            "remedies": list(self.remedies),
            "explains": list(self.explains),
            "references": list(self.references),
        }

    def to_text(self, advice: dict[str, str]) -> str:
        """Return the page as plain text. advice: words for each remedy."""
        helps = [
            textwrap.fill(f"- {r}: {advice.get(r, '')}", WIDTH, subsequent_indent="  ")
            for r in self.remedies
        ]
        parts = [
            ("What it does", self.what),
            ("Why is this bad?", self.why),
            ("Rule", f"{self.rule}\n\nSeverity: {self.severity}, a note where it does no harm."),
            ("Example", self.example),
            ("What helps, in this order", "\n".join(helps)),
            ("References", "\n".join(f"- {reference}" for reference in self.references)),
        ]
        head = [self.name, self.title, *([self.note] if self.note else [])]
        return "\n\n".join(head + [f"## {title}\n{text}" for title, text in parts])


def page_of(name: str) -> Page:
    """Return the page of a fault; an unknown id is a UsageError with "did you mean"."""
    fault: Fault = catalogue.find(FAULTS, name, what="fault")
    module = inspect.getmodule(fault.rule)
    head, *sections = re.split(r"^## (.+)$", inspect.getdoc(module) or "", flags=re.MULTILINE)
    titles, texts = sections[::2], sections[1::2]
    parts = {title.strip(): text.strip("\n") for title, text in zip(titles, texts, strict=True)}
    title, _, note = head.partition("\n")
    return Page(
        name=fault.name,
        title=title.strip(),
        severity=fault.severity,
        note=note.strip(),
        what=parts.get("What it does", ""),
        why=parts.get("Why is this bad?", ""),
        rule=inspect.cleandoc(fault.about),
        example=parts.get("Example", ""),
        remedies=fault.remedies,
        explains=fault.explains,
        references=_listed(parts.get("References", "")),
    )


def _listed(text: str) -> tuple[str, ...]:
    """Return the items of a list, each on one line."""
    items = re.split(r"^- ", text, flags=re.MULTILINE)
    return tuple(" ".join(item.split()) for item in items if item.strip())
