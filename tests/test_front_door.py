"""The front door: every name leads somewhere, also after the room of that name was imported."""

import inspect

import pytest

import netwright as nw
import netwright.train.fit


@pytest.mark.parametrize("name", [n for n in nw.__all__ if n != "__version__"])
def test_every_name_is_a_function_or_a_class(name: str) -> None:
    found = getattr(nw, name)
    assert inspect.isfunction(found) or inspect.isclass(found)
    assert found is getattr(nw, name)


def test_rooms_are_imported_by_their_path() -> None:
    assert inspect.ismodule(netwright.train.fit)
