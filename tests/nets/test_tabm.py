"""TabM: each member is a plain MLP by hand, members differ, mini and full, bins are fitted."""

import pytest
import torch
from torch import nn

from netwright.nets.tabm import TabM

SMALL = {"numeric": 3, "cardinalities": [4, 2], "outputs": 2, "width": 16, "depth": 2, "members": 5}


def rows(rng: torch.Generator, count: int = 16) -> tuple[torch.Tensor, torch.Tensor]:
    categories = [torch.randint(c, (count,), generator=rng) for c in (4, 2)]
    return torch.randn(count, 3, generator=rng), torch.stack(categories, 1)


@pytest.mark.parametrize("variant", ["mini", "full"])
@pytest.mark.parametrize("embedding", ["none", "linear", "periodic", "piecewise-linear"])
def test_shape_gradient_and_one_batch(check, rng, variant, embedding) -> None:
    options = {"variant": variant, "numeric_embedding": embedding, "dropout": 0.0, "num_bins": 4}
    net = check.build("tabm", SMALL | options)
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


def test_one_member_by_hand(rng) -> None:
    net = TabM(
        numeric=3, outputs=2, width=8, depth=2, members=4, variant="full",
        numeric_embedding="none", dropout=0.0,
    )  # fmt: skip
    for p in net.parameters():
        nn.init.normal_(p, generator=rng)
    x = torch.randn(6, 3, generator=rng)
    i = 2
    h = x * net.start.weight[i]
    for layer in (m for m in net.layers if not isinstance(m, nn.ReLU)):
        h = h if layer.r is None else h * layer.r[i]
        h = (h @ layer.shared.weight.t() * layer.s[i] + layer.bias[i]).relu()
    expected = h @ net.output.weight[i] + net.output.bias[i]
    torch.testing.assert_close(net(x)[:, i], expected)


def test_members_start_different_and_weigh_whole_columns() -> None:
    net = TabM(**(SMALL | {"numeric_embedding": "linear", "embedding_size": 2}))
    weight = net.start.weight
    columns = weight.split([2, 2, 2, 8, 8], 1)
    assert all(bool((c == c[:, :1]).all()) for c in columns)
    assert not torch.equal(weight[0], weight[1])
    signs = TabM(**(SMALL | {"numeric_embedding": "none"})).start.weight
    assert set(signs.flatten().tolist()) == {-1.0, 1.0}


def test_bins_come_from_the_training_rows(rng) -> None:
    net = TabM(**(SMALL | {"num_bins": 4}))
    numeric, _ = rows(rng, 400)
    net.fit_bins_(10 * numeric)
    assert net.embed_numeric is not None
    assert net.embed_numeric.left[:, 0].max() < -10


def test_errors_say_what_to_do() -> None:
    with pytest.raises(ValueError, match="Did you mean 'full'"):
        TabM(**(SMALL | {"variant": "ful"}))
    with pytest.raises(ValueError, match="net\\(numeric, categorical\\)"):
        TabM(**SMALL)(torch.zeros(1, 3))
