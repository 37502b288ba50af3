"""Several tasks at once: the weighted sum by hand, what is not known, and how gradients stand."""

import math
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from netwright.data.data import Batch
from netwright.data.task import Task
from netwright.errors import UsageError
from netwright.nets.multi_task import MultiTask as Net
from netwright.objectives.multi_task import MultiTask

NUMBER = Task(name="regression", form="regression", target="price")
CLASSES = Task(
    name="classification", form="multiclass", target="kind", classes=("a", "b", "c"), outputs=3
)
NAN = math.nan


def net(**settings: Any) -> Net:
    torch.manual_seed(0)
    trunk = {"name": "mlp", "numeric": 4, "width": 8, "depth": 1}
    return Net(trunk=trunk, heads=[1, 3], width=8, **settings)


def test_losses_are_weighed_as_kendall_does() -> None:
    outputs, ids = torch.randn(6, 4), torch.tensor([0, 1, 2, 0, 1, 2])
    numbers = torch.randn(6)

    class Fixed(nn.Module):
        log_variances = torch.tensor([0.7, -0.4])

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return outputs

    batch = Batch((torch.zeros(6, 1),), torch.stack([numbers, ids.float()], 1))
    found = MultiTask(tasks=(NUMBER, CLASSES)).step(Fixed(), batch)["net"]
    error = F.mse_loss(outputs[:, 0], numbers).item()
    surprise = F.cross_entropy(outputs[:, 1:], ids).item()
    by_hand = 0.5 * math.exp(-0.7) * error + 0.35 + math.exp(0.4) * surprise - 0.2
    assert found.item() == pytest.approx(by_hand, rel=1e-5)


def test_the_best_variance_of_numbers_is_their_mean_squared_error() -> None:
    # d/ds of e / 2 exp(-s) + s / 2 is 0 at exp(s) = e.
    s = torch.tensor([math.log(0.3)], requires_grad=True)
    model = net(uncertainty=True)
    outputs = torch.zeros(4, 1)
    targets = torch.full((4, 1), math.sqrt(0.3))

    class Fixed(nn.Module):
        log_variances = s

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return outputs

    MultiTask(tasks=(NUMBER,)).step(Fixed(), Batch((outputs,), targets))["net"].backward()
    assert s.grad is not None and abs(s.grad.item()) < 1e-6
    assert model.log_variances is not None and model.log_variances.tolist() == [0.0, 0.0]


def test_what_is_not_known_asks_nothing() -> None:
    objective = MultiTask(tasks=(NUMBER, CLASSES))
    outputs = torch.randn(3, 4, requires_grad=True)
    targets = torch.tensor([[1.0, NAN], [NAN, 2.0], [0.5, NAN]])
    losses = objective.of_each(outputs, targets)
    assert losses[0].item() == pytest.approx(
        F.mse_loss(outputs[[0, 2], 0], torch.tensor([1.0, 0.5])).item()
    )
    losses.sum().backward()
    assert outputs.grad is not None
    assert (outputs.grad[1, 0] == 0) and (outputs.grad[[0, 2], 1:] == 0).all()
    none = torch.full((3, 2), NAN)
    assert objective.of_each(torch.randn(3, 4), none).tolist() == [0.0, 0.0]


def test_cosines_tell_agreement_from_conflict() -> None:
    again = Task(name="regression", form="regression", target="again")
    trunk = {"name": "mlp", "numeric": 4, "width": 8, "depth": 1}
    model = Net(trunk=trunk, heads=[1, 1], width=8, dropout=0.5)
    with torch.no_grad():
        model.heads[1].weight.copy_(model.heads[0].weight)
        model.heads[1].bias.copy_(model.heads[0].bias)
    objective = MultiTask(tasks=(NUMBER, again))
    inputs = torch.randn(16, 4)
    outputs = model.eval()(inputs).detach()[:, :1]
    model.train()
    state = torch.get_rng_state()
    same = Batch((inputs, torch.zeros(16, 0)), torch.cat([outputs + 1, outputs + 1], 1))
    apart = Batch((inputs, torch.zeros(16, 0)), torch.cat([outputs + 1, outputs - 1], 1))
    assert objective.gradient_cosines(model, same) == {("price", "again"): pytest.approx(1.0)}
    assert objective.gradient_cosines(model, apart) == {("price", "again"): pytest.approx(-1.0)}
    assert model.training and torch.equal(state, torch.get_rng_state())
    assert all(p.grad is None for p in model.parameters())


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"weighting": "unsure"}, "Did you mean 'uncertainty'|weighting is 'unsure'"),
        ({"losses": {"prize": "mae"}}, "Did you mean 'price'"),
        ({"losses": {"price": "hinge"}}, "does not judge regression"),
        ({"losses": {"price": "quantile"}}, "Learn that target alone"),
    ],
)
def test_what_does_not_fit_is_refused(settings: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        MultiTask(tasks=(NUMBER, CLASSES), **settings)
