"""The catalogue lists files without importing them and builds by name with checked arguments."""

import subprocess
import sys

import pytest

from netwright import catalogue
from netwright.errors import UsageError


def test_names_are_file_names_with_hyphens() -> None:
    found = catalogue.names("netwright.nets")
    assert "mlp" in found and all("_" not in name for name in found)


def test_titles_are_first_docstring_lines_and_import_nothing_heavy() -> None:
    code = (
        "import sys; from netwright import catalogue; t = catalogue.titles('netwright.nets');"
        "assert all(t.values()), t; assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_wrong_name_or_argument_is_an_error_with_a_suggestion() -> None:
    with pytest.raises(UsageError, match="Did you mean 'mlp'"):
        catalogue.find("netwright.nets", "mpl", what="net")
    with pytest.raises(UsageError, match="Did you mean 'width'"):
        catalogue.build("netwright.nets", "mlp", {"wdth": 3}, what="net")


def test_an_argument_of_a_wrong_value_is_a_usage_error() -> None:
    with pytest.raises(UsageError, match="cannot be built"):
        catalogue.build("netwright.nets", "mlp", {"numeric": 0, "outputs": 2}, what="net")
    with pytest.raises(UsageError, match="cannot be built"):
        catalogue.build("netwright.nets", "mlp", {"numeric": 3, "outputs": "two"}, what="net")
