"""Fault: a rule that reads a Trace and yields the evidence for one cause.

    @fault("exploding-gradient", severity="error", remedies=("clip-gradient", "lower-lr"))
    def exploding_gradient(trace: Trace) -> Iterator[Evidence]:
        ...

The decorator makes a value and registers nothing: the catalogue finds it by its file's name.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from netwright.diagnose.finding import Finding, Severity
from netwright.diagnose.patch import Edit, diff
from netwright.watch.trace import Trace


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """What a rule saw: where, when, the numbers, and the sentence for a person.

    confidence, severity and the order of remedies are the fault's own unless the rule knows better
    in this case. event: what of the script is meant ("backward", "optimizer", "loss", "forward",
    ...), for its line; a layer's is the line that made it. edit: how that line is mended.
    """

    explanation: str
    place: str = ""
    step: int | None = None
    numbers: Mapping[str, float | str] = field(default_factory=dict)
    confidence: float = 0.8
    severity: Severity | None = None
    remedies: tuple[str, ...] = ()
    event: str = ""
    edit: Edit | None = None


@dataclass(frozen=True, kw_only=True)
class Fault:
    """A named rule. `explains`: faults that this one causes, so that it stands before them."""

    name: str
    severity: Severity
    remedies: tuple[str, ...]
    explains: tuple[str, ...]
    rule: Callable[[Trace], Iterator[Evidence]]

    @property
    def about(self) -> str:
        """What the fault is, in a line or two (the rule's docstring)."""
        return (self.rule.__doc__ or "").strip()

    @property
    def __name__(self) -> str:
        """The rule's name, as a function has it."""
        return self.rule.__name__

    def __call__(self, trace: Trace) -> list[Finding]:
        """Return a Finding for every piece of evidence in the trace."""
        return [self._finding(evidence, trace) for evidence in self.rule(trace)]

    def _finding(self, evidence: Evidence, trace: Trace) -> Finding:
        file, line = _line(evidence, trace)
        patch = None
        if evidence.edit is not None and file is not None and line is not None:
            patch = diff(file, line, evidence.edit)
        return Finding(
            fault=self.name,
            severity=evidence.severity or self.severity,
            confidence=evidence.confidence,
            where={"layer": evidence.place, "file": file, "line": line},
            step=evidence.step,
            evidence=evidence.numbers,
            explanation=evidence.explanation,
            remedies=evidence.remedies or self.remedies,
            patch=patch,
        )


def _line(evidence: Evidence, trace: Trace) -> tuple[str | None, int | None]:
    """The line of the user's file that the evidence is about."""
    place = evidence.place
    known = trace.text("line", evidence.event) if evidence.event else ""
    while not known and place:
        known = trace.text("line", f"layer:{place}")
        place = place.rpartition(".")[0]
    for event in ("loss", "backward", "step"):
        known = known or trace.text("line", event)
    file, _, line = known.rpartition(":")
    return (file, int(line)) if file else (None, None)


def fault(
    name: str,
    *,
    severity: Severity,
    remedies: tuple[str, ...],
    explains: tuple[str, ...] = (),
) -> Callable[[Callable[[Trace], Iterator[Evidence]]], Fault]:
    """Make a Fault of a rule."""

    def make(rule: Callable[[Trace], Iterator[Evidence]]) -> Fault:
        return Fault(name=name, severity=severity, remedies=remedies, explains=explains, rule=rule)

    return make
