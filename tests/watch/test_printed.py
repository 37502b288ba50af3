import builtins
from collections import deque

import pytest

from netwright.watch.printed import attach_print_


def test_numbers_are_read_and_the_print_stays_what_it_was(capsys: pytest.CaptureFixture) -> None:
    original, numbers = builtins.print, deque[float](maxlen=3)
    detach = attach_print_(numbers)
    print("epoch 3", 0.25, {"metric": -1.5e-3}, 7, "val 0.875", sep="|", end="!\n")
    print(float("nan"), None)
    detach()
    assert builtins.print is original
    assert list(numbers) == [0.25, -0.0015, 0.875]
    said = "epoch 3|0.25|{'metric': -0.0015}|7|val 0.875!\nnan None\n"
    assert capsys.readouterr().out == said
