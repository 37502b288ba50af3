"""EventWriter: scalars as TensorBoard event files, `events.out.tfevents.*`.

It writes tensorboard's own protocol messages in TFRecord framing with tensorboard's own code, and
needs neither TensorFlow nor `torch.utils.tensorboard`, and no thread: what `scalars` was given is
in the file when it returns, so that a killed run loses nothing.
"""

import itertools
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType

from tensorboard.compat.proto.event_pb2 import Event, SessionLog
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.summary.writer.record_writer import RecordWriter


class EventWriter:
    """Appends scalars to a new event file in `folder`.

    from_step: the step at which a resumed run goes on; TensorBoard then drops later points of the
    earlier files, which the run is about to write again.
    """

    def __init__(self, folder: str | Path, *, from_step: int | None = None) -> None:
        self.path = _new_file(Path(folder))
        self._records = RecordWriter(self.path.open("xb"))
        self._write(Event(file_version="brain.Event:2"))
        if from_step is not None:
            self._write(Event(step=from_step, session_log=SessionLog(status=SessionLog.START)))

    def scalars(self, values: Mapping[str, float], step: int) -> None:
        """Append one point to each curve."""
        summary = Summary(
            value=[
                Summary.Value(tag=name, simple_value=float(value)) for name, value in values.items()
            ]
        )
        self._write(Event(step=step, summary=summary))

    def close(self) -> None:
        """Close the file."""
        self._records.close()

    def __enter__(self) -> "EventWriter":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def _write(self, event: Event) -> None:
        event.wall_time = time.time()
        self._records.write(event.SerializeToString())
        self._records.flush()


def _new_file(folder: Path) -> Path:
    """Return a name that is not taken; TensorBoard reads the files of a folder in their order."""
    folder.mkdir(parents=True, exist_ok=True)
    names = (
        f"events.out.tfevents.{int(time.time()):010d}.netwright.{number:03d}"
        for number in itertools.count()
    )
    return next(folder / name for name in names if not (folder / name).exists())
