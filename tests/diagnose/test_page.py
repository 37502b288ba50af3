"""Every fault has a whole page, and what it names exists."""

import pytest

from netwright import catalogue
from netwright.diagnose.diagnose import FAULTS, faults
from netwright.diagnose.page import page_of
from netwright.errors import UsageError
from netwright.repair.remedy import remedies


@pytest.mark.parametrize("name", catalogue.names(FAULTS))
def test_a_page_has_all_parts(name: str) -> None:
    page = page_of(name)
    assert page.name == name and page.title.endswith(".")
    for part, text in page.to_dict().items():
        assert text or part in ("note", "explains"), part
    assert "    " in page.example or "\n" in page.example  # code
    text = page.to_text({})
    for title in ("What it does", "Why is this bad?", "Rule", "Example", "What helps", "Reference"):
        assert f"## {title}" in text


def test_an_unknown_fault_is_an_error_with_a_suggestion() -> None:
    with pytest.raises(UsageError, match="Did you mean 'dying-relu'"):
        page_of("diying-relu")


def test_remedies_exist_and_each_is_named_by_a_fault() -> None:
    named = {name for fault in faults() for name in fault.remedies}
    defined = {remedy.name for remedy in remedies()}
    assert named - defined == set(), "named by a fault, but no file in repair/remedies/"
    assert defined - named == set(), "no fault names it"
