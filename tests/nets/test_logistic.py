"""Logistic regression: hand-computed sums for each kind of data; it starts at a uniform guess."""

import pytest
import torch

from netwright.nets.logistic import Logistic


def fill(net: Logistic) -> Logistic:
    torch.nn.init.normal_(net.linear.weight, generator=torch.Generator().manual_seed(3))
    torch.nn.init.normal_(net.linear.bias, generator=torch.Generator().manual_seed(4))
    return net


def test_every_kind_has_its_shape_gradient_and_can_be_learned(check, rng) -> None:
    cases = [
        ({"numeric": 9}, (torch.randn(8, 9, generator=rng),)),
        (
            {"numeric": 9, "cardinalities": [3, 3]},
            (torch.randn(8, 9, generator=rng), (torch.arange(8) % 3)[:, None].repeat(1, 2)),
        ),
        (
            {"in_channels": 3, "height": 4, "width": 5},
            (torch.randn(8, 3, 4, 5, generator=rng).to(memory_format=torch.channels_last),),
        ),
        ({"in_channels": 2, "length": 7}, (torch.randn(8, 7, 2, generator=rng),)),
        ({"vocab": 30, "length": 12}, (torch.randint(1, 30, (8, 12), generator=rng),)),
    ]
    for arguments, inputs in cases:
        net = check.build("logistic", arguments | {"outputs": 2})
        assert net(*inputs).shape == (8, 2)
        assert not net(*inputs).any()
        check.gradient_reaches_every_parameter(net, inputs)
        check.overfits(net, inputs, torch.arange(8) // 4, lr=0.1)


def test_text_is_the_sum_of_its_words_and_padding_adds_nothing() -> None:
    net = fill(Logistic(vocab=5, outputs=2))
    weight, bias = net.linear.weight, net.linear.bias
    got = net(torch.tensor([[3, 2, 3, 0, 0]]))[0]
    torch.testing.assert_close(got, 2 * weight[:, 3] + weight[:, 2] + bias)


def test_categories_are_read_as_one_hot() -> None:
    net = fill(Logistic(numeric=1, cardinalities=[2, 3], outputs=1))
    weight, bias = net.linear.weight[0], net.linear.bias
    got = net(torch.tensor([[2.0]]), torch.tensor([[1, 2]]))[0]
    torch.testing.assert_close(got, 2 * weight[0] + weight[1 + 1] + weight[3 + 2] + bias)


def test_errors_say_what_to_do() -> None:
    with pytest.raises(ValueError, match="no inputs"):
        Logistic(outputs=1)
    with pytest.raises(ValueError, match="net\\(numeric, categorical\\)"):
        Logistic(numeric=1, cardinalities=[2], outputs=1)(torch.zeros(1, 1))
