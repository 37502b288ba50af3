"""The radial basis net: its units by hand, answers that fade far from every centre."""

import pytest
import torch

from netwright.nets.radial_basis import RadialBasis


def test_shape_gradient_and_one_batch(check, rng) -> None:
    net = check.build(
        "radial-basis", {"numeric": 4, "cardinalities": [3], "outputs": 2, "width": 16}
    )
    inputs = (torch.randn(8, 4, generator=rng), (torch.arange(8) % 3)[:, None])
    assert net(*inputs).shape == (8, 2)
    check.gradient_reaches_every_parameter(net, inputs)
    check.overfits(net, inputs, torch.arange(8) % 2, lr=5e-2)


def test_units_by_hand(rng) -> None:
    net = RadialBasis(numeric=3, outputs=1, width=5)
    x = torch.randn(2, 3, generator=rng)
    radius = net.log_radius.exp()
    for row in range(2):
        for unit in range(5):
            far = (x[row] - net.centres[unit]).norm()
            expected = torch.exp(-(far**2) / (2 * radius[unit] ** 2))
            torch.testing.assert_close(net.near(x)[row, unit], expected)
    torch.testing.assert_close(net.near(net.centres).diagonal(), torch.ones(5))


def test_far_from_every_centre_only_the_bias_answers() -> None:
    net = RadialBasis(numeric=3, outputs=2)
    torch.testing.assert_close(net(torch.full((1, 3), 1e3))[0], net.output.bias)


def test_two_centres_solve_xor() -> None:
    net = RadialBasis(numeric=2, outputs=1, width=2)
    with torch.no_grad():
        net.centres.copy_(torch.tensor([[0.0, 1.0], [1.0, 0.0]]))
        net.log_radius.fill_(torch.tensor(0.4).log())
        net.output.weight.fill_(1.0)
        net.output.bias.fill_(-0.5)
    points = torch.tensor([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
    assert (net(points)[:, 0] > 0).tolist() == [False, True, True, False]


def test_errors_say_what_to_do() -> None:
    with pytest.raises(ValueError, match="radius is 0; expected above 0"):
        RadialBasis(numeric=1, outputs=1, radius=0)
