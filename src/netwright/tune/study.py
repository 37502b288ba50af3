"""Study: many trials of one plan over a space, as a value. Scores are of the validation split."""

import html
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from netwright.errors import TrainingError
from netwright.plan.plan import Plan
from netwright.plan.space import Space
from netwright.train.run import Run

__all__ = ["Study", "Trial", "plan_values"]


@dataclass(frozen=True, kw_only=True)
class Trial:
    """One plan tried. changes: what differs from the study's plan, as `Plan.with_` takes it.

    state: "complete", "pruned" (dropped before its end), "failed" or "running". score: the
    validation metric of the weights it left with. curve: the metric, epoch by epoch. seconds: its
    share of its pack's.
    """

    number: int
    changes: Mapping[str, Any]
    state: str
    score: float | None = None
    epochs: int = 0
    seconds: float = 0.0
    reason: str = ""
    curve: tuple[float, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Study:
    """plan: what was tuned. trials: in the order they were asked for; requested: how many were to
    be. seed: of every trial's weights and batches. best: the best trial's Run, where this process
    trained it to its end; `nw.fit(study.best_plan, data, seed=study.seed)` trains the same one."""

    plan: Plan
    space: Space
    metric: str
    higher_is_better: bool
    trials: tuple[Trial, ...]
    method: str
    seed: int
    seconds: float
    requested: int = 0
    interrupted: bool = False
    best: Run | None = None

    def leaderboard(self, count: int | None = None) -> list[Trial]:
        """Return the trials that have a score, best first: those trained to their end before those
        that were dropped."""
        scored = [t for t in self.trials if t.score is not None and t.state != "running"]
        sign = -1 if self.higher_is_better else 1
        order = sorted(scored, key=lambda t: (t.state != "complete", sign * (t.score or 0.0)))
        return order[:count]

    @property
    def best_trial(self) -> Trial:
        """The best trial. Raises TrainingError where none has a score."""
        found = self.leaderboard(1)
        if not found:
            reasons = {t.reason for t in self.trials if t.state == "failed"}
            said = f"; a failed one says: {sorted(reasons)[0]}" if reasons else ""
            raise TrainingError(
                f"None of {len(self.trials)} trials has a score{said}. Widen the space, or give "
                "more time."
            )
        return found[0]

    @property
    def best_plan(self) -> Plan:
        """The plan of the best trial. Raises TrainingError where none has a score."""
        trial = self.best_trial
        why = f"trial {trial.number} of {len(self.trials)}: {self.metric} {trial.score:.4g}"
        return self.plan.with_(trial.changes, why=why)

    @property
    def own_trial(self) -> Trial | None:
        """The trial of the plan as it was, where the space holds its values."""
        own = plan_values(self.plan, self.space)
        return next((t for t in self.trials if dict(t.changes) == own), None)

    def outside(self) -> list[str]:
        """Return the fields whose value in the plan as it was the space cannot give."""
        own = plan_values(self.plan, self.space)
        return [f for f, found in self.space.items() if f not in own or not found.gives(own[f])]

    def history(self) -> list[tuple[int, float]]:
        """Return (trial number, best score up to it) for each trial trained to its end."""
        found: list[tuple[int, float]] = []
        better = max if self.higher_is_better else min
        for trial in self.trials:
            if trial.state == "complete" and trial.score is not None:
                best = trial.score if not found else better(found[-1][1], trial.score)
                found.append((trial.number, best))
        return found

    def to_dict(self) -> dict[str, Any]:
        """Return the object that study.json holds."""
        best = self.leaderboard(1)
        return {
            "metric": self.metric,
            "higher_is_better": self.higher_is_better,
            "method": self.method,
            "seed": self.seed,
            "seconds": round(self.seconds, 3),
            "requested": self.requested,
            "interrupted": self.interrupted,
            "best": None if not best else best[0].number,
            "space": self.space.to_dict(),
            "plan": self.plan.to_dict(),
            "trials": [asdict(t) | {"changes": dict(t.changes)} for t in self.trials],
        }

    def __repr__(self) -> str:
        best = self.leaderboard(1)
        said = f"best {self.metric} {best[0].score:.4f}, trial {best[0].number}" if best else "none"
        return f"Study({len(self.trials)} trials in {self.seconds:.1f} s; {said})"

    def _repr_html_(self) -> str:
        """The ten best as a table, for notebooks."""
        fields = list(self.space)
        heads = "".join(f"<th>{html.escape(n)}</th>" for n in ("trial", self.metric, *fields))
        rows = []
        for trial in self.leaderboard(10):
            cells = (trial.number, f"{trial.score:.4f}", *(trial.changes[f] for f in fields))
            rows.append("".join(f"<td>{html.escape(str(cell))}</td>" for cell in cells))
        return f"<table><tr>{heads}</tr>{''.join(f'<tr>{row}</tr>' for row in rows)}</table>"


def plan_values(plan: Plan, space: Space) -> dict[str, Any]:
    """Return the plan's values of the space's fields, where it states them."""
    plain = plan.to_dict()
    found = {}
    for field in space:
        part, _, name = field.partition(".")
        if name in plain[part]:
            found[field] = plain[part][name]
    return found
