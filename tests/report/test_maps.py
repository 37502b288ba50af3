"""Pictures beside truth and prediction: the worst first, drawn in one colour a class."""

import io
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn

from mask_folders import disc_folder
from netwright.data.read import read
from netwright.evaluate.judge import outputs_of
from netwright.evaluate.map_metrics import dice_of_rows
from netwright.model.model import Model
from netwright.report.maps import sample_maps
from netwright.report.report import Headline, Report
from netwright.report.sections.maps import maps


class Darkness(nn.Module):
    """Calls dark pixels the second class."""

    def __init__(self) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.tensor(5.0))

    def forward(self, images: Tensor) -> Tensor:
        return torch.cat([images, -images], 1) * self.scale


def test_the_worst_and_the_typical_are_shown_with_their_maps(tmp_path: Path) -> None:
    data = read(disc_folder(tmp_path / "discs", 40))
    model = Model(Darkness(), {}, data.encoding, data.task)
    facts = outputs_of(model, data.test)
    found = sample_maps(model, data, facts)
    assert len(found) == 6
    dice = dice_of_rows(facts, 2)
    assert f"worst: test picture {int(dice.argmin()) + 1}," in found[0].label
    assert found[-1].label.startswith("typical")
    truth, said = (
        np.asarray(Image.open(io.BytesIO(png))) for png in (found[0].truth, found[0].predicted)
    )
    assert truth.shape == said.shape == (24, 20, 3)
    assert len(np.unique(truth.reshape(-1, 3), axis=0)) == 2
    assert (truth == said).all(2).mean() > 0.7  # noise: a sixth of the ground is dark

    head = Headline(metric="dice", value=0.5)
    page = maps(Report(title="", task="", headline=head, verdict="", maps=found))
    assert page is not None and page.count("<img") == 18 and "prediction, worst" in page
    assert maps(Report(title="", task="", headline=head, verdict="")) is None
