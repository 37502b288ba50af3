"""Remedy: what is done against a fault. It makes a better Plan of a Plan, and has words for a loop
of one's own.

    @remedy("clip-gradient", advice="Call clip_grad_norm_(net.parameters(), 1.0) before step().")
    def clip_gradient(plan: Plan, trace: Trace) -> Iterator[Plan]:
        yield plan.with_({"recipe.clip": 1.0}, why="one bad batch cannot throw the net far")

Each plan that it yields is a dose, the one to try first first; none: there is nothing to change on
a plan. The decorator makes a value and registers nothing: the catalogue finds it by its file's
name.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from netwright import catalogue
from netwright.diagnose.finding import Finding
from netwright.plan.plan import Plan
from netwright.watch.intervene import Intervention
from netwright.watch.trace import Trace

__all__ = [
    "Dose",
    "Interventions",
    "Remedy",
    "always",
    "changed",
    "find_remedy",
    "remedies",
    "remedy",
    "takes",
]

REMEDIES = "netwright.repair.remedies"

Doses = Callable[[Plan, Trace], Iterator[Plan]]

# What is done at once to a script's live objects.
Dose = tuple[Intervention, ...]

# The doses against a finding in a script that left a trace, the one to try first first.
Interventions = Callable[[Finding, Trace], Iterator[Dose]]


@dataclass(frozen=True, kw_only=True)
class Remedy:
    """advice: what to do in a loop of one's own. late: its effect shows at the end of a training
    only, so that short runs cannot tell. doses: see the module. intervention: what is done to a
    script's live objects, None where that cannot be done from outside."""

    name: str
    advice: str
    late: bool
    doses: Doses
    intervention: Interventions | None = None

    @property
    def about(self) -> str:
        """What it does and why that helps, in a line or two (the docstring of its doses)."""
        return (self.doses.__doc__ or "").strip()

    @property
    def __name__(self) -> str:
        """The doses' name, as a function has it."""
        return self.doses.__name__

    def __call__(self, plan: Plan, trace: Trace) -> list[Plan]:
        """Return the plans to try in place of `plan`, whose run left `trace`; none where it has
        nothing to change."""
        plans: list[Plan] = []
        for dose in self.doses(plan, trace):
            if changed(plan, dose) and all(changed(other, dose) for other in plans):
                plans.append(dose)
        return plans


def remedy(
    name: str,
    *,
    advice: str,
    late: bool = False,
    intervention: Interventions | None = None,
) -> Callable[[Doses], Remedy]:
    """Make a Remedy of a function that yields its doses."""

    def make(doses: Doses) -> Remedy:
        return Remedy(name=name, advice=advice, late=late, doses=doses, intervention=intervention)

    return make


def always(*names: str, late: bool = False, **values: Any) -> Interventions:
    """Return what gives, whatever was found, one dose: these interventions, all with `values`."""

    def doses(finding: Finding, trace: Trace) -> Iterator[Dose]:
        yield tuple(Intervention(name, values, late) for name in names)

    return doses


def remedies() -> list[Remedy]:
    """Return every remedy that `repair/remedies/` defines, by name."""
    return [find_remedy(name) for name in catalogue.names(REMEDIES)]


def find_remedy(name: str) -> Remedy:
    """Return the remedy of that id; an unknown one is a UsageError with "did you mean"."""
    found: Remedy = catalogue.find(REMEDIES, name, what="remedy")
    return found


def changed(before: Plan, after: Plan) -> dict[str, Any]:
    """Return the dotted fields that differ, with the values of `after` (None: gone)."""
    fields: list[dict[str, Any]] = []
    for plan in (before, after):
        plain = plan.to_dict()
        parts = {part: plain.get(part) or {} for part in ("net", "objective", "recipe", "members")}
        fields.append({f"{part}.{k}": v for part, found in parts.items() for k, v in found.items()})
    first, second = fields
    return {
        name: second.get(name)
        for name in dict.fromkeys([*first, *second])
        if first.get(name) != second.get(name)
    }


def takes(plan: Plan, argument: str) -> bool:
    """Whether the plan's net is built with `argument`."""
    return argument in catalogue.parameters("netwright.nets", plan.net["name"], what="net")
