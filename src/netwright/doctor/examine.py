"""examine(script): runs it once under an observer and names what is wrong with its training."""

import os
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from netwright.doctor.script import Script
from netwright.doctor.torch_import import when_torch_is_imported

if TYPE_CHECKING:
    from netwright.diagnose.finding import Finding
    from netwright.watch.observer import Observer


@dataclass
class Examination:
    """What was found. overhead: our seconds over the script's own. kept: read from a run folder,
    nothing was run."""

    script: str
    script_exit: int
    steps: int = 0
    seconds: float = 0.0
    overhead: float = 0.0
    findings: "list[Finding]" = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    proof: dict[str, Any] | None = None  # of `--fix`: proof.json's object
    kept: bool = False

    @property
    def verdict(self) -> str:
        """ "faulty" for any error or warning."""
        return "faulty" if any(f.severity != "info" for f in self.findings) else "healthy"

    @property
    def exit_code(self) -> int:
        """What `netwright doctor` ends with."""
        if self.verdict == "faulty":
            return 10
        return 11 if self.script_exit else 0

    def to_dict(self) -> dict[str, Any]:
        """Return what `doctor --json` writes."""
        return {
            "verdict": self.verdict,
            "findings": [finding.to_dict() for finding in self.findings],
            "script": self.script,
            "script_exit": self.script_exit,
            "steps": self.steps,
            "seconds": round(self.seconds, 3),
            "overhead": round(self.overhead, 4),
            "notes": self.notes,
            "proof": self.proof,
        }


def examine(
    script: Script, *, max_steps: int | None = None, save: Callable[[Any], None] | None = None
) -> Examination:
    """Run the script once; `save` is given the traces. A child process of it never returns."""
    began = time.perf_counter()
    code, observer = observe(script, max_steps=max_steps)
    result = Examination(script.name, code)
    ran = time.perf_counter() - began
    if observer is not None:
        judge(observer, result, ran)
        if save is not None:
            save([learner.trace for learner in observer.learners])
    if not result.steps:
        result.notes.append("No training was seen: no optimizer step of torch after a backward.")
    result.seconds = time.perf_counter() - began
    return result


def observe(
    script: Script, *, max_steps: int | None = None, max_seconds: float | None = None
) -> "tuple[int, Observer | None]":
    """Run the script once; return its exit code and who watched it, None where torch was never
    imported. A child process of it never returns.

    max_steps, max_seconds: of training, from its first step; then the script is stopped.
    """
    process = os.getpid()
    watching: list[Any] = []

    def watch() -> None:
        # Only here is torch there: importing it earlier would take switches from the script.
        from netwright.watch.observer import watch_any

        context = watch_any(script.folder, max_steps=max_steps, max_seconds=max_seconds)
        watching[:] = [context, context.__enter__()]
        os.register_at_fork(after_in_child=lambda: setattr(watching[1], "on", False))

    when_torch_is_imported(watch)
    try:
        code = script.run()
    finally:
        if watching and os.getpid() == process:
            watching[0].__exit__(None, None, None)
    if os.getpid() != process:  # the script forked, and this is its child
        sys.stdout.flush()
        os._exit(code)
    sys.stdout.flush()
    return code, watching[1] if watching else None


def judge(observer: "Observer", result: Examination, ran: float) -> None:
    """Fill in what the observer saw. ran: seconds that the training took, ours included."""
    from netwright.diagnose.diagnose import diagnose, in_order
    from netwright.watch.probes import probe

    result.steps = observer.steps
    result.overhead = observer.seconds / max(ran - observer.seconds, 1e-9)
    if observer.trouble is not None:
        kind = type(observer.trouble).__name__
        result.notes.append(
            f"Watching ended early by a bug of ours ({kind}: {observer.trouble}); the script was "
            "not disturbed."
        )
    if observer.unwatched:
        result.notes.append(
            f"{observer.unwatched} trainings beyond the first {len(observer.learners)} were not "
            "watched."
        )
    found = []
    for learner in observer.learners:
        probe(learner)
        for name, lost in learner.trace.texts("compiled").items():
            result.notes.append(f"{name} is compiled (torch.compile): {lost}.")
        found += diagnose(learner.trace)
    result.findings = in_order(found)
