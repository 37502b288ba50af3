"""The doctor's callback in a training of Hugging Face's Trainer."""

import warnings
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn
from torch.nn import functional as F
from torch.utils.data import Dataset

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # of the package's own imports
    transformers = pytest.importorskip("transformers")
    pytest.importorskip("accelerate")

from netwright.integrations.transformers import Doctor  # after importorskip


class Classifier(nn.Module):
    def __init__(self, *, sick: bool) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.net, self.sick = nn.Sequential(nn.Linear(4, 32), nn.ReLU(), nn.Linear(32, 3)), sick

    def forward(self, x: Any, labels: Any) -> Any:
        scores = self.net(x)
        if self.sick:
            scores = scores.detach().requires_grad_()
        return {"loss": F.cross_entropy(scores, labels), "logits": scores}


class Rows(Dataset[Any]):
    def __init__(self) -> None:
        self.x = torch.randn(256, 4, generator=torch.Generator().manual_seed(1))

    def __len__(self) -> int:
        return len(self.x)

    def __getitem__(self, index: int) -> Any:
        x = self.x[index]
        return {"x": x, "labels": (x[0] > 0).long() + (x[1] > 0).long()}


def train(folder: Path, *, sick: bool) -> Doctor:
    doctor = Doctor(folder=Path(__file__).parent)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the package's words
        arguments = transformers.TrainingArguments(
            output_dir=str(folder), num_train_epochs=6, per_device_train_batch_size=32,
            learning_rate=1e-2, report_to=[], save_strategy="no", use_cpu=True, disable_tqdm=True,
        )  # fmt: skip
        transformers.Trainer(
            Classifier(sick=sick), arguments, train_dataset=Rows(), callbacks=[doctor]
        ).train()
    return doctor


def test_a_sick_training_is_named_and_a_healthy_one_is_not(tmp_path: Path) -> None:
    sick = train(tmp_path / "sick", sick=True)
    assert sick.findings[0].fault == "disconnected-loss"
    healthy = train(tmp_path / "healthy", sick=False)
    assert healthy.examination is not None
    assert healthy.examination.verdict == "healthy", healthy.findings
    assert healthy.examination.steps == 6 * 8
