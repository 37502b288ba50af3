"""sample_translations: a few translations of the test part beside their references."""

import torch

from netwright.data.data import Data, Rows
from netwright.model.model import Model
from netwright.report.report import Translation

__all__ = ["sample_translations"]

SHOWN = 10


def sample_translations(model: Model, data: Data) -> list[Translation]:
    """Return up to ten translations, evenly taken from the test pairs; none for other tasks."""
    if data.task.form != "translation" or not isinstance(data.test, Rows):
        return []
    count = min(SHOWN, len(data.test))
    rows = torch.linspace(0, len(data.test) - 1, count).round().long()
    said = model.translate(data.test.inputs[0][rows].cpu())
    return [
        Translation(source=data.test.raw[at][0], reference=data.test.raw[at][1], said=text)
        for at, text in zip(rows.tolist(), said, strict=True)
    ]
