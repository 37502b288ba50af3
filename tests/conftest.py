"""Shared fixtures: where the real data sets lie, and one thread for small nets."""

from pathlib import Path

import numpy as np
import pytest
import torch

SHARED_DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
TESTS = Path(__file__).resolve().parent
# Where tests run whole scripts or commands, or train packs: seconds each, a minute together. They
# are left out of `make check`; of commands those in cli/test_cli.py stay in it.
WHOLE = (
    "check/test_script.py", "cli/test_check_command.py", "cli/test_graph_commands.py",
    "cli/test_start.py", "cli/test_tune_command.py", "doctor", "estimators",
    "repair/test_repair.py", "repair/test_scripts.py", "test_repairing.py", "train/test_control.py",
    "train/test_fold_members.py", "train/test_members.py", "train/test_pack.py", "tune",
)  # fmt: skip
SCRIPTS = "diagnose/faults"  # of which those with a folder of their own run a script


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark whole scripts and commands as slow, before slow ones are left out."""
    for item in items:
        where = item.path.relative_to(TESTS).as_posix()
        script = where.startswith(SCRIPTS) and "tmp_path" in getattr(item, "fixturenames", ())
        if script or where.startswith(WHOLE):
            item.add_marker(pytest.mark.slow)


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


@pytest.fixture
def one_graph(tmp_path: Path) -> Path:
    """nodes.csv and edges.csv: 60 people of two clubs, who mostly know people of their own."""
    rng = np.random.default_rng(0)
    club = np.arange(60) % 2
    known = np.triu(rng.random((60, 60)) < np.where(club[:, None] == club, 0.25, 0.02), 1)
    folder = tmp_path / "people"
    folder.mkdir()
    lines = [
        f"p{i},{rng.normal(club[i]):.3f},{rng.choice(['red', 'green'])},{'ab'[club[i]]}"
        for i in range(60)
    ]
    (folder / "nodes.csv").write_text("\n".join(["node,height,colour,club", *lines]) + "\n")
    lines = [f"p{i},p{j}" for i, j in zip(*known.nonzero(), strict=True)]
    (folder / "edges.csv").write_text("\n".join(["source,target", *lines]) + "\n")
    return folder


@pytest.fixture
def many_graphs(tmp_path: Path) -> Path:
    """nodes.csv, edges.csv and graphs.csv: 60 rings and chains of 4 to 8 nodes, named anew in
    each graph; only the edges tell them apart."""
    rng = np.random.default_rng(1)
    folder = tmp_path / "shapes"
    folder.mkdir()
    graphs, nodes, edges = ["graph,label"], ["graph,node,kind"], ["graph,source,target"]
    for g in range(60):
        size, ring = int(rng.integers(4, 9)), g % 2
        graphs.append(f"g{g},{'ring' if ring else 'chain'}")
        nodes += [f"g{g},{i},{rng.choice(['C', 'O'])}" for i in range(size)]
        edges += [f"g{g},{i},{i + 1}" for i in range(size - 1)]
        edges += [f"g{g},{size - 1},0"] if ring else [f"g{g},0,0"]
    for name, lines in (("graphs", graphs), ("nodes", nodes), ("edges", edges)):
        (folder / f"{name}.csv").write_text("\n".join(lines) + "\n")
    return folder
