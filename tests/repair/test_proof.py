"""A proof in words: also where nothing could be tried, or nothing did better."""

from dataclasses import replace

from netwright.repair.proof import Arm, Proof, Screen

FOUND = Proof(faults=("underfitting",), metric="accuracy", higher_is_better=True)
ARM = Arm(scores=(0.5, 0.5), trainings=0.2, seconds=1.0)


def test_where_nothing_was_trained_it_says_why() -> None:
    assert str(replace(FOUND, faults=())).startswith("Healthy")
    assert "no remedy can be put on this plan, and nothing was trained" in str(FOUND)
    left = replace(FOUND, faults=(), untreated="Nothing was trained: no inputs.")
    assert (str(left), left.verdict) == ("Nothing was trained: no inputs.", "not-repaired")
    assert left.to_dict()["untreated"] == str(left) and "untreated" not in FOUND.to_dict()


def test_short_runs_without_a_gain_are_told() -> None:
    screen = Screen(fault="underfitting", share=0.2, seeds=(1, 2), control=ARM, arms=(ARM,))
    assert "no remedy was proved (in short runs none was better" in str(
        replace(FOUND, screens=(screen,))
    )
