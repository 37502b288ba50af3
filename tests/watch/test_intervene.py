"""Interventions do what they say to a loop that knows nothing of them, and are undone."""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.utils.data import DataLoader, TensorDataset

from netwright.errors import UsageError
from netwright.watch.intervene import KNOWN, Intervention, intervene_


@contextmanager
def done(name: str, **values: Any) -> Iterator[None]:
    undo = intervene_([Intervention(name, values)])
    try:
        yield
    finally:
        undo()


def moved(*, lr: float = 0.1, steps: int = 1, weight_decay: float = 0.0) -> Tensor:
    """How far two weights go in steps whose gradient is (3, 4), nobody clearing it."""
    weight = nn.Parameter(torch.ones(2))
    optimizer = torch.optim.SGD([weight], lr=lr, weight_decay=weight_decay)
    for _ in range(steps):
        (weight * torch.tensor([3.0, 4.0])).sum().backward()
        optimizer.step()
    assert optimizer.param_groups[0]["lr"] == lr
    return 1 - weight.detach()


def test_every_one_is_undone() -> None:
    needs = {
        "scale-lr": {"factor": 0.1}, "warm-up": {"steps": 3}, "clip-gradient": {"max_norm": 1.0},
        "scale-weight-decay": {"factor": 0.0}, "set-weight-decay": {"value": 0.1},
        "label-smoothing": {"amount": 0.1}, "stable-operations": {"epsilon": 1e-7},
        "scale-loss": {"factor": -1.0}, "stop-at-step": {"step": 3},
        "keep-graph": {"everywhere": True}, "scale-dropout": {"factor": 0.1},
        "scale-outputs": {"mean": 1.0, "std": 2.0},
        "longer-loop": {"file": "train.py", "first": 1, "last": 1, "factor": 3},
    }  # fmt: skip
    before = nn.Module.__call__, F.cross_entropy, torch.softmax, DataLoader.__iter__
    undo = intervene_(Intervention(name, needs.get(name, {})) for name in KNOWN)
    assert nn.Module.__call__ is not before[0]
    undo()
    assert (nn.Module.__call__, F.cross_entropy, torch.softmax, DataLoader.__iter__) == before


def test_steps() -> None:
    torch.testing.assert_close(moved(), torch.tensor([0.3, 0.4]))
    with done("scale-lr", factor=0.5):
        torch.testing.assert_close(moved(), torch.tensor([0.15, 0.2]))
    with done("clip-gradient", max_norm=1.0):
        torch.testing.assert_close(moved(), torch.tensor([0.06, 0.08]), atol=1e-5, rtol=1e-4)
    with done("zero-grad"):
        torch.testing.assert_close(moved(steps=2), torch.tensor([0.6, 0.8]))
    with done("warm-up", steps=2):
        torch.testing.assert_close(moved(), torch.tensor([0.15, 0.2]))
    with done("scale-weight-decay", factor=0.0):
        torch.testing.assert_close(moved(weight_decay=1.0), torch.tensor([0.3, 0.4]))


def test_parameters_that_nobody_steps_are_stepped() -> None:
    left, held = nn.Parameter(torch.ones(1)), nn.Parameter(torch.ones(1))
    with done("hold-all"):
        optimizer = torch.optim.SGD([held], lr=0.1)
        (left + held).sum().backward()
        optimizer.step()
    assert left.item() == held.item() == pytest.approx(0.9)


def test_inputs_and_weights() -> None:
    net = nn.Linear(3, 2)
    nn.init.constant_(net.weight, 7.0)
    with done("reinitialize"):
        net(torch.ones(1, 3))
    assert net.weight.std() > 0
    same = nn.Identity()
    same.bias = nn.Parameter(torch.zeros(1))
    rows = torch.tensor([[100.0, 5.0], [300.0, 5.0]])
    with done("standardize-inputs"):
        torch.testing.assert_close(same(rows), torch.tensor([[-1.0, 0.0], [1.0, 0.0]]))
        with torch.no_grad():  # of the rows that were trained on
            torch.testing.assert_close(same(rows[:1]), torch.tensor([[-1.0, 0.0]]))


def test_modes() -> None:
    net = nn.Sequential(nn.Linear(1, 1), nn.Dropout(0.5))
    with done("set-mode"):
        with torch.no_grad():
            net(torch.ones(1, 1))
        assert not net.training
        net(torch.ones(1, 1))
        assert net.training


@pytest.mark.parametrize("squeezed", [False, True])
def test_the_last_activation_is_taken_off(squeezed: bool) -> None:
    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.scale = nn.Parameter(torch.tensor(10.0))

        def forward(self, x: Tensor) -> Tensor:
            result = torch.sigmoid(torch.relu(x) * self.scale)
            return result.squeeze(1) if squeezed else result

    with done("raw-outputs"):
        found = Net()(torch.tensor([[-1.0], [2.0]]))
    assert found.flatten().tolist() == [0.0, 20.0] and found.ndim == (1 if squeezed else 2)


def test_softmax_along_the_right_axis() -> None:
    x = torch.randn(4, 3)
    with done("softmax-of-row"):
        torch.testing.assert_close(torch.softmax(x, 0).sum(1), torch.ones(4))
    with done("softmax-of-one"):
        torch.testing.assert_close(F.softmax(x[:, :1], dim=-1), torch.sigmoid(x[:, :1]))


def test_losses() -> None:
    column, row = torch.randn(5, 1, requires_grad=True), torch.randn(5)
    with done("reshape-targets"):
        right = (column.squeeze(1) - row).pow(2).mean()
        torch.testing.assert_close(F.mse_loss(column, row), right)
        torch.testing.assert_close((column - row).pow(2).mean(), right)
    logits, classes = torch.randn(6, 3), torch.tensor([0, 1, 2, 0, 1, 2])
    right = F.cross_entropy(logits, classes)
    with done("logits-of-outputs"):
        torch.testing.assert_close(F.cross_entropy(torch.softmax(logits, 1), classes), right)
        torch.testing.assert_close(F.cross_entropy(logits, classes), right)
        torch.testing.assert_close(F.nll_loss(logits, classes), right)
    with done("cross-entropy"):
        torch.testing.assert_close(F.mse_loss(logits, F.one_hot(classes, 3).float()), right)


def test_rare_classes_weigh_more() -> None:
    logits = torch.zeros(100, 2, requires_grad=True)
    classes = (torch.arange(100) >= 90).long()
    with done("class-weights"):
        F.cross_entropy(logits, classes).backward()
    assert logits.grad is not None
    rare, common = logits.grad[classes == 1].abs().sum(), logits.grad[classes == 0].abs().sum()
    assert float(rare / common) == pytest.approx(1.0, abs=0.1)


def test_a_loader_in_order_is_mixed_where_gradients_are_on() -> None:
    loader = DataLoader(TensorDataset(torch.arange(50)), batch_size=10)
    with done("shuffle"):
        mixed = torch.cat([batch[0] for batch in loader]).tolist()
        with torch.no_grad():
            ordered = torch.cat([batch[0] for batch in loader]).tolist()
    assert sorted(mixed) == ordered == list(range(50)) and mixed != ordered


def test_an_unknown_one_is_told() -> None:
    with pytest.raises(UsageError, match="scale-lr"):
        intervene_([Intervention("scale-lrr")])


def test_a_loss_is_scaled_and_a_sum_becomes_a_mean() -> None:
    with done("scale-loss", factor=-1.0):
        torch.testing.assert_close(moved(), torch.tensor([-0.3, -0.4]))
    gradients = []
    for name in (None, "mean-of-rows"):
        net = nn.Linear(1, 1, bias=False)
        with done(name) if name else nullcontext():
            net(torch.ones(8, 1)).sum().backward()
        assert net.weight.grad is not None
        gradients.append(net.weight.grad.item())
    assert gradients == [8.0, 1.0]


def test_nothing_moves_after_the_step_to_stop_at() -> None:
    with done("stop-at-step", step=2):
        torch.testing.assert_close(moved(steps=5), torch.tensor([0.9, 1.2]))  # 0.3 + 0.6


def test_the_graph_is_kept_where_the_script_cuts_it() -> None:
    def cuts() -> list[Tensor]:
        net = nn.Linear(2, 1)
        loss = net(torch.ones(4, 2)).mean()
        return [
            torch.tensor(loss.item(), requires_grad=True),
            loss.detach().requires_grad_(),
            loss.data,
            torch.from_numpy(net(torch.ones(4, 2)).detach().numpy()),
        ]

    assert all(cut.grad_fn is None for cut in cuts())
    with done("keep-graph", everywhere=True):
        assert all(cut.grad_fn is not None for cut in cuts())
    assert all(cut.grad_fn is None for cut in cuts())


def test_rows_are_kept_apart() -> None:
    class Coupled(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.weight = nn.Parameter(torch.ones(3))

        def forward(self, x: Tensor) -> Tensor:
            return x * self.weight / x.square().mean().sqrt()

    net, rows = Coupled(), torch.randn(6, 3)
    alone = torch.cat([net(row[None]) for row in rows])
    with done("rows-apart"):
        apart = net(rows)
    torch.testing.assert_close(apart, alone)
    apart.sum().backward()
    assert net.weight.grad is not None


def test_a_code_for_missing_is_no_number() -> None:
    rows = torch.randn(200, 2) + torch.tensor([5.0, -5.0])
    rows[::20, 0] = -999.0
    seen: list[Tensor] = []
    with done("standardize-inputs", codes=True):
        _Tells(seen)(rows)
    assert (seen[0][::20, 0] == 0).all()
    rest = seen[0][torch.arange(200) % 20 != 0, 0]
    assert abs(float(rest.mean())) < 0.01 and float(rest.std()) == pytest.approx(1.0, abs=0.01)


def test_evaluated_rows_are_brought_to_the_trained_ones() -> None:
    seen: list[Tensor] = []
    net = _Tells(seen)
    trained = torch.randn(400, 2)
    with done("match-evaluation"):
        net(trained)
        with torch.no_grad():
            net(trained * 50 + 300)
    torch.testing.assert_close(seen[1], trained, atol=1e-3, rtol=1e-3)


class _Tells(nn.Module):
    """Keeps what it is given."""

    def __init__(self, seen: list[Tensor]) -> None:
        super().__init__()
        self.weight, self.seen = nn.Parameter(torch.ones(1)), seen

    def forward(self, x: Tensor) -> Tensor:
        self.seen.append(x.detach())
        return x * self.weight


def test_outputs_in_units_of_the_targets() -> None:
    net = nn.Linear(1, 1)
    plain = net(torch.ones(3, 1)).detach()
    with done("scale-outputs", mean=100.0, std=10.0):
        scaled = net(torch.ones(3, 1))
        F.mse_loss(scaled, torch.full((3, 1), 100.0)).backward()
    torch.testing.assert_close(scaled, plain * 10 + 100)
    assert net.bias.grad is not None
    torch.testing.assert_close(net.bias.grad, 2 * plain[0], atol=1e-4, rtol=1e-4)


def test_an_output_becomes_probabilities_in_place_of_its_last_activation() -> None:
    net = nn.Sequential(nn.Linear(3, 4), nn.ReLU())
    rows = torch.randn(5, 3)
    logits = net[0](rows)
    with done("softmax-outputs"):
        torch.testing.assert_close(net(rows), logits.softmax(1))


def test_less_is_dropped_out() -> None:
    layer = nn.Dropout(0.5)
    with done("scale-dropout", factor=0.0):
        assert (layer(torch.ones(100)) == 1).all()
    assert (layer(torch.ones(100)) == 0).any()


def test_layers_take_the_first_axis_for_the_batch() -> None:
    class Wrong(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.rnn = nn.GRU(2, 3)

        def forward(self, x: Tensor) -> Tensor:
            out: Tensor = self.rnn(x)[0]
            return out[:, -1]

    net, rows = Wrong(), torch.randn(4, 6, 2)
    with done("batch-first"):
        first = net(rows)
    torch.testing.assert_close(first, net.rnn(rows)[0][:, -1])
    torch.testing.assert_close(first[:1], net(rows[:1]))


def test_a_loop_of_the_script_goes_round_more_often() -> None:
    code = compile(
        "for i in range(1, 5, 2):\n    seen += [i, *range(1)]", "/there/train.py", "exec"
    )
    seen: list[int] = []
    with done("longer-loop", file="/here/train.py", first=1, last=1, factor=2):
        exec(code, {"seen": seen})
        assert isinstance(range(3), range) and not isinstance([], range)
    assert seen == [1, 0, 3, 0, 5, 0, 7, 0]
    assert type(range(2)) is range


def test_rows_that_are_sliced_in_order_are_mixed_side_by_side() -> None:
    x, y = torch.arange(100.0)[:, None], torch.arange(100.0)
    net = nn.Linear(1, 1)
    with done("shuffle"):
        net(x[:50]).sum().backward()  # up to here the script splits its rows
        epochs = [[(x[i : i + 20], y[i : i + 20]) for i in range(0, 100, 20)] for _ in range(2)]
        with torch.no_grad():
            ordered = y[:20]
    seen = [torch.cat([targets for _, targets in epoch]) for epoch in epochs]
    for epoch, targets in zip(epochs, seen, strict=True):
        assert torch.equal(torch.cat([rows for rows, _ in epoch])[:, 0], targets)
        assert torch.equal(targets.sort().values, y) and not torch.equal(targets, y)
    assert not torch.equal(*seen) and torch.equal(ordered, y[:20])


def test_activations_inside_become_relu_and_the_last_one_stays() -> None:
    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.first, self.second = nn.Linear(2, 3), nn.Linear(3, 1)

        def forward(self, x: Tensor) -> Tensor:
            return torch.sigmoid(self.second(torch.tanh(self.first(x))))

    net, rows = Net(), torch.randn(4, 2)
    with done("relu-inside"):
        changed = net(rows)
    torch.testing.assert_close(changed, net.second(net.first(rows).relu()).sigmoid())


def test_layers_are_normalised_but_for_the_last() -> None:
    net = nn.Sequential(nn.Linear(3, 8), nn.Linear(8, 2))
    rows = torch.randn(4, 3) * 100
    seen: list[Tensor] = []
    net[1].register_forward_pre_hook(lambda module, args: seen.append(args[0]))
    with done("normalize-layers"):
        net(rows)
        out = net(rows)
    torch.testing.assert_close(seen[1].mean(1), torch.zeros(4), atol=1e-4, rtol=0)
    torch.testing.assert_close(seen[1].var(1, correction=0), torch.ones(4), atol=1e-3, rtol=0)
    torch.testing.assert_close(out, nn.functional.linear(seen[1], net[1].weight, net[1].bias))
