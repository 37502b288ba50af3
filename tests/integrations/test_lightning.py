"""The doctor's callback in a Lightning fit."""

import logging
import warnings
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn
from torch.nn import functional as F
from torch.utils.data import DataLoader, TensorDataset

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # of the package's own imports
    lightning = pytest.importorskip("lightning.pytorch")

from netwright.integrations.lightning import Doctor  # after importorskip


class Regression(lightning.LightningModule):  # type: ignore[misc,name-defined]
    def __init__(self, *, sick: bool) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.net, self.sick = nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Linear(16, 1)), sick

    def training_step(self, batch: Any, index: int) -> Any:
        x, y = batch
        out = self.net(x)
        return F.mse_loss(out, y if self.sick else y[:, None])

    def configure_optimizers(self) -> Any:
        return torch.optim.Adam(self.parameters(), lr=1e-2)


def fit(*, sick: bool, watched: bool = True) -> tuple[Doctor, list[torch.Tensor]]:
    generator = torch.Generator().manual_seed(1)
    x = torch.randn(256, 4, generator=generator)
    rows = TensorDataset(x, x @ torch.tensor([1.0, -2.0, 0.5, 3.0]))
    doctor, module = Doctor(folder=Path(__file__).parent), Regression(sick=sick)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # broadcasting, number of workers: the package's words
        trainer = lightning.Trainer(
            max_epochs=6, callbacks=[doctor] if watched else [], logger=False, accelerator="cpu",
            enable_checkpointing=False, enable_progress_bar=False, enable_model_summary=False,
        )  # fmt: skip
        torch.manual_seed(2)
        trainer.fit(module, DataLoader(rows, batch_size=32, shuffle=True))
    return doctor, [p.detach().clone() for p in module.parameters()]


def test_a_sick_fit_is_named_with_its_line(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, logger="netwright"):
        doctor, _ = fit(sick=True)
    assert doctor.findings[0].fault == "loss-broadcasting"
    where = doctor.findings[0].where
    assert str(where["file"]).endswith("test_lightning.py") and where["line"]
    assert "loss-broadcasting" in caplog.text


def test_a_healthy_fit_has_no_alarm_and_is_not_changed() -> None:
    doctor, mine = fit(sick=False)
    assert doctor.examination is not None and doctor.examination.verdict == "healthy"
    assert doctor.examination.steps == 6 * 8
    _, theirs = fit(sick=False, watched=False)
    assert all(torch.equal(a, b) for a, b in zip(mine, theirs, strict=True))
