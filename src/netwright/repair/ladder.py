"""The ladder: from findings to what is proved to help, whatever it is that is trained.

For each alarm, best explanation first: what its first remedies offer is screened in short runs on
two seeds, beside the control; what did best there and better than the control is proved over fresh
seeds at full length; where nothing is, the next remedies follow. Once something is kept, what its
runs still show is treated on top of it, and the sum is kept where it is better than both. Subjects
(plans, scripts with interventions) are opaque here: `Train` knows how to train them, `Offer` what a
remedy makes of them.

Where several alarms are errors, one may hide what mending the other gives: what accumulates
gradients learns nothing from a better loss. So where no remedy alone is proved, one of each is put
to the proof together.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby
from typing import Any, Generic, TypeVar

from netwright.diagnose.finding import Finding
from netwright.repair.proof import Arm, Proof, Screen, Tried
from netwright.repair.sign_flip import compare_paired

__all__ = ["Candidate", "Climbed", "Outcome", "Seeds", "Train", "alarms_of", "climb"]

Subject = TypeVar("Subject")

SCREEN_TRAININGS = 1.5  # that the short runs of one screen share
MOST_CANDIDATES = 5  # of one screen: with more, the short runs become too short to tell
MOST_LATE = 2  # of candidates whose effect shows at the end: these are screened at full length
MOST_PROOFS = 3  # of one repair: chance may prove one in 32
MOST_KEPT = 3


@dataclass(frozen=True, kw_only=True)
class Candidate(Generic[Subject]):
    """What a remedy makes of the subject. changes: all of its differences from the control. late:
    its effect shows at the end of a training only. after: remedies that the subject holds besides
    those that were kept."""

    remedy: str
    subject: Subject
    changes: Mapping[str, Any]
    late: bool = False
    after: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """All remedies that are tried at once."""
        return " + ".join((*self.after, self.remedy))


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What training a subject on some seeds gave. scores, failed, trainings, seconds: see `Arm`.
    findings: in its runs, as far as they were watched. metric, higher_is_better: of the scores,
    where short runs are judged by another than the proof's."""

    scores: tuple[float, ...]
    failed: int
    trainings: float
    seconds: float
    findings: Sequence[Finding] = ()
    metric: str = ""
    higher_is_better: bool | None = None

    def arm(self, remedies: Iterable[str] = (), changes: Mapping[str, Any] | None = None) -> Arm:
        """Return it with the names of what was tried."""
        return Arm(
            remedies=tuple(remedies),
            changes=changes or {},
            scores=self.scores,
            failed=self.failed,
            trainings=self.trainings,
            seconds=self.seconds,
        )


# Trains each subject on each seed for a share (0..1) of a full training, and says what came of it.
# Subjects of one call are trained alike, so that those of one seed can be compared. In a proof it
# may end with fewer seeds where the first subject cannot be proved any more.
Train = Callable[[Sequence[Subject], Sequence[int], float], list[Outcome]]

# What the remedies of a finding make of a subject, in the order in which to try them.
Offer = Callable[[Subject, Finding], list[Candidate[Subject]]]


@dataclass(frozen=True, kw_only=True)
class Seeds:
    """screen: for the short runs. proof: others, for the proof. Neither holds the seed of the run
    in which the fault was found."""

    screen: tuple[int, ...]
    proof: tuple[int, ...]

    @classmethod
    def fresh(cls, seed: int, count: int) -> "Seeds":
        """Return seeds for a run that had `seed`: two to screen with and `count` for the proof."""
        first = 10_000 * (seed + 1)
        return cls(screen=(first, first + 1), proof=tuple(range(first + 2, first + 2 + count)))


@dataclass(frozen=True, kw_only=True)
class Climbed(Generic[Subject]):
    """subject: with all that was kept; the control itself where nothing was."""

    subject: Subject
    proof: Proof


@dataclass
class _Course(Generic[Subject]):
    """How far the ladder was climbed. outcome: of `subject` on the proof's seeds, None until the
    first proof."""

    control: Subject
    subject: Subject
    train: Train[Subject]
    seeds: Seeds
    proof: Proof
    say: Callable[[str], None]
    keep: Callable[[Proof], None]
    most: int
    most_late: int
    outcome: Outcome | None = None
    remedies: tuple[str, ...] = ()
    refused: list[Subject] = field(default_factory=list)


def climb(
    control: Subject,
    findings: Sequence[Finding],
    *,
    offer: Offer[Subject],
    train: Train[Subject],
    seeds: Seeds,
    metric: str,
    higher_is_better: bool,
    say: Callable[[str], None] = lambda text: None,
    keep: Callable[[Proof], None] = lambda proof: None,
    most: int = MOST_CANDIDATES,
    most_late: int = MOST_LATE,
) -> Climbed[Subject]:
    """Find and prove what helps against the alarms among `findings`; without any nothing is
    trained. say: told what is being done; keep: given the proof whenever it has grown; most,
    most_late: see MOST_CANDIDATES, MOST_LATE."""
    proof = Proof(
        faults=tuple(dict.fromkeys(f.fault for f in alarms_of(findings))),
        metric=metric,
        higher_is_better=higher_is_better,
        seeds=seeds.proof,
    )
    course = _Course(control, control, train, seeds, proof, say, keep, most, most_late)
    left: Sequence[Finding] = findings
    while left and len(course.remedies) < MOST_KEPT:
        kept = _rung(course, alarms_of(left), offer)
        left = kept.findings if kept else ()
    return Climbed(subject=course.subject, proof=course.proof)


def alarms_of(findings: Iterable[Finding]) -> list[Finding]:
    """Return the first finding of each fault, notes left out."""
    first: dict[str, Finding] = {}
    for finding in findings:
        if finding.severity != "info":
            first.setdefault(finding.fault, finding)
    return list(first.values())


def _rung(
    course: _Course[Subject], alarms: Sequence[Finding], offer: Offer[Subject]
) -> Outcome | None:
    """Keep the first that is proved against one of the alarms, or against all errors together;
    return what its runs gave."""
    errors = [alarm for alarm in alarms if alarm.severity == "error"]
    most = MOST_PROOFS - int(len(errors) > 1)
    for alarm in alarms:
        offered = [c for c in offer(course.subject, alarm) if c.subject not in course.refused]
        for candidates in _in_turn(offered, course.most, course.most_late):
            for candidate in _screen(course, alarm, candidates):
                if len(course.proof.tried) >= most:
                    return _together(course, errors, offer)
                found = _prove(course, alarm, candidate)
                if found is not None:
                    return found
                course.refused.append(candidate.subject)
    return _together(course, errors, offer)


def _together(
    course: _Course[Subject], errors: Sequence[Finding], offer: Offer[Subject]
) -> Outcome | None:
    """Put one remedy of each error to the proof at once: of each the one that trains best on top of
    those before it."""
    sum_of: Candidate[Subject] | None = None
    for error in errors if len(errors) > 1 else ():
        subject = course.subject if sum_of is None else sum_of.subject
        before = () if sum_of is None else (*sum_of.after, sum_of.remedy)
        groups = _in_turn(offer(subject, error), course.most, course.most_late)
        first = [replace(one, after=before) for one in groups[0]] if groups else []
        if first:
            sum_of = (
                first[0] if len(first) == 1 else _screen(course, error, first, any_gain=True)[0]
            )
    if sum_of is None or not sum_of.after or len(course.proof.tried) >= MOST_PROOFS:
        return None
    return _prove(course, errors[0], sum_of)


def _in_turn(
    offered: Sequence[Candidate[Subject]], at_most: int, at_most_late: int
) -> list[list[Candidate[Subject]]]:
    """Return the candidates in the order of their remedies, in groups that are screened at once;
    the doses of a remedy stay together where they fit."""
    groups: list[list[Candidate[Subject]]] = []
    for _, own in groupby(offered, key=lambda candidate: candidate.remedy):
        doses = list(own)
        most = at_most_late if doses[0].late else at_most
        last = groups[-1] if groups else []
        if last and last[0].late == doses[0].late and len(last) + len(doses) <= most:
            last += doses
        else:
            groups += [doses[at : at + most] for at in range(0, len(doses), most)]
    return groups


def _screen(
    course: _Course[Subject],
    alarm: Finding,
    candidates: Sequence[Candidate[Subject]],
    *,
    any_gain: bool = False,
) -> list[Candidate[Subject]]:
    """Train all for a short while; return those better than the control, the best first; with
    any_gain all."""
    seeds, proof = course.seeds.screen, course.proof
    runs = len(seeds) * (len(candidates) + 1)
    late = candidates[0].late
    if len(candidates) == 1 and (late or alarm.severity == "error"):
        # There is nothing to choose, short runs flatter what trains too fast (gradients that add
        # up), and a proof of what does not help ends after a seed or two.
        return list(candidates)
    share = 1.0 if late else min(SCREEN_TRAININGS / runs, 1.0)
    names = ", ".join(dict.fromkeys(candidate.name for candidate in candidates))
    course.say(f"{alarm.fault}: screening {names} ({runs} runs of {share:.0%} of a training)")
    subjects = [candidate.subject for candidate in candidates]
    # Last, the control: the first of a pack is the one that is watched layer by layer.
    *found, control = course.train([*subjects, course.subject], seeds, share)
    screen = Screen(
        fault=alarm.fault,
        share=share,
        seeds=seeds,
        control=control.arm(course.remedies),
        arms=tuple(
            outcome.arm((*course.remedies, *candidate.after, candidate.remedy), candidate.changes)
            for candidate, outcome in zip(candidates, found, strict=True)
        ),
        metric=control.metric,
    )
    course.proof = replace(proof, screens=(*proof.screens, screen))
    course.keep(course.proof)
    higher = control.higher_is_better
    sign = 1.0 if (proof.higher_is_better if higher is None else higher) else -1.0
    gains = [sign * (arm.mean - screen.control.mean) for arm in screen.arms]
    ranked = sorted(range(len(candidates)), key=lambda i: -gains[i])
    return [candidates[i] for i in ranked if any_gain or gains[i] > 0]


def _prove(
    course: _Course[Subject], alarm: Finding, candidate: Candidate[Subject]
) -> Outcome | None:
    """Train at full length on fresh seeds; keep it if that proves it, and return what it gave."""
    seeds, higher = course.seeds.proof, course.proof.higher_is_better
    course.say(f"{alarm.fault}: proving {candidate.name} over {len(seeds)} seeds")
    control = course.proof.control
    if control is None or len(control.scores) < len(seeds):
        found, course.outcome = course.train([candidate.subject, course.control], seeds, 1.0)
        control = course.outcome.arm()
        course.proof = replace(course.proof, control=control)
    else:
        (found,) = course.train([candidate.subject], seeds, 1.0)
    count = len(found.scores)
    beside = compare_paired(found.scores, control.scores[:count], higher_is_better=higher)
    on_top = None
    if course.remedies:
        assert course.outcome is not None
        before = course.outcome.scores[:count]
        on_top = compare_paired(found.scores, before, higher_is_better=higher)
    kept = beside.proved and (on_top is None or on_top.proved)
    last = on_top or beside
    word = (
        "better" if last.difference > 0 else "worse" if last.difference < 0 else "better or worse"
    )
    reason = f"{abs(last.difference):.3g} {word}, p = {last.p_value:.2g}"
    if count < len(seeds):
        reason += f" after {count} of {len(seeds)} seeds, when it could not be proved any more"
    remedies = (*course.remedies, *candidate.after, candidate.remedy)
    tried = Tried(
        fault=alarm.fault,
        arm=found.arm(remedies, candidate.changes),
        beside_control=beside,
        beside_kept=on_top,
        kept=kept,
        reason=reason,
    )
    course.proof = replace(course.proof, tried=(*course.proof.tried, tried))
    course.keep(course.proof)
    course.say(f"{candidate.name}: {reason}, {'kept' if kept else 'not kept'}")
    if not kept:
        return None
    course.subject, course.outcome, course.remedies = candidate.subject, found, remedies
    return found
