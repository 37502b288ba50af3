"""Finding: one fault of one run, where it is, the numbers that show it, and what helps."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Literal

Severity = Literal["error", "warning", "info"]
Verdict = Literal["healthy", "faulty"]


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One fault, named.

    confidence: 0..1, how well the evidence singles out this cause. where: "layer" (a module or
    parameter by its PyTorch name, "" for the whole net), "file" and "line" where a script is known.
    evidence: the numbers, by name. explanation: for a person - what was seen, why it hurts, what
    to do. remedies: ids of what helps, in the order in which to try them. patch: a small diff of
    the user's file that would mend it, where one is known.
    """

    fault: str
    severity: Severity
    confidence: float
    where: Mapping[str, str | int | None] = field(default_factory=dict)
    step: int | None = None
    evidence: Mapping[str, float | str] = field(default_factory=dict)
    explanation: str
    remedies: tuple[str, ...] = ()
    patch: str | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "where", MappingProxyType(dict(self.where)))
        object.__setattr__(self, "evidence", MappingProxyType(dict(self.evidence)))

    def __reduce__(self) -> tuple[Any, ...]:
        # Read-only views cannot be copied or pickled; the plain form can.
        return Finding.from_dict, (self.to_dict(),)

    @property
    def layer(self) -> str:
        """The module or parameter, "" for the whole net."""
        return str(self.where.get("layer") or "")

    def to_dict(self) -> dict[str, Any]:
        """Return the form that findings.json holds; numbers that JSON lacks become text."""
        return {
            "fault": self.fault,
            "severity": self.severity,
            "confidence": round(self.confidence, 3),
            "where": {
                "layer": self.layer,
                "file": self.where.get("file"),
                "line": self.where.get("line"),
            },
            "step": self.step,
            "evidence": {name: _json_number(value) for name, value in self.evidence.items()},
            "explanation": self.explanation,
            "remedies": list(self.remedies),
            "patch": self.patch,
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> "Finding":
        """Read one entry of findings.json."""
        return cls(**{**values, "remedies": tuple(values["remedies"])})

    def __str__(self) -> str:
        place = f" at {self.layer}" if self.layer else ""
        return f"{self.severity}: {self.fault}{place}: {self.explanation}"


def verdict(findings: Iterable[Finding]) -> Verdict:
    """Return "faulty" for any error or warning; notes (info) alone are healthy."""
    return "faulty" if any(f.severity != "info" for f in findings) else "healthy"


def findings_json(findings: Sequence[Finding]) -> dict[str, Any]:
    """Return what findings.json holds."""
    return {"verdict": verdict(findings), "findings": [f.to_dict() for f in findings]}


def _json_number(value: float | str) -> float | str:
    if isinstance(value, str) or math.isfinite(value):
        return value
    return str(value)
