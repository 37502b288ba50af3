"""The section on an ensemble's members, and what else of the page changes with them."""

from dataclasses import replace

import pytest
import torch

from netwright.nets.ensemble import Ensemble
from netwright.report.build import heaviest_member
from netwright.report.card import model_card
from netwright.report.html import to_html
from netwright.report.report import Member, Report
from netwright.report.sections.members import members
from netwright.report.text import to_text


@pytest.fixture
def report(digits_report: Report) -> Report:
    return replace(
        digits_report,
        members=[
            Member(number=0, weight=0.0, changes={"recipe.lr": 0.1}, score=0.91, epochs=9),
            Member(number=1, weight=0.25, changes={"recipe.lr": 0.002}, score=0.97, epochs=9),
            Member(number=2, weight=0.75, changes={"recipe.lr": 0.003}, score=0.98, epochs=9),
        ],
        selection="greedy",
        growth=[0.98, 0.985, 0.986, 0.986],
    )


def test_members_stand_by_weight_and_those_left_out_are_folded(report: Report) -> None:
    page = str(members(report))
    assert page.index("75.0%") < page.index("25.0%") < page.index("1 member left out")
    assert page.index("1 member left out") < page.index("0.910")
    assert "recipe.lr" in page and 'aria-label="Accuracy of the ensemble' in page


def test_a_single_net_has_no_such_section(digits_report: Report, report: Report) -> None:
    assert members(digits_report) is None
    assert 'id="members"' not in to_html(digits_report)
    assert 'id="members"' in to_html(report)


def test_words_speak_of_the_ensemble(report: Report) -> None:
    assert "An ensemble of 2 of 3 nets" in to_text(report)
    assert "An ensemble of 2 nets" in model_card(report)
    assert "The heaviest of 2 members" in to_html(report)
    assert "The answer is the mean of theirs" in to_html(replace(report, selection="all"))


def test_members_on_folds_say_what_their_nets_trained_on(report: Report) -> None:
    folded = replace(report, folds=5)
    page = str(members(folded))
    assert "3 members trained" in page and "Each is 5 nets" in page
    assert "did not train on it" in page and "folds" not in str(members(report))
    assert "An ensemble of 10 of 15 nets" in to_text(folded)
    assert "An ensemble of 10 nets" in model_card(folded)


def test_the_heaviest_member_is_drawn() -> None:
    spec = {"name": "mlp", "numeric": 3, "outputs": 2, "width": 4, "depth": 1}
    tabm = {"name": "tabm", "numeric": 3, "outputs": 2, "width": 4, "depth": 1, "members": 8}
    net = Ensemble(nets=[spec, tabm, spec], weights=[1, 3, 1])
    assert heaviest_member(net) is net.nets[1]
    alone = torch.nn.Linear(1, 1)
    assert heaviest_member(alone) is alone
