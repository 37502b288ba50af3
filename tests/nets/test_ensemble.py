"""Ensemble: members side by side, ensembles within it, weights, errors."""

import pytest
import torch
from torch import nn

from netwright.errors import UsageError
from netwright.nets.ensemble import Ensemble
from netwright.nets.mlp import MLP

TABLE = {"numeric": 3, "cardinalities": [4, 2], "outputs": 2}
MLP_SPEC = {"name": "mlp", **TABLE, "width": 8, "depth": 2}
TABM = {"name": "tabm", **TABLE, "width": 8, "depth": 2, "members": 3, "dropout": 0.0}
WIDE = MLP_SPEC | {"width": 12}


def rows(rng: torch.Generator, count: int = 16) -> tuple[torch.Tensor, torch.Tensor]:
    categories = [torch.randint(c, (count,), generator=rng) for c in (4, 2)]
    return torch.randn(count, 3, generator=rng), torch.stack(categories, 1)


def test_shape_gradient_and_one_batch(check, rng) -> None:
    net = check.build("ensemble", {"nets": [MLP_SPEC, WIDE, TABM], "weights": [1, 2, 3]})
    inputs = rows(rng)
    assert net(*inputs).shape == (16, 5, 2)
    check.gradient_reaches_every_parameter(net, inputs)
    check.overfits(
        net,
        inputs,
        torch.arange(16) % 2,
        lr=1e-2,
        loss=lambda outputs, targets: nn.functional.cross_entropy(
            outputs.flatten(0, 1), targets.repeat_interleave(5)
        ),
    )


def test_members_answer_as_they_do_alone(rng) -> None:
    net = Ensemble(nets=[MLP_SPEC, TABM, MLP_SPEC]).eval()
    inputs = rows(rng)
    outputs = net(*inputs)
    alone = MLP(**{k: v for k, v in MLP_SPEC.items() if k != "name"}).eval()
    alone.load_state_dict(net.nets[2].state_dict())
    torch.testing.assert_close(outputs[:, 4], alone(*inputs))
    torch.testing.assert_close(outputs[:, 1:4], net.nets[1](*inputs))


def test_one_pass_for_one_shape_is_the_same_and_other_shapes_stay_apart(rng) -> None:
    specs = [MLP_SPEC, WIDE, MLP_SPEC | {"dropout": 0.3}, MLP_SPEC | {"activation": "tanh"}]
    net = Ensemble(nets=specs).eval()
    inputs = rows(rng)
    together = net.stacked(*inputs)
    assert sorted(together) == [0, 2]
    for number, outputs in together.items():
        torch.testing.assert_close(outputs, net.nets[number](*inputs), rtol=1e-6, atol=1e-6)


def test_weights_add_up_to_one_and_are_shared_within_a_member() -> None:
    net = Ensemble(nets=[MLP_SPEC, TABM], weights=[1, 3])
    torch.testing.assert_close(net.member_weights, torch.tensor([0.25, 0.25, 0.25, 0.25]))
    nested = Ensemble(nets=[{"name": "ensemble", "nets": [MLP_SPEC, WIDE], "weights": [3, 1]}])
    torch.testing.assert_close(nested.member_weights, torch.tensor([0.75, 0.25]))
    assert "member_weights" not in net.state_dict()


def test_bins_of_all_members_come_from_the_training_rows(rng) -> None:
    spec = MLP_SPEC | {"numeric_embedding": "piecewise-linear", "num_bins": 4}
    net = Ensemble(nets=[spec, spec])
    net.fit_bins_(100 * rows(rng, 200)[0])
    assert all(member.embed_numeric.left[:, 0].max() < -50 for member in net.nets)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"nets": []}, "at least one"),
        ({"nets": [MLP_SPEC], "weights": [1, 2]}, "1 nets and 2 weights"),
        ({"nets": [MLP_SPEC], "weights": [0]}, "above 0"),
        ({"nets": [{"numeric": 3}]}, "no 'name'"),
        ({"nets": [MLP_SPEC | {"name": "mpl"}]}, "Did you mean 'mlp'"),
    ],
)
def test_errors_say_what_to_do(check, arguments, said) -> None:
    with pytest.raises(UsageError, match=said):
        check.build("ensemble", arguments)
