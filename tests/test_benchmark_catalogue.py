"""docs/catalogue.md: what it names is there, and its figures are those of the results."""

import sys
from pathlib import Path

import pytest
import yaml

from netwright import catalogue

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "benchmarks"))

import document_catalogue

ROOT = Path(__file__).resolve().parents[1]
SYSTEMS = {
    name: system
    for systems in yaml.safe_load(document_catalogue.SYSTEMS.read_text()).values()
    for name, system in systems.items()
}


def test_the_page_is_made_of_the_results() -> None:
    assert document_catalogue.OUT.read_text(encoding="utf-8") == document_catalogue.page()


@pytest.mark.parametrize("name", SYSTEMS)
def test_a_system_is_where_the_page_says_and_is_shown(name: str) -> None:
    system = SYSTEMS[name]
    if "missing" in system:
        assert set(system) == {"missing"}
        return
    assert (ROOT / "src" / "netwright" / system["source"]).is_file()
    assert ("figure" in system) != ("shown" in system)
    if "shown" in system:
        assert (ROOT / system["shown"]).is_file()
    else:
        assert system["figure"] in document_catalogue.FIGURES
    if " import " in system["use"]:
        module, _, thing = system["use"].removeprefix("from ").partition(" import ")
        assert hasattr(__import__(module, fromlist=[thing]), thing)
    for part in system["use"].split():
        if part.startswith("net.name="):
            assert part.removeprefix("net.name=") in catalogue.names("netwright.nets")


def test_a_figure_that_was_not_measured_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(document_catalogue, "_read", lambda name: {})
    assert all(figure() is None for figure in document_catalogue.FIGURES.values())
    assert document_catalogue.NOT_MEASURED in document_catalogue.page()
