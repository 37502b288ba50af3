"""Adversarial learning: losses by hand, who is stepped when, classes given to both nets."""

import math

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from netwright.data.data import Batch
from netwright.errors import UsageError
from netwright.nets.gan import GAN
from netwright.objectives._energy import energy_distance
from netwright.objectives.adversarial import Adversarial
from netwright.plan.plan import Recipe
from netwright.train.eager_step import EagerStep


def rows(count: int = 12) -> Batch:
    rng = torch.Generator().manual_seed(1)
    return Batch((torch.randn(count, 2, generator=rng),), torch.arange(count) % 3)


def losses(net: nn.Module, **options: object) -> list[tuple[str, torch.Tensor]]:
    rng = torch.Generator().manual_seed(0)
    return list(Adversarial(**options).step(net, rows(), rng))  # type: ignore[arg-type]


def test_the_non_saturating_losses_by_hand() -> None:
    net = GAN(numeric=2, noise_size=3)
    (first, critic), (second, generator) = losses(net)
    assert (first, second) == ("discriminator", "generator")
    rng = torch.Generator().manual_seed(0)
    drawn = [net.discriminator(net.generator(torch.randn(12, 3, generator=rng))) for _ in range(2)]
    real = net.discriminator(rows().inputs[0])
    torch.testing.assert_close(critic, -F.logsigmoid(real).mean() - F.logsigmoid(-drawn[0]).mean())
    torch.testing.assert_close(generator, -F.logsigmoid(drawn[1]).mean())
    assert critic.item() == pytest.approx(2 * math.log(2), abs=0.3)


class Linear(nn.Module):
    """A critic of slope (3, 4) everywhere, and a generator of zeros."""

    classes, noise_size = 0, 2

    def __init__(self) -> None:
        super().__init__()
        self.slope = nn.Parameter(torch.tensor([3.0, 4.0]))

    def discriminator(self, x: torch.Tensor, classes: torch.Tensor | None) -> torch.Tensor:
        return x @ self.slope[:, None]

    def generator(self, noise: torch.Tensor, classes: torch.Tensor | None) -> torch.Tensor:
        return 0 * noise + 0 * self.slope


def test_the_gradient_penalties_by_hand() -> None:
    net, x = Linear(), rows().inputs[0]
    (_, critic), (_, generator) = losses(net, loss="wasserstein", gradient_penalty=10.0)
    expected = -net.discriminator(x, None).mean() + 10 * (5 - 1) ** 2  # |slope| is 5
    torch.testing.assert_close(critic, expected)
    assert generator.item() == 0
    plain = losses(net)[0][1]
    torch.testing.assert_close(losses(net, gradient_penalty=2.0)[0][1], plain + 2 / 2 * 25)


def test_the_critic_steps_several_times_on_parts_of_the_batch() -> None:
    found = [name for name, _ in losses(GAN(numeric=2), loss="wasserstein", critic_steps=4)]
    assert found == ["discriminator"] * 4 + ["generator"]


def test_a_class_is_given_to_both_nets() -> None:
    net = GAN(numeric=2, classes=3)
    before = [loss.item() for _, loss in losses(net)]
    with torch.no_grad():
        net.generator.inputs.embedding.weight += 3.0
    changed = [loss.item() for _, loss in losses(net)]
    assert all(a != b for a, b in zip(before, changed, strict=True))
    for module in (net.discriminator, net.generator):
        with pytest.raises(ValueError, match="conditional"):
            module(torch.randn(2, 16 if module is net.generator else 2))


def test_a_step_moves_each_net_by_its_own_loss_alone() -> None:
    net = GAN(numeric=2)
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    seen: list[tuple[str, dict[str, torch.Tensor]]] = []

    class Watched(Adversarial):
        def step(self, net, batch, rng=None):  # type: ignore[no-untyped-def]
            for name, loss in super().step(net, batch, rng):
                before = {k: v.detach().clone() for k, v in net.named_parameters()}
                yield name, loss
                moved = {k for k, v in net.named_parameters() if not torch.equal(v, before[k])}
                seen.append(
                    (name, {k.partition(".")[0]: v for k, v in before.items() if k in moved})
                )

    step = EagerStep(net, Watched(), Recipe(), optimizer, torch.Generator().manual_seed(0))
    batch = rows()
    step(batch.inputs, batch.targets)
    assert [(name, set(moved)) for name, moved in seen] == [
        ("discriminator", {"discriminator"}),
        ("generator", {"generator"}),
    ]


def test_the_energy_distance_by_hand_and_without_bias() -> None:
    x, y = torch.tensor([[0.0], [2.0]]), torch.tensor([[1.0], [5.0]])
    # Pairs of unlike places: |0 - 5| and |2 - 1| between, |0 - 2| and |1 - 5| within.
    assert energy_distance(x, y).item() == pytest.approx((5 + 1) - 2 - 4)
    rng = torch.Generator().manual_seed(0)
    alike = [
        energy_distance(*torch.randn(2, 40, 3, generator=rng).unbind()).item() for _ in range(200)
    ]
    mean = torch.tensor(alike)
    assert abs(mean.mean()) < 3 * mean.std() / 200**0.5
    shifted = torch.randn(2, 40, 3, generator=rng) + torch.tensor([0.0, 2.0])[:, None, None]
    assert energy_distance(*shifted.unbind()).item() > 1


@pytest.mark.parametrize("options", [{"loss": "hinge"}, {"critic_steps": 0}])
def test_wrong_settings_are_refused(options: dict) -> None:
    with pytest.raises(UsageError, match=f"objective.{next(iter(options))} is"):
        Adversarial(**options)
