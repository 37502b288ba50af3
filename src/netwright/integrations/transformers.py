"""A callback for Hugging Face's Trainer: the doctor watches `trainer.train`.

    from netwright.integrations.transformers import Doctor

    doctor = Doctor()
    Trainer(model, args, train_dataset=rows, callbacks=[doctor]).train()
    print(*doctor.findings, sep="\\n")

Alarms are also logged as a warning. The training is not changed by it.
"""

import importlib
import logging
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from netwright.diagnose.finding import Finding
from netwright.doctor.examine import Examination
from netwright.doctor.summary import summary
from netwright.doctor.watched import watched
from netwright.errors import UsageError


def _callback() -> Any:
    try:
        return importlib.import_module("transformers").TrainerCallback
    except ImportError as error:
        raise UsageError(
            "The doctor's callback for the Trainer needs transformers, which is not installed. "
            "Install it with: pip install transformers accelerate"
        ) from error


if TYPE_CHECKING:
    Base = object
else:
    Base = _callback()

__all__ = ["Doctor"]

log = logging.getLogger("netwright")


class Doctor(Base):
    """Watches a training. folder: where the user's own files are (findings point into them); the
    working folder by default. examination: what the last training gave; None before."""

    def __init__(self, folder: str | Path | None = None) -> None:
        self.folder = folder
        self.examination: Examination | None = None
        self._watching: AbstractContextManager[Examination] | None = None

    @property
    def findings(self) -> list[Finding]:
        """Of the last training, the best explanation first."""
        return [] if self.examination is None else self.examination.findings

    def on_train_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Begin to watch; a training that broke off before is judged no more."""
        self._end()
        name = type(kwargs["model"]).__name__ if "model" in kwargs else "Trainer"
        self._watching = watched(name, folder=self.folder)
        self.examination = self._watching.__enter__()

    def on_train_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Judge what was seen."""
        self._end()
        if self.examination is not None and self.examination.verdict == "faulty":
            log.warning("%s", summary(self.examination))

    def _end(self) -> None:
        watching, self._watching = self._watching, None
        if watching is not None:
            watching.__exit__(None, None, None)
