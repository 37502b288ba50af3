"""prove_script(script, findings, trace): remedies on a script's live objects, proved by reruns.

What a finding's remedies offer is an Intervention or several (`watch/intervene.py`); the script is
rerun with them and without, in a temporary copy, on paired seeds. Short runs compare how well the
last batches were trained, whatever the loss; full ones compare the score (`doctor/score.py`).
"""

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from netwright import catalogue
from netwright.diagnose.finding import Finding
from netwright.doctor.rerun import Place, Rerun, rerun
from netwright.doctor.score import Score, score_of, score_source
from netwright.doctor.script import Script
from netwright.errors import UsageError
from netwright.repair.ladder import Candidate, Outcome, Seeds, alarms_of, climb
from netwright.repair.proof import Proof
from netwright.repair.remedy import REMEDIES, Dose, find_remedy
from netwright.repair.sign_flip import FEWEST_SEEDS, LEVEL, MOST_SEEDS
from netwright.watch.trace import Trace

__all__ = ["ScriptCase", "Tested", "check_seeds", "prove_script"]

FEWEST_STEPS = 20  # of a short run
MOST_DOSES = 8  # that share a screen: their runs differ in one thing and are watched closely
WAIT = 240.0  # seconds: a busy machine starts slowly
PATIENCE = 6.0  # times the seconds of the run that was watched
UNTRUE_SCORE = ("data-leakage", "wrong-metric")  # a better one is no better net


@dataclass(frozen=True, kw_only=True)
class ScriptCase:
    """What is to be repaired. seconds, exit: of the run that was watched. pattern: `--score`."""

    script: Script
    place: Place
    findings: Sequence[Finding]
    trace: Trace
    seconds: float
    exit: int
    pattern: re.Pattern[str] | None = None


@dataclass
class Tested:
    """proof: None where nothing could be tried; notes say why."""

    proof: Proof | None = None
    dose: Dose = ()
    notes: list[str] = field(default_factory=list)


def check_seeds(seeds: int) -> None:
    """Refuse numbers of seeds that prove nothing, or take for ever."""
    if not FEWEST_SEEDS <= seeds <= MOST_SEEDS:
        raise UsageError(
            f"--seeds is {seeds}; expected {FEWEST_SEEDS} to {MOST_SEEDS}: fewer cannot prove "
            "anything at the 5 % level."
        )


def prove_script(
    case: ScriptCase,
    *,
    seeds: int = 5,
    say: Callable[[str], None],
    keep: Callable[[Proof], None] = lambda proof: None,
) -> Tested:
    """Find what helps and prove it. keep: given the proof whenever it has grown."""
    check_seeds(seeds)
    alarms = alarms_of(case.findings)
    if alarms and alarms[0].fault in UNTRUE_SCORE:
        return Tested(notes=[_untrue(alarms[0])])
    if not any(offers((), finding, case.trace) for finding in alarms):
        return Tested(notes=[_beyond_reach(alarms)])
    picked = Seeds(screen=(1, 2), proof=tuple(range(3, 3 + seeds)))
    trainer = _Trainer(case, proof=picked.proof)
    say(f"rerunning {case.script.name} as it is")
    first = trainer.run((), picked.proof[0], None)
    notes = list(first.notes)
    settled = score_source(first, case.pattern)
    if first.exit is None or (first.exit and not case.exit):
        return Tested(notes=[*notes, _failed(first)])
    if settled is None:
        return Tested(
            notes=[
                *notes,
                "There is no score to prove a remedy by: no validation was seen, and the last line "
                "of stdout is no JSON with a metric. Give --score REGEX.",
            ]
        )
    trainer.settled, trainer.steps = settled, max(first.steps, 1)
    as_it_is: Dose = ()
    climbed = climb(
        as_it_is,
        case.findings,
        offer=lambda dose, finding: offers(dose, finding, trainer.trace_of(dose)),
        train=trainer,
        seeds=picked,
        metric=settled.name,
        higher_is_better=settled.higher_is_better,
        say=say,
        keep=keep,
        most=MOST_DOSES,
        most_late=1,
    )
    return Tested(climbed.proof, climbed.subject, notes)


def _untrue(alarm: Finding) -> str:
    return (
        f"{alarm.fault}: the score itself is not what it seems, so that no rerun can prove a "
        f"repair by it. Mend this first, by hand: {_advice(alarm)}"
    )


def _beyond_reach(alarms: Sequence[Finding]) -> str:
    words = " ".join(f"{alarm.fault}: {_advice(alarm)}" for alarm in alarms)
    return (
        "No remedy of what was found can be tried from outside the script, so that nothing was "
        f"rerun and nothing is proved. By hand: {words}"
    )


def _advice(alarm: Finding) -> str:
    known = catalogue.names(REMEDIES)
    return " ".join(find_remedy(name).advice for name in alarm.remedies if name in known)


def offers(before: Dose, finding: Finding, trace: Trace) -> list[Candidate[Dose]]:
    """Return what the finding's remedies add to what is done already."""
    known = catalogue.names(REMEDIES)
    found: list[Candidate[Dose]] = []
    for name in finding.remedies:
        remedy = find_remedy(name) if name in known else None
        if remedy is None or remedy.intervention is None:
            continue
        for dose in remedy.intervention(finding, trace):
            subject = (*before, *dose)
            taken = {one.name for one in before}
            if taken.isdisjoint(one.name for one in dose) and dose:
                changes = {"interventions": [one.to_dict() for one in subject]}
                late = any(one.late for one in dose)
                found.append(Candidate(remedy=name, subject=subject, changes=changes, late=late))
    return found


@dataclass
class _Trainer:
    """Reruns a script, every run once; what is put to the proof is watched on the first seed of it.
    settled: a score of the one to go by; proof: its seeds."""

    case: ScriptCase
    settled: Score | None = None
    proof: Sequence[int] = ()
    steps: int = 1
    done: list[tuple[Dose, int, int | None, Rerun]] = field(default_factory=list)
    finite: list[float] = field(default_factory=list)

    def run(self, dose: Dose, seed: int, max_steps: int | None) -> Rerun:
        """Return the rerun, made now or before."""
        for key, number, limit, run in self.done:
            if (key, number, limit) == (dose, seed, max_steps):
                return run
        run = rerun(
            self.case.script,
            self.case.place,
            interventions=[one.to_dict() for one in dose],
            seed=seed,
            max_steps=max_steps,
            seconds=WAIT + PATIENCE * self.case.seconds,
            watch=bool(dose) and max_steps is None and seed == self.proof[0],
        )
        self.done.append((dose, seed, max_steps, run))
        return run

    def trace_of(self, dose: Dose) -> Trace:
        """Return the trace of a training with the dose that was watched."""
        own = [run.trace for key, _, _, run in self.done if key == dose and run.trace is not None]
        return own[0] if own else self.case.trace

    def __call__(
        self, subjects: Sequence[Dose], seeds: Sequence[int], share: float
    ) -> list[Outcome]:
        short = share < 1
        limit = max(round(share * self.steps), FEWEST_STEPS) if short else None
        if limit is not None and limit >= self.steps:
            limit = None
        runs: list[list[Rerun]] = [[] for _ in subjects]
        for number, seed in enumerate(
            seeds, 1
        ):  # by seeds, so that what is paired runs side by side
            for own, dose in zip(runs, subjects, strict=True):
                own.append(self.run(dose, seed, limit))
            if not short and self._is_hopeless(subjects[0], seeds, number):
                break
        if short:
            return self._by_training(runs)
        return self._outcomes(runs, [[self._score(run) for run in own] for own in runs])

    def _is_hopeless(self, subject: Dose, seeds: Sequence[int], number: int) -> bool:
        """Whether a proof's first subject can no longer be better than the control beyond chance,
        after so many seeds: each pair in which it is not doubles the ways to set the signs that are
        as good."""
        if seeds != self.proof:
            return False
        lost = 0
        for seed in seeds[:number]:
            mended, plain = (self._score(self.run(dose, seed, None)) for dose in (subject, ()))
            better = mended > plain if self._higher_is_better() else mended < plain
            lost += not (better or (math.isfinite(mended) and not math.isfinite(plain)))
        return 2.0 ** (lost - len(seeds)) > LEVEL

    def _by_training(self, runs: list[list[Rerun]]) -> list[Outcome]:
        """Judge short runs by the last batches they were trained on."""
        measures = [run.training for own in runs for run in own if run.training is not None]
        kinds = [str(measure["name"]) for measure in measures]
        kind = max(set(kinds), key=kinds.count, default="loss")
        higher = any(m["higher_is_better"] for m in measures if m["name"] == kind)

        def value(run: Rerun) -> float:
            measure = run.training
            return measure["value"] if measure and measure["name"] == kind else math.nan

        values = [[value(run) for run in own] for own in runs]
        return self._outcomes(runs, values, metric=f"training {kind}", higher=higher)

    def _cost(self, run: Rerun) -> float:
        """Return a run's cost in full trainings; one that raised before a step cost none."""
        return run.steps / self.steps if run.steps else float(not run.exit)

    def _higher_is_better(self) -> bool:
        assert self.settled is not None
        return self.settled.higher_is_better

    def _score(self, run: Rerun) -> float:
        assert self.settled is not None
        score = score_of(run, self.settled.source, self.case.pattern)
        return math.nan if score is None or score.name != self.settled.name else score.value

    def _outcomes(
        self,
        runs: list[list[Rerun]],
        values: list[list[float]],
        *,
        metric: str = "",
        higher: bool | None = None,
    ) -> list[Outcome]:
        """A run without a finite score is worth less than any that has one."""
        finite = [v for own in values for v in own if math.isfinite(v)]
        if higher is None:
            self.finite += finite
            finite = self.finite
        sign = 1.0 if (self._higher_is_better() if higher is None else higher) else -1.0
        worst = sign * min((sign * v for v in finite), default=0.0)
        spread = max(finite, default=0.0) - min(finite, default=0.0)
        failed = worst - sign * max(spread, 0.1 * abs(worst), 1e-3)
        return [
            Outcome(
                scores=tuple(v if math.isfinite(v) else failed for v in scores),
                failed=sum(not math.isfinite(v) for v in scores),
                trainings=sum(self._cost(run) for run in own),
                seconds=sum(run.seconds for run in own),
                findings=[finding for run in own for finding in run.findings],
                metric=metric,
                higher_is_better=higher,
            )
            for own, scores in zip(runs, values, strict=True)
        ]


def _failed(run: Rerun) -> str:
    if run.exit is None:
        return f"The script was rerun as it is and had not ended after {run.seconds:.0f} s."
    last = run.stderr.strip().splitlines()[-1:] or ["nothing on stderr"]
    return (
        f"The script ended well when watched, but its rerun in a copy of the working folder with "
        f"other seeds ended with exit code {run.exit} ({last[0]}): nothing was tried."
    )
