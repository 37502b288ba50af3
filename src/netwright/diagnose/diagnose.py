"""diagnose(trace): every fault's rule over one trace, the best explanation first."""

from collections.abc import Iterable

from netwright import catalogue
from netwright.diagnose.fault import Fault
from netwright.diagnose.finding import Finding
from netwright.watch.trace import Trace

FAULTS = "netwright.diagnose.faults"
_RANK = {"error": 0, "warning": 1, "info": 2}


def faults() -> list[Fault]:
    """Return every fault that `diagnose/faults/` defines, by name."""
    return [catalogue.find(FAULTS, name, what="fault") for name in catalogue.names(FAULTS)]


def diagnose(trace: Trace) -> list[Finding]:
    """Name what is wrong with the run that left `trace`; an empty list says that nothing was seen.

    A cause stands before the faults it explains; else errors before warnings before notes, and
    the surest first.
    """
    return in_order(finding for fault in faults() for finding in fault(trace))


def in_order(findings: Iterable[Finding]) -> list[Finding]:
    """Put findings (of several traces, where one script trained several nets) in that order."""
    return _ordered(findings, {fault.name: fault.explains for fault in faults()})


def _ordered(findings: Iterable[Finding], explains: dict[str, tuple[str, ...]]) -> list[Finding]:
    waiting = sorted(findings, key=lambda f: (_RANK[f.severity], -f.confidence))
    ordered: list[Finding] = []
    while waiting:
        # A note never stands before an alarm, so only an equal or graver cause goes first.
        free = (
            f
            for f in waiting
            if not any(
                f.fault in explains[other.fault] and _RANK[other.severity] <= _RANK[f.severity]
                for other in waiting
                if other is not f
            )
        )
        best = next(free, waiting[0])  # two faults that explain each other: the surer one
        waiting.remove(best)
        ordered.append(best)
    return ordered
