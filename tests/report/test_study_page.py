"""The page of a search: whole, escaped, self-contained, and it says what was found."""

import re
from typing import Any

import pytest
from studies import made_up_study
from test_html import read

from netwright.report.study_page import study_to_html
from netwright.tune.importance import importance
from netwright.tune.study import Study, Trial


def page(study: Study, shares: dict[str, float] | None = None) -> str:
    shown = importance(study) if shares is None else shares
    return study_to_html(study, title="adult", importance=shown, versions={"netwright": "0"})


def words(markup: str) -> str:
    return re.sub(r"<[^>]+>", " ", re.sub(r"<(style|script)>.*?</\1>", "", markup, flags=re.S))


def test_the_page_is_well_formed_self_contained_and_escaped() -> None:
    markup = page(made_up_study())
    reader = read(markup)
    ids = [attributes["id"] for _, attributes in reader.tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    for _, attributes in reader.tags:
        for name in ("src", "href"):
            assert not re.match(r"https?:|//", attributes.get(name) or "")
    assert "<script>alert" not in markup and "&lt;script&gt;alert(1)" in markup
    assert "is &lt;not&gt; finite" in markup and len(markup) < 300_000


def test_it_says_what_was_found_and_against_what() -> None:
    study = made_up_study()
    said = words(page(study))
    assert "The best of 40 trials" in said and "40 of 40" in said
    assert "The plan as it was has 0.887 (trial 0)" in said
    assert "a reason &amp; more" in said
    for name in ("Parallel coordinates", "What matters", "Leaderboard", "Failed trials"):
        assert name in said
    top = next(iter(importance(study)))
    assert top == "recipe.lr" and said.index(top, said.index("What matters")) > 0


def test_a_plan_outside_its_space_is_said() -> None:
    said = words(page(made_up_study(own=False)))
    assert "the space does not hold its recipe.lr" in said


def test_too_few_trials_for_importance_are_said() -> None:
    assert "Too few trials say: at least 12" in words(page(made_up_study(5)))


@pytest.mark.parametrize(
    "changed",
    [
        {"trials": ()},
        {"trials": (Trial(number=0, changes=made_up_study(1).trials[0].changes, state="failed"),)},
        {"trials": made_up_study(1).trials},
        {"interrupted": True, "higher_is_better": False},
    ],
)
def test_odd_studies_have_a_page(changed: dict[str, Any]) -> None:
    markup = page(made_up_study(**changed), shares={})
    read(markup)
    if not made_up_study(**changed).leaderboard():
        assert "has a score" in words(markup)


def test_far_scores_are_at_the_edge_and_said() -> None:
    study = made_up_study()
    far = Trial(number=40, changes=study.trials[0].changes, state="complete", score=-1e6)
    assert "further off" not in words(page(study, {}))
    assert "further off" in words(page(made_up_study(trials=(*study.trials, far)), {}))
