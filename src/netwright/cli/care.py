"""`netwright faults` and `netwright remedies`: what is named, and what helps against it."""

import json
import textwrap

from netwright import catalogue
from netwright.cli.use import print_names

__all__ = ["print_faults", "print_remedies"]

FAULTS, REMEDIES = "netwright.diagnose.faults", "netwright.repair.remedies"


def print_faults(name: str | None, *, as_json: bool) -> None:
    """Print the catalogue of faults, or one fault's page."""
    if name is None:
        print_names(catalogue.titles(FAULTS), as_json=as_json)
        return
    from netwright.diagnose.page import page_of
    from netwright.repair.remedy import find_remedy

    page = page_of(name)
    known = catalogue.names(REMEDIES)
    advice = {r: find_remedy(r).advice for r in page.remedies if r in known}
    if as_json:
        helps = [{"id": r, "advice": advice.get(r, "")} for r in page.remedies]
        print(json.dumps(page.to_dict() | {"remedies": helps}, ensure_ascii=False))
    else:
        print(page.to_text(advice))


def print_remedies(name: str | None, *, as_json: bool) -> None:
    """Print the catalogue of remedies, or one of them with the faults that name it."""
    if name is None:
        print_names(catalogue.titles(REMEDIES), as_json=as_json)
        return
    from netwright.diagnose.diagnose import faults
    from netwright.diagnose.page import WIDTH
    from netwright.repair.remedy import find_remedy

    found = find_remedy(name)
    against = [fault.name for fault in faults() if name in fault.remedies]
    title = catalogue.titles(REMEDIES)[name]
    about = "\n".join(line.strip() for line in found.about.splitlines())
    if as_json:
        said = {"id": name, "title": title, "about": about, "advice": found.advice}
        print(json.dumps(said | {"against": against}, ensure_ascii=False))
    else:
        advice = textwrap.fill(f"In a loop of your own: {found.advice}", WIDTH)
        print("\n\n".join([name, title, about, advice, f"Against: {', '.join(against)}"]))
