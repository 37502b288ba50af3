"""What a command imports before its work begins: a second here is a second of every run."""

import subprocess
import sys

import pytest


@pytest.mark.slow
@pytest.mark.parametrize("module", ["sklearn", "matplotlib", "openpyxl", "scipy"])
def test_training_starts_without(module: str) -> None:
    code = f"import sys, netwright.cli.train; sys.exit({module!r} in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


def test_tuning_starts_without_what_it_needs_later() -> None:
    later = {"sklearn", "matplotlib", "scipy", "optuna", "sqlalchemy"}
    code = f"import sys, netwright.cli.tune; sys.exit(len({later!r} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
