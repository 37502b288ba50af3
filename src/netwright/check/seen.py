"""Seen: one training of a script as its first steps left it, and what the doctor's rules say of it.

Few steps show less than a whole run, so a finding of the doctor's counts here as a failed check
only where it does not rest on how far the run came.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from netwright.check.result import Check, Status
from netwright.diagnose.diagnose import diagnose
from netwright.diagnose.finding import Finding
from netwright.watch.kept import Kept, kept_of
from netwright.watch.learner import Learner
from netwright.watch.probes import probe
from netwright.watch.trace import Trace

__all__ = ["Seen", "of_finding", "seen_of"]

PROBE_SECONDS = 4.0


@dataclass(frozen=True)
class Seen:
    """kept: batches that can be run again and the nets as they began and ended; None where the run
    left none. coupled: the loss runs through a net that another optimizer steps (a GAN).
    """

    trace: Trace
    findings: tuple[Finding, ...]
    kept: Kept | None
    steps: int
    coupled: bool = False
    seed: int = 0

    def where(self, *events: str) -> dict[str, str | int | None]:
        """Return the line of the script that did the first known one of these events."""
        for event in (*events, "loss", "backward", "step"):
            file, _, line = self.trace.text("line", event).rpartition(":")
            if file:
                return {"layer": "", "file": file, "line": int(line)}
        return {}

    def finding(self, faults: Sequence[str], number: str = "") -> Finding | None:
        """Return the doctor's first finding among these faults, with this number as evidence."""
        known = (f for f in self.findings if f.fault in faults)
        return next((f for f in known if not number or number in f.evidence), None)


def seen_of(learner: Learner, *, seed: int = 0) -> Seen:
    """Ask the doctor's probes and rules, and keep what more can be asked of."""
    probe(learner, seconds=PROBE_SECONDS)
    return Seen(
        learner.trace,
        tuple(diagnose(learner.trace)),
        kept_of(learner, end=float("inf")),
        learner.step,
        learner.coupled,
        seed,
    )


def of_finding(
    seen: Seen,
    name: str,
    faults: Sequence[str],
    *,
    number: str = "",
    certain: Callable[[Finding], bool] = lambda _: True,
) -> Check | None:
    """Return the check that the doctor's finding answers, None where there is none.

    number: evidence that it must have. certain: whether an error is one after a few steps too; else
    the check only warns.
    """
    found = seen.finding(faults, number)
    if found is None:
        return None
    status: Status = "info" if found.severity == "info" else "warning"
    if found.severity == "error" and certain(found):
        status = "failed"
    return Check(
        name=name,
        status=status,
        fault=found.fault,
        words=found.explanation.rstrip("."),
        numbers=found.evidence,
        where=found.where,
        patch=found.patch,
    )
