"""A magic for notebooks: the doctor watches a cell.

    %load_ext netwright

    %%doctor
    for x, y in loader:
        ...

The cell runs as ever, once. What is wrong with the training inside is said below its output, and
findings point to lines of cells.
"""

import sys
from typing import Any

from netwright.doctor.summary import summary
from netwright.doctor.watched import watched

__all__ = ["load"]


def load(shell: Any) -> None:
    """Add the magic to an IPython shell."""

    def doctor(line: str, cell: str) -> None:
        """Run the cell and say what is wrong with the training in it."""
        with watched("cell") as examination:
            done = shell.run_cell(cell)
            examination.script_exit = 0 if done.success else 1
        print(summary(examination), file=sys.stderr)

    shell.register_magic_function(doctor, "cell", "doctor")
