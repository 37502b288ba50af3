"""Shared fixtures: where the real data sets lie, and one thread for small nets."""

from pathlib import Path

import pytest
import torch

SHARED_DATA = Path(__file__).resolve().parents[2] / "shared" / "data"


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real data sets beside the repository; tests that need it skip where it is
    absent."""
    if not SHARED_DATA.is_dir():
        pytest.skip(f"the real data sets are not at {SHARED_DATA.name!r} beside the repository")
    return SHARED_DATA


@pytest.fixture(autouse=True)
def one_thread() -> None:
    """Small nets are fastest on one thread, and results do not depend on the machine's core
    count."""
    torch.set_num_threads(1)
