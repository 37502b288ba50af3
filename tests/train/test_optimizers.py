"""Optimisers by name: torch's own, decay spares vectors, Muon for matrices and filters, one
state."""

import copy

import pytest
import torch
from torch import nn

from netwright.plan.plan import Recipe
from netwright.train.muon import Muon, orthogonal
from netwright.train.optimizers import MuonWithAdamW, build_optimizer, set_lr


def _net() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(1, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(16, 8), nn.ReLU(), nn.Linear(8, 2)
    )


@pytest.mark.parametrize(
    ("name", "kind"),
    [("sgd", torch.optim.SGD), ("nesterov", torch.optim.SGD), ("adagrad", torch.optim.Adagrad),
     ("rmsprop", torch.optim.RMSprop), ("adam", torch.optim.Adam), ("adamw", torch.optim.AdamW)],
)  # fmt: skip
def test_names_are_torchs_optimisers(name: str, kind: type) -> None:
    optimizer = build_optimizer(_net(), Recipe(optimizer=name), 0.1)  # type: ignore[arg-type]
    assert isinstance(optimizer, kind)
    assert all(group["lr"] == 0.1 for group in optimizer.param_groups)
    if name == "nesterov":
        assert optimizer.param_groups[0]["nesterov"]


def test_decoupled_decay_spares_biases() -> None:
    optimizer = build_optimizer(_net(), Recipe(weight_decay=0.1), 0.01)
    decays = {p.dim() < 2: g["weight_decay"] for g in optimizer.param_groups for p in g["params"]}
    assert decays == {True: 0.0, False: 0.1}


def test_muon_takes_hidden_matrices_and_filters_and_leaves_the_output_to_adamw() -> None:
    net = _net()
    optimizer = build_optimizer(net, Recipe(optimizer="muon"), 0.01)
    assert isinstance(optimizer, MuonWithAdamW)
    taken = {id(p) for group in optimizer.parts[0].param_groups for p in group["params"]}
    assert taken == {id(net[0].weight), id(net[3].weight)}  # type: ignore[index]
    set_lr(optimizer, 0.5)
    assert all(g["lr"] == 0.5 for part in optimizer.parts for g in part.param_groups)


def test_muon_makes_updates_orthogonal() -> None:
    matrix = torch.randn(6, 20, generator=torch.Generator().manual_seed(0))
    singular = torch.linalg.svdvals(orthogonal(matrix))
    assert singular.min() > 0.5 and singular.max() < 1.3
    torch.testing.assert_close(orthogonal(matrix.t()), orthogonal(matrix).t())


def test_muon_steps_a_matrix_by_hand() -> None:
    weight = nn.Parameter(torch.randn(3, 5, generator=torch.Generator().manual_seed(0)))
    before = weight.detach().clone()
    weight.grad = torch.randn(3, 5, generator=torch.Generator().manual_seed(1))
    Muon([weight], lr=0.1, momentum=0.9, weight_decay=0.5).step()
    update = weight.grad.lerp(weight.grad * 0.1, 0.9)
    expected = before * (1 - 0.05) - 0.1 * 0.2 * 5**0.5 * orthogonal(update)
    torch.testing.assert_close(weight.detach(), expected)


def test_the_two_optimisers_of_muon_resume_as_one() -> None:
    recipe = Recipe(optimizer="muon")
    half, again = _net(), _net()
    first = build_optimizer(half, recipe, 0.01)
    rng_free = torch.randn(5, 1, 4, 4, generator=torch.Generator().manual_seed(9))

    def step(net: nn.Module, optimizer: torch.optim.Optimizer) -> None:
        optimizer.zero_grad()
        net(rng_free).square().mean().backward()
        optimizer.step()

    step(half, first)
    again.load_state_dict(half.state_dict())
    second = build_optimizer(again, recipe, 0.01)
    second.load_state_dict(copy.deepcopy(first.state_dict()))  # torch would share the tensors
    step(half, first)
    step(again, second)
    for a, b in zip(half.parameters(), again.parameters(), strict=True):
        assert torch.equal(a, b)
