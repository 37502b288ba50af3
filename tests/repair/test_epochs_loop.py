"""The loop over epochs is found in the ways in which people write it."""

from pathlib import Path

import pytest

from netwright.repair.epochs_loop import epochs_loop

FLAT = """
for epoch in range(9):
    for i in range(0, 100, 10):
        step()
"""
CALLED = """
def train(loader):
    for x in loader:
        step()

class Job:
    def fit(self):
        for epoch in tqdm(range(
            self.epochs
        )):
            train(self.loader)

Job().fit()
"""
ENDLESS = """
while not done:
    step()
"""


@pytest.mark.parametrize(
    ("text", "line", "lines"),
    [(FLAT, 4, (2, 2)), (CALLED, 4, (8, 10)), (ENDLESS, 3, None), ("no script", 1, None)],
)
def test_the_outermost_range(
    tmp_path: Path, text: str, line: int, lines: tuple[int, int] | None
) -> None:
    file = tmp_path / "train.py"
    file.write_text(text)
    assert epochs_loop(str(file), line) == lines


def test_a_file_that_is_gone(tmp_path: Path) -> None:
    assert epochs_loop(str(tmp_path / "gone.py"), 1) is None
