"""The model card."""

from netwright.report.card import model_card
from netwright.report.report import Report


def test_card_says_what_a_user_must_know(table_report: Report) -> None:
    card = model_card(table_report)
    for words in (
        "# adult",
        "## Limits",
        "`<=50K`",
        "| Accuracy | 0.869 | 0.864 to 0.874 |",
        "Boosted trees",
        "netwright predict",
        "hours-per-week",
        "Weakest class",
    ):
        assert words in card


def test_card_names_no_path_and_no_time(digits_report: Report) -> None:
    card = model_card(digits_report)
    assert "runs/" not in card
    assert "18 s" not in card and "seconds" not in card


def test_names_cannot_be_markup(hostile_report: Report) -> None:
    card = model_card(hostile_report)
    outside_code = "".join(card.split("`")[::2])
    assert "<script>" not in outside_code and "<img" not in outside_code
