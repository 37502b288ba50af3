"""sample_translations: a few test rows, translated or heard, beside their references."""

import torch

from netwright.data.data import Data, Rows
from netwright.data.image_encoding import name_of
from netwright.model.model import Model
from netwright.report.report import Translation

__all__ = ["sample_translations"]

SHOWN = 10


def sample_translations(model: Model, data: Data) -> list[Translation]:
    """Return up to ten, evenly taken from the test rows; none for other tasks."""
    if data.task.form not in ("translation", "speech-recognition"):
        return []
    assert isinstance(data.test, Rows)
    count = min(SHOWN, len(data.test))
    rows = torch.linspace(0, len(data.test) - 1, count).round().long()
    inputs = tuple(x[rows].cpu() for x in data.test.inputs)
    heard = data.task.form == "speech-recognition"
    said = model.transcribe(inputs) if heard else model.translate(inputs[0])
    return [
        Translation(
            source=name_of(data.test.raw[at][0], at) if heard else data.test.raw[at][0],
            reference=data.test.raw[at][1],
            said=text,
        )
        for at, text in zip(rows.tolist(), said, strict=True)
    ]
