"""The ladder on made-up subjects: a subject is a number, and trains to about that score."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from netwright.diagnose.finding import Finding, Severity
from netwright.repair.ladder import Candidate, Outcome, Seeds, alarms_of, climb
from netwright.repair.proof import Proof


def finding(fault: str, severity: Severity = "error", *remedies: str) -> Finding:
    return Finding(
        fault=fault, severity=severity, confidence=0.9, explanation="", remedies=remedies
    )


def outcome(scores: tuple[float, ...], trainings: float, left: Sequence[Finding] = ()) -> Outcome:
    return Outcome(scores=scores, failed=0, trainings=trainings, seconds=0.0, findings=left)


class World:
    """Subjects are scores. gains: remedy -> what it adds. left: score -> findings of such runs."""

    def __init__(
        self,
        gains: dict[str, list[float]],
        *,
        left: dict[float, list[Finding]] | None = None,
        noise: float = 0.01,
        late: Sequence[str] = (),
        fooled_by: float | None = None,
    ) -> None:
        self.gains, self.left, self.noise, self.late = gains, left or {}, noise, late
        self.fooled_by = fooled_by  # looks good in short runs and is worse in long ones
        self.calls: list[tuple[int, tuple[int, ...], float]] = []

    def offer(self, subject: float, alarm: Finding) -> list[Candidate[float]]:
        return [
            Candidate(
                remedy=name,
                subject=round(subject + gain, 6),
                changes={"x": subject + gain},
                late=name in self.late,
            )
            for name in alarm.remedies
            for gain in self.gains[name]
        ]

    def train(self, subjects: Sequence[float], seeds: Sequence[int], share: float) -> list[Outcome]:
        self.calls.append((len(subjects), tuple(seeds), share))
        found = []
        for subject in subjects:
            worth = subject
            if subject == self.fooled_by:
                worth = 9.0 if share < 1 else -9.0
            scores = tuple(worth + self.noise * ((7 * seed) % 5) for seed in seeds)
            left = self.left.get(subject, ())
            found.append(outcome(scores, share * len(seeds), left))
        return found

    def climb(self, *alarms: Finding) -> tuple[float, Proof]:
        climbed = climb(
            0.0, alarms, offer=self.offer, train=self.train, seeds=Seeds.fresh(3, 5),
            metric="accuracy", higher_is_better=True,
        )  # fmt: skip
        return climbed.subject, climbed.proof


def test_the_best_dose_is_screened_on_two_seeds_and_proved_on_five_others() -> None:
    world = World({"weak": [0.1, 0.3], "strong": [1.0], "bad": [-1.0]})
    subject, proof = world.climb(finding("sick", "error", "weak", "strong", "bad"))
    assert subject == 1.0 and proof.kept == ("strong",) and proof.verdict == "repaired"
    (candidates, screen, share), (sides, seeds, whole) = world.calls
    assert (candidates, sides, whole) == (5, 2, 1.0)
    assert len(screen) == 2 and len(seeds) == 5 and not set(screen) & set(seeds) and 3 not in seeds
    assert share == pytest.approx(1.5 / 10)
    assert proof.cost["finding"] == pytest.approx(1.5) and proof.cost["proof"] == 10
    assert proof.best is not None and proof.best.beside_control.p_value == 1 / 32


def test_without_an_alarm_nothing_is_trained() -> None:
    world = World({"weak": [1.0]})
    subject, proof = world.climb(finding("note", "info", "weak"))
    assert (subject, proof.verdict, world.calls) == (0.0, "healthy", [])


def test_what_is_worse_is_never_kept_and_the_next_finding_is_treated() -> None:
    world = World({"bad": [-1.0, 0.0], "good": [1.0]})
    subject, proof = world.climb(finding("a", "error", "bad"), finding("b", "error", "good"))
    assert subject == 1.0 and [tried.fault for tried in proof.tried] == ["b"]
    world = World({"bad": [-1.0, 0.0]})
    subject, proof = world.climb(finding("a", "error", "bad"))
    assert (subject, proof.kept, proof.verdict) == (0.0, (), "not-repaired")
    assert len(world.calls) == 1  # screened, and nothing left to prove


def test_what_only_looks_good_in_short_runs_is_refused() -> None:
    world = World({"fool": [5.0], "good": [1.0]}, fooled_by=5.0)
    subject, proof = world.climb(finding("sick", "error", "fool", "good"))
    assert subject == 1.0 and proof.kept == ("good",)
    assert [(t.arm.remedies[-1], t.kept) for t in proof.tried] == [("fool", False), ("good", True)]
    assert proof.cost["proof"] == 15  # the control's scores serve both


def test_a_second_remedy_is_kept_only_if_the_sum_beats_the_first() -> None:
    second = finding("second", "warning", "more")
    world = World({"first": [1.0], "more": [0.5]}, left={1.0: [second]})
    subject, proof = world.climb(finding("sick", "error", "first"))
    assert subject == 1.5 and proof.kept == ("first", "more")
    assert proof.best is not None and proof.best.beside_kept is not None
    assert proof.best.beside_control.difference == pytest.approx(1.5)
    world = World({"first": [1.0], "more": [-0.5]}, left={1.0: [second]})
    subject, proof = world.climb(finding("sick", "error", "first"))
    assert subject == 1.0 and proof.kept == ("first",)


def test_where_no_remedy_alone_helps_one_of_each_error_is_proved_together() -> None:
    world = World({"zero": [-0.5], "raw": [-0.6, -0.7], "wide": [0.2]})
    alone = world.offer

    def offer(subject: float, alarm: Finding) -> list[Candidate[float]]:
        """What "raw" offers is worth two points more to a subject that has "zero"."""
        found = alone(subject, alarm)
        gain = 2.0 if subject == -0.5 else 0.0
        return [replace(one, subject=round(one.subject + gain, 6)) for one in found]

    world.offer = offer  # type: ignore[method-assign]
    errors = [finding("grads", "error", "zero"), finding("loss", "error", "raw")]
    subject, proof = world.climb(*errors)
    assert proof.kept == ("zero", "raw") and subject == 0.9  # -0.5 - 0.6 + 2.0, the better dose


def test_a_warning_beside_an_error_is_no_reason_to_try_both() -> None:
    world = World({"zero": [-0.5], "wide": [-0.2]})
    alarms = [finding("grads", "error", "zero"), finding("small", "warning", "wide")]
    subject, proof = world.climb(*alarms)
    assert (subject, proof.kept) == (0.0, ())
    assert all(len(tried.arm.remedies) == 1 for tried in proof.tried)


def test_late_effects_are_screened_at_full_length_two_at_a_time() -> None:
    world = World({"late": [0.1, 0.2, 0.3]}, late=["late"])
    subject, proof = world.climb(finding("sick", "error", "late"))
    assert world.calls[0][0] == 3 and world.calls[0][2] == 1.0
    assert subject == 0.2 and proof.kept == ("late",)
    world = World({"late": [0.1], "other": [0.2, 0.3]}, late=["late", "other"])
    subject, proof = world.climb(finding("sick", "error", "late", "other"))
    assert proof.screens == () and proof.kept == ("late",)  # alone: straight to the proof


def test_remedies_are_screened_in_their_order_few_at_once() -> None:
    world = World({"a": [-0.1] * 4, "b": [-0.2, 1.0], "c": [2.0]})
    subject, proof = world.climb(finding("sick", "error", "a", "b", "c"))
    groups = [[arm.remedies[0] for arm in screen.arms] for screen in proof.screens]
    assert groups == [["a"] * 4, ["b", "b", "c"]] and subject == 2.0
    world = World({"a": [0.5, 0.1], "b": [-0.2] * 5})
    subject, proof = world.climb(finding("sick", "error", "a", "b"))
    assert len(proof.screens) == 1 and subject == 0.5  # what comes later is not looked at


def test_at_most_three_are_put_to_the_proof() -> None:
    # Better in the mean of the screen, alternately better and worse on the seeds of the proof.
    world = World({"a": [0.01, 0.02, 0.03, 0.04, 0.05]}, noise=0.0)
    honest = world.train

    def lucky(subjects: Sequence[float], seeds: Sequence[int], share: float) -> list[Outcome]:
        found = honest(subjects, seeds, share)
        if share == 1:
            found = [
                outcome((0.5, *one.scores[1:]) if subject == 0.0 else one.scores, 1.0)
                for subject, one in zip(subjects, found, strict=True)
            ]
        return found

    world.train = lucky  # type: ignore[method-assign]
    subject, proof = world.climb(finding("sick", "error", "a"))
    assert subject == 0.0 and len(proof.tried) == 3 and not proof.kept


def test_of_a_fault_in_several_layers_the_first_finding_stands() -> None:
    found = [finding("a", "error", "x"), finding("a", "error", "y"), finding("n", "info")]
    assert [f.remedies for f in alarms_of(found)] == [("x",)]


def test_more_share_a_screen_where_that_is_asked() -> None:
    world = World({"a": [-0.1] * 6, "b": [1.0, 0.5]})
    climbed = climb(
        0.0, [finding("sick", "error", "a", "b")], offer=world.offer, train=world.train,
        seeds=Seeds.fresh(3, 5), metric="accuracy", higher_is_better=True, most=8,
    )  # fmt: skip
    assert climbed.subject == 1.0 and len(climbed.proof.screens) == 1
    assert len(climbed.proof.screens[0].arms) == 8


def test_what_shows_late_goes_to_the_proof_one_by_one_where_that_is_asked() -> None:
    world = World({"idle": [0.0], "good": [1.0]}, late=("idle", "good"))
    climbed = climb(
        0.0, [finding("sick", "error", "idle", "good")], offer=world.offer, train=world.train,
        seeds=Seeds.fresh(3, 5), metric="accuracy", higher_is_better=True, most_late=1,
    )  # fmt: skip
    assert climbed.proof.kept == ("good",) and not climbed.proof.screens
