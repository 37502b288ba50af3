"""Device, threads and random streams are set inside a block and put back."""

import random

import numpy as np
import pytest
import torch

from netwright.device import choose_device, seeded, threads
from netwright.errors import UsageError


def test_a_wrong_device_is_named_with_a_suggestion() -> None:
    with pytest.raises(UsageError, match="Did you mean 'cuda'"):
        choose_device("cude")


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has a GPU")
def test_a_missing_gpu_is_said() -> None:
    with pytest.raises(UsageError, match="no GPU"):
        choose_device("cuda")
    assert choose_device("auto").type in ("cpu", "mps")


def test_threads_are_put_back_after_an_error() -> None:
    before = torch.get_num_threads()
    with pytest.raises(RuntimeError), threads(before + 1):
        assert torch.get_num_threads() == before + 1
        raise RuntimeError
    assert torch.get_num_threads() == before
    with pytest.raises(UsageError, match="at least 1"), threads(0):
        raise AssertionError


def test_seeded_blocks_repeat_and_leave_the_streams_alone() -> None:
    def draw() -> tuple[float, float, float]:
        return torch.rand(()).item(), float(np.random.rand()), random.random()

    torch.manual_seed(1), np.random.seed(1), random.seed(1)
    expected = draw()
    torch.manual_seed(1), np.random.seed(1), random.seed(1)
    with seeded(9):
        first = draw()
    with seeded(9):
        assert draw() == first
    assert draw() == expected
