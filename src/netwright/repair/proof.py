"""Proof: what was tried against a fault, on which seeds, with which scores, and what was kept.

The control is what was to be repaired, trained again as it was. A remedy is kept where its scores
over fresh paired seeds are better than the control's beyond chance (`sign_flip.py`); a second one
on top of it only where it is also better than the first alone. A value, and proof.json; it knows
neither plans nor scripts.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from netwright.evaluate.titles import metric_title
from netwright.repair.sign_flip import LEVEL, Paired

__all__ = ["Arm", "Proof", "Screen", "Tried"]

TEST = f"exact one-sided sign-flip test of the mean difference over paired seeds, level {LEVEL:g}"

Verdict = Literal["healthy", "repaired", "not-repaired"]


@dataclass(frozen=True, kw_only=True)
class Arm:
    """One side of a comparison. remedies: that are in it (none: the control), in the order in which
    they were put on; changes: what they changed. scores: one a seed; `failed` of them are those of
    a constant answer, as the run never gave finite numbers. trainings: what it cost, in full
    trainings of the control."""

    remedies: tuple[str, ...] = ()
    changes: Mapping[str, Any] = field(default_factory=dict)
    scores: tuple[float, ...]
    failed: int = 0
    trainings: float
    seconds: float

    @property
    def mean(self) -> float:
        """Of the scores."""
        return sum(self.scores) / len(self.scores)

    def to_dict(self) -> dict[str, Any]:
        """Return the form that proof.json holds."""
        return {
            "remedies": list(self.remedies),
            "changes": dict(self.changes),
            "scores": list(self.scores),
            "mean": self.mean,
            "failed": self.failed,
            "trainings": round(self.trainings, 3),
            "seconds": round(self.seconds, 3),
        }


@dataclass(frozen=True, kw_only=True)
class Screen:
    """Short runs of all that was offered against one fault. share: of a full training that each
    run took. arms: in the order in which they were offered. metric: of the scores, "" where it is
    the proof's."""

    fault: str
    share: float
    seeds: tuple[int, ...]
    control: Arm
    arms: tuple[Arm, ...]
    metric: str = ""

    @property
    def trainings(self) -> float:
        """What it cost."""
        return self.control.trainings + sum(arm.trainings for arm in self.arms)


@dataclass(frozen=True, kw_only=True)
class Tried:
    """A remedy put to the proof. beside_control: its scores against the control's; beside_kept:
    against those of what had been kept before it, where there was something. reason: of keeping it
    or not."""

    fault: str
    arm: Arm
    beside_control: Paired
    beside_kept: Paired | None = None
    kept: bool
    reason: str

    def to_dict(self) -> dict[str, Any]:
        """Return the form that proof.json holds."""
        paired = self.beside_control
        beside = {"beside_kept": asdict(self.beside_kept)} if self.beside_kept else {}
        return {
            "remedy": self.arm.remedies[-1],
            "fault": self.fault,
            **self.arm.to_dict(),
            "difference": {
                "value": paired.difference,
                "low": paired.low,
                "high": paired.high,
                "confidence": paired.confidence,
            },
            "p_value": paired.p_value,
            **beside,
            "kept": self.kept,
            "reason": self.reason,
        }


@dataclass(frozen=True, kw_only=True)
class Proof:
    """faults: the alarms that were to be repaired, best explanation first. control: None where
    nothing was put to the proof. kept: the remedies proved, in order;
    changes: what they change. untreated: why nothing was tried though the run is not well, ""
    elsewhere.
    """

    faults: tuple[str, ...]
    metric: str
    higher_is_better: bool
    seeds: tuple[int, ...] = ()
    control: Arm | None = None
    tried: tuple[Tried, ...] = ()
    screens: tuple[Screen, ...] = ()
    untreated: str = ""

    @property
    def kept(self) -> tuple[str, ...]:
        """The remedies that were proved, in the order in which they were put on."""
        best = self.best
        return best.arm.remedies if best else ()

    @property
    def changes(self) -> Mapping[str, Any]:
        """What the kept remedies change."""
        best = self.best
        return best.arm.changes if best else {}

    @property
    def best(self) -> Tried | None:
        """What was kept last, and so holds all that was kept."""
        kept = [tried for tried in self.tried if tried.kept]
        return kept[-1] if kept else None

    @property
    def verdict(self) -> Verdict:
        """In a word."""
        if not self.faults and not self.untreated:
            return "healthy"
        return "repaired" if self.best else "not-repaired"

    @property
    def cost(self) -> dict[str, float]:
        """Return {"finding", "proof"} in full trainings of the control, and "seconds"."""
        proved = [tried.arm for tried in self.tried] + ([self.control] if self.control else [])
        short = [arm for screen in self.screens for arm in (screen.control, *screen.arms)]
        return {
            "finding": round(sum(arm.trainings for arm in short), 3),
            "proof": round(sum(arm.trainings for arm in proved), 3),
            "seconds": round(sum(arm.seconds for arm in short + proved), 3),
        }

    def to_dict(self) -> dict[str, Any]:
        """Return what proof.json holds."""
        return {
            "verdict": self.verdict,
            "faults": list(self.faults),
            "metric": self.metric,
            "higher_is_better": self.higher_is_better,
            "seeds": list(self.seeds),
            "control": self.control.to_dict() if self.control else None,
            "remedies": [tried.to_dict() for tried in self.tried],
            "kept": list(self.kept),
            "changes": dict(self.changes),
            "screened": [
                {
                    "fault": screen.fault,
                    "share": round(screen.share, 4),
                    "metric": screen.metric or self.metric,
                    "seeds": list(screen.seeds),
                    "control": screen.control.to_dict(),
                    "remedies": [arm.to_dict() for arm in screen.arms],
                }
                for screen in self.screens
            ],
            "cost": self.cost,
            "test": TEST,
            **({"untreated": self.untreated} if self.untreated else {}),
        }

    def __str__(self) -> str:
        """What came of it, in a sentence or two."""
        if self.untreated:
            return self.untreated
        if not self.faults:
            return "Healthy: there was nothing to repair, and nothing was trained."
        found = ", ".join(self.faults)
        best = self.best
        if best is None or self.control is None:
            said = "; ".join(f"{t.arm.remedies[-1]}: {t.reason}" for t in self.tried)
            if not said and self.screens:
                said = "in short runs none was better than the plan as it was"
            if not said:
                return f"{found}: no remedy can be put on this plan, and nothing was trained."
            return f"{found}: no remedy was proved ({said})."
        paired = best.beside_control
        return (
            f"{found}: repaired by {' and '.join(self.kept)}. {metric_title(self.metric)} went "
            f"from {self.control.mean:.4g} to {best.arm.mean:.4g} over {len(self.seeds)} paired "
            f"seeds (better by {paired.difference:.3g}, {paired.confidence:.0%} interval "
            f"{paired.low:.3g} to {paired.high:.3g}, p = {paired.p_value:.2g})."
        )
