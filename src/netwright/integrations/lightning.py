"""A callback for Lightning: the doctor watches `trainer.fit`.

    from netwright.integrations.lightning import Doctor

    doctor = Doctor()
    Trainer(callbacks=[doctor]).fit(model, data)
    print(*doctor.findings, sep="\\n")

Alarms are also logged as a warning. The training is not changed by it.
"""

import importlib
import logging
import sys
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from netwright.diagnose.finding import Finding
from netwright.doctor.examine import Examination
from netwright.doctor.summary import summary
from netwright.doctor.watched import watched
from netwright.errors import UsageError

PACKAGES = ("lightning.pytorch", "pytorch_lightning")


def _callback() -> Any:
    """Return Lightning's Callback: of the package that the user has imported, if any."""
    for name in sorted(PACKAGES, key=lambda name: name not in sys.modules):
        try:
            return importlib.import_module(name).Callback
        except ImportError:
            continue
    raise UsageError(
        "The doctor's callback for Lightning needs lightning or pytorch-lightning, and neither is "
        "installed. Install one with: pip install lightning"
    )


if TYPE_CHECKING:
    Base = object
else:
    Base = _callback()

__all__ = ["Doctor"]

log = logging.getLogger("netwright")


class Doctor(Base):
    """Watches a fit. folder: where the user's own files are (findings point into them); the working
    folder by default. examination: what the last fit gave; None before."""

    def __init__(self, folder: str | Path | None = None) -> None:
        self.folder = folder
        self.examination: Examination | None = None
        self._watching: AbstractContextManager[Examination] | None = None

    @property
    def findings(self) -> list[Finding]:
        """Of the last fit, the best explanation first."""
        return [] if self.examination is None else self.examination.findings

    def on_fit_start(self, trainer: Any, pl_module: Any) -> None:
        """Begin to watch."""
        self._watching = watched(type(pl_module).__name__, folder=self.folder)
        self.examination = self._watching.__enter__()

    def on_fit_end(self, trainer: Any, pl_module: Any) -> None:
        """Judge what was seen."""
        self._end()

    def on_exception(self, trainer: Any, pl_module: Any, exception: BaseException) -> None:
        """Judge what was seen until then."""
        if self.examination is not None:
            self.examination.script_exit = 1
        self._end()

    def _end(self) -> None:
        watching, self._watching = self._watching, None
        if watching is None or self.examination is None:
            return
        watching.__exit__(None, None, None)
        if self.examination.verdict == "faulty":
            log.warning("%s", summary(self.examination))

    def state_dict(self) -> dict[str, Any]:
        """Nothing of it belongs into a checkpoint."""
        return {}
