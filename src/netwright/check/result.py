"""Check: what one look at data and net before training found. Checks: all of them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any, Literal

from netwright import catalogue
from netwright.diagnose.diagnose import FAULTS
from netwright.diagnose.finding import Finding, Severity

Status = Literal["passed", "info", "warning", "failed", "skipped"]
# As the doctor calls it, and how sure a look before training is of its cause.
SEVERITY: dict[Status, tuple[Severity, float]] = {
    "failed": ("error", 0.9),
    "warning": ("warning", 0.7),
    "info": ("info", 0.4),
}

__all__ = ["Check", "Checks", "Place", "Status"]


@dataclass(frozen=True)
class Place:
    """A row that a check is about. row: its position in the source, from 0; in the split where the
    source's is not known. shown: something to recognise it by.
    """

    split: str
    row: int
    shown: str

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON form."""
        return {"split": self.split, "row": self.row, "shown": self.shown}


@dataclass(frozen=True, kw_only=True)
class Check:
    """One question and its answer.

    status: "info" is worth knowing and no fault; "failed" will spoil the training or its score.
    fault: the id in `netwright faults` of what was found, "" of none. words: what was seen. advice:
    what to do about it. rows, columns: those concerned, the worst first. where: "layer", "file" and
    "line" of a script, where they are known; patch: what would mend it there.
    """

    name: str
    status: Status
    words: str
    fault: str = ""
    advice: str = ""
    numbers: Mapping[str, float | str] = field(default_factory=dict)
    rows: tuple[Place, ...] = ()
    columns: tuple[str, ...] = ()
    where: Mapping[str, str | int | None] = field(default_factory=dict)
    patch: str | None = None
    seconds: float = 0.0

    def __post_init__(self) -> None:
        object.__setattr__(self, "numbers", MappingProxyType(dict(self.numbers)))
        object.__setattr__(self, "where", MappingProxyType(dict(self.where)))

    def to_dict(self) -> dict[str, Any]:
        """Return the form that `check --json` writes."""
        return {
            "name": self.name,
            "status": self.status,
            "fault": self.fault or None,
            "words": self.words,
            "advice": self.advice,
            "numbers": {name: _plain(value) for name, value in self.numbers.items()},
            "rows": [place.to_dict() for place in self.rows],
            "columns": list(self.columns),
            "where": {key: self.where.get(key) or None for key in ("layer", "file", "line")},
            "patch": self.patch,
            "seconds": round(self.seconds, 3),
        }

    def finding(self) -> Finding:
        """Return the check's fault as the doctor's findings are written."""
        severity, confidence = SEVERITY[self.status]
        known = self.fault in catalogue.names(FAULTS)
        fault = catalogue.find(FAULTS, self.fault, what="fault") if known else None
        return Finding(
            fault=self.fault,
            severity=severity,
            confidence=confidence,
            where=self.where,
            evidence=self.numbers,
            explanation=f"{self.words}. {self.advice}".rstrip(),
            remedies=fault.remedies if fault is not None else (),
            patch=self.patch,
        )

    def timed(self, seconds: float) -> "Check":
        """Return the check with how long it took."""
        return replace(self, seconds=seconds)

    def __str__(self) -> str:
        return f"{self.status} {self.name}: {self.words}"


@dataclass(frozen=True)
class Checks:
    """All checks of one source or script, in the order in which they were made.

    script_exit, steps: what a script ended with, and how many of its steps were watched; None for a
    source. notes: what could not be looked at, and why.
    """

    checks: tuple[Check, ...]
    source: str
    seconds: float = 0.0
    script_exit: int | None = None
    steps: int | None = None
    notes: tuple[str, ...] = ()

    def __iter__(self) -> Iterator[Check]:
        return iter(self.checks)

    def __len__(self) -> int:
        return len(self.checks)

    def __getitem__(self, name: str) -> Check:
        """Return the check of this name."""
        for check in self.checks:
            if check.name == name:
                return check
        raise KeyError(name)

    def of(self, *statuses: Status) -> tuple[Check, ...]:
        """Return the checks with one of these statuses."""
        return tuple(check for check in self.checks if check.status in statuses)

    @property
    def failed(self) -> tuple[Check, ...]:
        """The checks that failed."""
        return self.of("failed")

    @property
    def findings(self) -> list[Finding]:
        """What was found of the faults that have a name, the gravest first."""
        found = self.of("failed") + self.of("warning") + self.of("info")
        return [check.finding() for check in found if check.fault]

    @property
    def exit_code(self) -> int:
        """What `netwright check` ends with: 10: a check failed, 11: the script alone did."""
        return 10 if self.failed else 11 if self.script_exit else 0

    @property
    def verdict(self) -> str:
        """ "failed" for any failed check, "unchecked" where there was nothing to look at."""
        if self.failed:
            return "failed"
        return "passed" if len(self.of("skipped")) < len(self) else "unchecked"

    def to_dict(self) -> dict[str, Any]:
        """Return the form that `check --json` writes."""
        script = {"script_exit": self.script_exit, "steps": self.steps}
        return {
            "source": self.source,
            "verdict": self.verdict,
            "checks": [check.to_dict() for check in self.checks],
            "findings": [finding.to_dict() for finding in self.findings],
            "notes": list(self.notes),
            "seconds": round(self.seconds, 3),
        } | (script if self.script_exit is not None else {})

    def __str__(self) -> str:
        return "\n".join(str(check) for check in self.checks)


def _plain(value: float | str) -> float | str:
    if isinstance(value, str) or value != value or value in (float("inf"), float("-inf")):
        return str(value)
    return value
