import subprocess
import sys
from pathlib import Path

import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from netwright.watch.tensorboard import EventWriter


def read(folder: Path) -> dict[str, list[tuple[int, float]]]:
    events = EventAccumulator(str(folder))
    events.Reload()
    return {
        tag: [(point.step, point.value) for point in events.Scalars(tag)]
        for tag in events.Tags()["scalars"]
    }


def test_tensorboard_reads_what_was_written_before_the_file_is_closed(tmp_path: Path) -> None:
    writer = EventWriter(tmp_path)
    writer.scalars({"loss/train": 0.5, "accuracy": 0.25}, 10)
    writer.scalars({"loss/train": 0.125}, 20)
    assert read(tmp_path) == {"loss/train": [(10, 0.5), (20, 0.125)], "accuracy": [(10, 0.25)]}
    writer.close()
    assert [f.name.startswith("events.out.tfevents.") for f in tmp_path.iterdir()] == [True]


def test_a_resumed_run_replaces_the_points_it_writes_again(tmp_path: Path) -> None:
    with EventWriter(tmp_path) as writer:
        for step in range(5):
            writer.scalars({"loss": float(step)}, step)
    with EventWriter(tmp_path, from_step=3) as writer:
        writer.scalars({"loss": 33.0}, 3)
    assert read(tmp_path)["loss"] == [(0, 0.0), (1, 1.0), (2, 2.0), (3, 33.0)]


def test_numbers_that_are_not_finite_can_be_written(tmp_path: Path) -> None:
    with EventWriter(tmp_path) as writer:
        writer.scalars({"loss": float("inf")}, 1)
    assert read(tmp_path)["loss"] == [(1, float("inf"))]


@pytest.mark.parametrize("heavy", ["tensorflow", "torch", "pandas"])
def test_importing_it_stays_light(heavy: str) -> None:
    code = f"import sys, netwright.watch.tensorboard; sys.exit({heavy!r} in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
