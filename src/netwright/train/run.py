"""Run: what training leaves behind. A plan, a model, a trace, a history and scores; on disk a
folder."""

import html
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from netwright.diagnose.finding import Finding
from netwright.errors import TrainingError
from netwright.evaluate.metrics import Scores
from netwright.model.model import Model
from netwright.plan.plan import Plan
from netwright.watch.trace import Trace

__all__ = ["FailedTraining", "Run"]


class FailedTraining(TrainingError):
    """No epoch gave finite numbers, so there is no Run; what the doctor needs is here. plan: as
    resolved."""

    def __init__(
        self, message: str, *, plan: Plan, trace: Trace, findings: list[Finding], seed: int
    ) -> None:
        super().__init__(message)
        self.plan, self.trace, self.findings, self.seed = plan, trace, findings, seed


@dataclass
class Run:
    """plan: as resolved (no "auto" left). history: one row an epoch. stopped: why training ended,
    in words. kept_epoch: whose weights the model has, from 1.

    notes: what was measured and decided on the way (threads, step, precision), for run.yaml.
    """

    plan: Plan
    model: Model
    trace: Trace
    history: list[dict[str, float]]
    validation: Scores
    findings: list[Finding]
    seconds: float
    stopped: str
    kept_epoch: int = 0
    seed: int = 0
    folder: Path | None = None
    interrupted: bool = False
    notes: dict[str, Any] = field(default_factory=dict)

    @property
    def epochs(self) -> int:
        """Epochs begun."""
        return len(self.history)

    def __repr__(self) -> str:
        primary = self.validation.primary
        score = self.validation[primary]
        return (
            f"Run({self.plan.net['name']}: {self.epochs} epochs in {self.seconds:.1f} s, "
            f"{self.stopped}; "
            f"validation {primary} {score.value:.4f}; findings: {len(self.findings)})"
        )

    def _repr_html_(self) -> str:
        """The same as a small table, for notebooks; the whole story is in report.html."""
        primary = self.validation.primary
        facts = {
            "net": str(self.plan.net["name"]),
            "trained": f"{self.epochs} epochs in {self.seconds:.1f} s, {self.stopped}",
            f"validation {primary}": str(self.validation[primary]),
            "findings": "; ".join(f"{f.severity}: {f.fault}" for f in self.findings) or "none",
        }
        rows = "".join(
            "<tr><th "
            f"style='text-align:left'>{html.escape(name)}</th><td>{html.escape(fact)}</td></tr>"
            for name, fact in facts.items()
        )
        return f"<table>{rows}</table>"
