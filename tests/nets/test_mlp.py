"""The MLP: equal to nn.Sequential where it is plain, embeddings hand-computed, errors named."""

import pytest
import torch
from torch import nn

from netwright.nets.mlp import MLP

ARGUMENTS = {"numeric": 3, "cardinalities": [4, 2], "outputs": 2, "width": 32, "depth": 2}


def rows(rng: torch.Generator, count: int = 16) -> tuple[torch.Tensor, torch.Tensor]:
    numeric = torch.randn(count, 3, generator=rng)
    categories = [torch.randint(c, (count,), generator=rng) for c in (4, 2)]
    return numeric, torch.stack(categories, 1)


@pytest.mark.parametrize("embedding", ["none", "linear", "periodic", "piecewise-linear"])
@pytest.mark.parametrize("norm", ["none", "batch", "layer", "group", "rms"])
def test_shape_gradient_and_one_batch(check, rng, embedding, norm) -> None:
    net = check.build("mlp", ARGUMENTS | {"numeric_embedding": embedding, "norm": norm})
    inputs = rows(rng)
    assert net(*inputs).shape == (16, 2)
    check.gradient_reaches_every_parameter(net, inputs)
    check.overfits(net, inputs, torch.arange(16) % 2, lr=1e-2)


def test_without_categories_it_is_the_plain_sequential_net(rng) -> None:
    net = MLP(numeric=5, outputs=3, widths=[8, 4])
    plain = nn.Sequential(nn.Linear(5, 8), nn.ReLU(), nn.Linear(8, 4), nn.ReLU(), nn.Linear(4, 3))
    plain.load_state_dict({k.removeprefix("layers."): v for k, v in net.state_dict().items()})
    x = torch.randn(7, 5, generator=rng)
    assert torch.equal(net(x), plain(x))
    assert torch.equal(net(x), net(x, torch.zeros(7, 0, dtype=torch.int64)))


def test_the_unknown_category_starts_as_nothing_and_columns_do_not_share_rows() -> None:
    net = MLP(numeric=0, cardinalities=[3, 3], outputs=1, categorical_embedding=2)
    embed = net.embed_categories
    assert embed is not None
    assert not embed(torch.zeros(1, 2, dtype=torch.int64)).any()
    table = embed.table.weight
    expected = torch.cat([table[2], table[3 + 1]])
    assert torch.equal(embed(torch.tensor([[2, 1]]))[0], expected)


def test_periodic_embedding_by_hand() -> None:
    net = MLP(numeric=2, outputs=1, numeric_embedding="periodic", embedding_size=3, frequencies=4)
    embed = net.embed_numeric
    assert embed is not None
    x = torch.tensor([[0.3, -1.2]])
    got = embed(x)[0]
    waves = torch.cos(2 * torch.pi * embed.frequency[1] * x[0, 1] + embed.phase[1])
    expected = waves @ embed.weight[1] + embed.bias[1, 0]
    assert got.shape == (6,)
    assert got[3] == x[0, 1]
    torch.testing.assert_close(got[4:], expected)


def test_piecewise_linear_bins_by_hand() -> None:
    net = MLP(
        numeric=2, outputs=1, numeric_embedding="piecewise-linear", embedding_size=1,
        bins=[[0.0, 1.0, 3.0], [0.0, 2.0]],
    )  # fmt: skip
    embed = net.embed_numeric
    assert embed is not None
    with torch.no_grad():
        embed.weight.zero_()
        embed.bias.zero_()
        embed.bin_weight[0, :, 0] = torch.tensor([10.0, 100.0])
        embed.bin_weight[1, :, 0] = torch.tensor([1.0, 5.0])  # the second column has no second bin
    got = embed(torch.tensor([[0.5, 1.0], [2.0, 4.0], [5.0, 0.0]]))
    # 0.5: half of bin 0. 2: all of bin 0 and half of bin 1. 5: bin 1 goes on, (5 - 1) / 2 = 2
    # widths.
    assert got.tolist() == [[5.0, 0.5], [60.0, 2.0], [210.0, 0.0]]


def test_fitted_bins_hold_equal_shares_survive_saving_and_merge_ties(rng) -> None:
    arguments = {"numeric": 2, "outputs": 1, "numeric_embedding": "piecewise-linear", "num_bins": 4}
    net = MLP(**arguments)
    rows = torch.stack([torch.randn(1001, generator=rng).exp(), torch.ones(1001)], 1)
    rows[:100, 1] = 0.0
    net.fit_bins_(rows)
    embed = net.embed_numeric
    assert embed is not None
    inside = rows[:, :1] >= embed.left[0]
    assert [round(share, 2) for share in inside.float().mean(0).tolist()] == [1.0, 0.75, 0.5, 0.25]
    assert (embed.per_width[1] > 0).tolist() == [True, False, False, False]
    other = MLP(**arguments)
    other.load_state_dict(net.state_dict())
    assert torch.equal(other(rows), net(rows))


def test_errors_say_what_to_do() -> None:
    with pytest.raises(ValueError, match="no inputs"):
        MLP(numeric=0, outputs=1)
    with pytest.raises(ValueError, match="net\\(numeric, categorical\\)"):
        MLP(numeric=1, cardinalities=[2], outputs=1)(torch.zeros(1, 1))
    with pytest.raises(ValueError, match="Did you mean 'periodic'"):
        MLP(numeric=1, outputs=1, numeric_embedding="periodical")
    with pytest.raises(ValueError, match="strictly ascending"):
        MLP(numeric=1, outputs=1, numeric_embedding="piecewise-linear", bins=[[1.0, 1.0]])
    with pytest.raises(ValueError, match=r"widths\[1\] is 0"):
        MLP(numeric=1, outputs=1, widths=[4, 0])


def test_many_nets_run_as_one_under_vmap(rng) -> None:
    options = {"numeric_embedding": "periodic", "norm": "layer"}
    members = [MLP(**ARGUMENTS, **options) for _ in range(3)]
    inputs = rows(rng)
    parameters, buffers = torch.func.stack_module_state(members)

    def call(p: dict[str, torch.Tensor], b: dict[str, torch.Tensor]) -> torch.Tensor:
        return torch.func.functional_call(members[0], (p, b), inputs)

    together = torch.func.vmap(call)(parameters, buffers)
    for i, member in enumerate(members):
        torch.testing.assert_close(together[i], member(*inputs))
