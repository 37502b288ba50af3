"""Answers that differ between train() and eval() for no good reason are found."""

import torch
import torch.nn.functional as F
from check_cases import case, mlp
from torch import Tensor, nn

from netwright.check.checks.train_and_eval import train_and_eval
from netwright.nets._audio import HideParts


def _normed(momentum: float = 0.1) -> nn.Module:
    norm = nn.BatchNorm1d(16, momentum=momentum)
    return nn.Sequential(nn.Linear(6, 16), norm, nn.ReLU(), nn.Dropout(0.5), nn.Linear(16, 3))


class _AlwaysDropping(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.body = mlp()

    def forward(self, x: Tensor) -> Tensor:
        return F.dropout(self.body(x), 0.5)


class _ScaledInTraining(_AlwaysDropping):
    def forward(self, x: Tensor) -> Tensor:
        found: Tensor = self.body(x)
        return 3 * found if self.training else found


def test_plain_nets_and_batch_norm_pass() -> None:
    assert train_and_eval(case()).status == "passed"
    assert train_and_eval(case(net=_normed())).status == "passed"


def test_dropout_that_eval_does_not_switch_off_fails() -> None:
    found = train_and_eval(case(net=_AlwaysDropping()))
    assert (found.status, found.fault) == ("failed", "wrong-train-eval-mode")


def test_another_answer_in_training_is_a_warning() -> None:
    found = train_and_eval(case(net=_ScaledInTraining()))
    assert (found.status, found.fault) == ("warning", "wrong-train-eval-mode")


def test_statistics_that_take_long_to_settle_are_a_note() -> None:
    assert train_and_eval(case(net=_normed(1e-4))).status == "info"


def test_the_net_is_left_as_it_was() -> None:
    net = _normed()
    before = {k: v.clone() for k, v in net.state_dict().items()}
    train_and_eval(case(net=net))
    assert all(torch.equal(v, before[k]) for k, v in net.state_dict().items())
    assert net.training


class _HidingParts(_AlwaysDropping):
    """Takes a row for a sound of six bands and one moment."""

    def __init__(self) -> None:
        super().__init__()
        self.hide = HideParts(bands=0.9)

    def forward(self, x: Tensor) -> Tensor:
        found: Tensor = self.body(self.hide(x[:, :, None])[:, :, 0])
        return found


def test_parts_of_sounds_that_training_hides_pass() -> None:
    assert train_and_eval(case(net=_HidingParts())).status == "passed"
