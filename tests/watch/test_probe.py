import copy
import math
from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from netwright.watch.probe import Probe


class Functional(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.fc1, self.fc2, self.out = nn.Linear(6, 16), nn.Linear(16, 8), nn.Linear(8, 3)
        self.drop = nn.Dropout(0.5)

    def forward(self, x: Tensor) -> Tensor:
        return self.out(torch.tanh(self.fc2(self.drop(F.relu(self.fc1(x))))))


class Recurrent(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.embed, self.lstm = nn.Embedding(10, 4), nn.LSTM(4, 6, batch_first=True)
        self.out = nn.Linear(6, 3)

    def forward(self, x: Tensor) -> Tensor:
        tokens = (x.abs() * 3).long().clamp(max=9)
        return self.out(self.lstm(self.embed(tokens))[0][:, -1])


class Attention(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.up = nn.Linear(1, 8)
        self.layer = nn.TransformerEncoderLayer(8, 2, 16, dropout=0.1, batch_first=True)
        self.out = nn.Linear(8, 3)

    def forward(self, x: Tensor) -> Tensor:
        return self.out(self.layer(self.up(x[..., None])).mean(1))


def mlp() -> nn.Module:
    return nn.Sequential(
        nn.Linear(6, 16), nn.ReLU(), nn.BatchNorm1d(16), nn.Dropout(0.3), nn.Linear(16, 3)
    )


def cnn() -> nn.Module:
    return nn.Sequential(
        nn.Unflatten(1, (1, 6)),
        nn.Conv1d(1, 8, 3),
        nn.ReLU(inplace=True),
        nn.Dropout(0.2),
        nn.Flatten(),
        nn.Linear(32, 3),
    )


NETS: list[Callable[[], nn.Module]] = [mlp, cnn, Functional, Recurrent, Attention]


def train(net: nn.Module, optimizer: torch.optim.Optimizer, *, steps: int = 12) -> Tensor:
    """A plain loop, with a validation pass in it; returns all weights and the generator's state."""
    for step in range(steps):
        x = torch.randn(32, 6)
        y = x.argmax(1) % 3
        optimizer.zero_grad()
        F.cross_entropy(net(x), y).backward()
        optimizer.step()
        if step % 5 == 4:
            net.eval()
            with torch.no_grad():
                net(x)
            net.train()
    weights = torch.cat([v.detach().double().reshape(-1) for v in net.state_dict().values()])
    return torch.cat([weights, torch.get_rng_state().double()])


@pytest.mark.parametrize("make", NETS)
def test_the_observer_changes_no_weight_and_no_random_number(
    make: Callable[[], nn.Module],
) -> None:
    torch.manual_seed(0)
    net = make()
    twin = copy.deepcopy(net)
    state = torch.get_rng_state()
    alone = train(net, torch.optim.AdamW(net.parameters(), lr=0.01))
    torch.set_rng_state(state)
    optimizer = torch.optim.AdamW(twin.parameters(), lr=0.01)
    with Probe(twin, optimizer, every=2) as probe:
        watched = train(twin, optimizer)
    assert torch.equal(alone, watched)
    assert len(probe.trace.values("grad.norm")) == 7  # steps 0, 1, 2, 4, 6, 8, 10
    assert len(probe.trace.values("loss")) == 12
    assert torch.autograd.backward.__module__ == "torch.autograd"
    for module in twin.modules():
        assert not module._forward_hooks and not module._forward_pre_hooks


def test_the_numbers_are_those_computed_by_hand() -> None:
    torch.manual_seed(1)
    net = nn.Sequential(nn.Linear(6, 40), nn.ReLU(), nn.Linear(40, 3))
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    x, y = torch.randn(50, 6), torch.randint(0, 3, (50,))
    before = net[0].weight.detach().clone()
    hidden = net[:2](x).detach()
    probe = Probe(net, optimizer)
    with probe.sample(7):
        loss = F.cross_entropy(net(x), y)
        loss.backward()
        optimizer.step()
        gradients = [p.grad.clone() for p in net.parameters() if p.grad is not None]
        optimizer.zero_grad()  # read before the step, so this takes nothing away
    trace = probe.trace
    assert trace.steps("grad.norm").tolist() == [7]

    def value(signal: str, place: str = "") -> float:
        return trace.values(signal, place).item()

    assert value("activation.mean", "1") == pytest.approx(hidden.mean().item(), rel=1e-5)
    assert value("activation.std", "1") == pytest.approx(hidden.std(correction=0).item(), rel=1e-5)
    assert value("activation.rms", "1") == pytest.approx(hidden.square().mean().sqrt().item())
    assert value("activation.zeros", "1") == pytest.approx((hidden == 0).float().mean().item())
    assert value("grad.norm", "0.weight") == pytest.approx(gradients[0].norm().item())
    total = math.sqrt(sum(g.square().sum().item() for g in gradients))
    assert value("grad.norm") == pytest.approx(total)
    assert value("weight.norm", "0.weight") == pytest.approx(before.norm().item())
    change = (net[0].weight.detach() - before).norm() / before.norm()
    assert value("update.ratio", "0.weight") == pytest.approx(change.item())
    assert value("batch") == 50
    assert [p for p in trace.places("order")] == ["0", "1", "2"]
    assert value("parameters", "0") == 6 * 40 + 40
    assert trace.places("type:ReLU") == ["1"]


def test_dead_and_saturated_units_are_counted_over_256_rows() -> None:
    torch.manual_seed(2)
    relu = nn.Sequential(nn.Linear(6, 8), nn.ReLU(), nn.Linear(8, 10), nn.Tanh(), nn.Linear(10, 1))
    with torch.no_grad():
        relu[0].bias[:6] = -100.0
        relu[2].bias[:4] = 100.0
    probe = Probe(relu)
    for step in range(5):
        with probe.sample(step):
            relu(torch.randn(64, 6)).sum().backward()
    assert probe.trace.steps("dead", "1").tolist() == [3, 4]  # 4 passes of 64 rows are 256
    assert probe.trace.values("dead", "1").tolist() == [0.75, 0.75]
    assert probe.trace.values("saturated", "3").tolist() == [0.4, 0.4]


def test_a_dead_channel_of_a_convolution_is_one_unit() -> None:
    torch.manual_seed(3)
    net = nn.Sequential(nn.Conv2d(1, 8, 3), nn.BatchNorm2d(8), nn.ReLU(inplace=True))
    with torch.no_grad():
        net[1].bias[:2] = -50.0
    probe = Probe(net)
    with probe.sample(0):
        net(torch.randn(16, 1, 10, 10)).sum().backward()
    assert probe.trace.values("dead", "2").tolist() == [0.25]
    # The batch norm's output was sampled before the in-place ReLU overwrote it.
    assert probe.trace.values("activation.zeros", "1").item() == 0


def test_activations_called_as_functions_have_a_place_of_their_own() -> None:
    torch.manual_seed(4)
    net = Functional()
    probe = Probe(net)
    with probe.sample(0):
        net(torch.randn(300, 6)).sum().backward()
    assert probe.trace.places("order") == [
        "fc1", "relu(fc1)", "drop", "fc2", "tanh(fc2)", "out",
    ]  # fmt: skip
    assert probe.trace.places("dead") == ["relu(fc1)"]
    assert probe.trace.places("saturated") == ["tanh(fc2)"]


def test_the_subsample_is_bounded() -> None:
    net = nn.Sequential(nn.Conv2d(3, 100, 3), nn.ReLU())
    probe = Probe(net, max_values=4096)
    probe._activations.attach_()
    net(torch.randn(64, 3, 20, 20))
    sizes = [call.sample.numel() for call in probe._activations.calls.values()]
    probe._activations.detach_()
    assert all(1000 < size <= 4096 for size in sizes), sizes


def test_gradients_are_found_with_lbfgs_with_sparse_and_without_an_optimizer() -> None:
    torch.manual_seed(5)
    net = nn.Sequential(nn.Linear(4, 4), nn.Tanh(), nn.Linear(4, 1))
    x, y = torch.randn(20, 4), torch.randn(20, 1)
    lbfgs = torch.optim.LBFGS(net.parameters(), max_iter=3)

    def closure() -> Tensor:
        lbfgs.zero_grad()
        loss = F.mse_loss(net(x), y)
        loss.backward()
        return loss

    with Probe(net, lbfgs) as probe:
        lbfgs.step(closure)
    assert probe.trace.values("grad.norm")[0] > 0 and probe.trace.values("update.ratio", "0.weight")

    bag = nn.Sequential(nn.Embedding(20, 4, sparse=True), nn.Linear(4, 1))
    probe = Probe(bag)
    with probe.sample(0):
        bag(torch.tensor([1, 1, 3])).sum().backward()
    dense = copy.deepcopy(bag)
    assert bag[0].weight.grad is not None
    expected = bag[0].weight.grad.to_dense().norm().item()
    assert probe.trace.values("grad.norm", "0.weight").item() == pytest.approx(expected)
    assert dense is not bag


def test_other_nets_optimizers_do_not_count_as_steps() -> None:
    net, other = nn.Linear(2, 1), nn.Linear(2, 1)
    with Probe(net) as probe:
        ours = torch.optim.SGD(net.parameters(), lr=0.1)
        theirs = torch.optim.SGD(other.parameters(), lr=0.1)
        for _ in range(3):
            for module, optimizer in ((net, ours), (other, theirs)):
                optimizer.zero_grad()
                module(torch.ones(4, 2)).mean().backward()
                optimizer.step()
    assert probe.step == 3


def test_an_exception_inside_leaves_no_hook_and_records_nothing() -> None:
    net = nn.Sequential(nn.Linear(2, 2), nn.ReLU())
    probe = Probe(net)
    with pytest.raises(RuntimeError), probe.sample(0):
        net(torch.ones(3, 5))
    assert not any(m._forward_hooks or m._forward_pre_hooks for m in net.modules())
    assert len(probe.trace) == 0
    with probe.sample(1):  # the function mode was left as well
        net(torch.ones(3, 2)).sum().backward()
    assert probe.trace.places("order") == ["0", "1"]


def test_parameters_that_no_optimizer_holds_and_frozen_ones_are_facts() -> None:
    net = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2), nn.Linear(2, 1))
    net[0].requires_grad_(False)
    optimizer = torch.optim.SGD(net[2].parameters(), lr=0.1)
    probe = Probe(net, optimizer)
    with probe.sample(0):
        net(torch.ones(3, 2)).sum().backward()
        optimizer.step()
    assert probe.trace.places("frozen") == ["0.weight", "0.bias"]
    assert probe.trace.places("unoptimised") == ["1.weight", "1.bias"]


@pytest.mark.parametrize("arguments", [{"every": 0}, {"max_values": 1}])
def test_bad_arguments_are_named(arguments: dict[str, int]) -> None:
    with pytest.raises(ValueError, match=next(iter(arguments))):
        Probe(nn.Linear(1, 1), None, **arguments)  # type: ignore[arg-type]


@pytest.mark.parametrize("in_place", [True, False])
def test_a_compiled_net_is_watched_by_its_parameters_alone(in_place: bool) -> None:
    torch.manual_seed(6)
    net = Functional()
    watched: nn.Module = net
    if in_place:
        net.compile(backend="eager")
    else:
        watched = torch.compile(net, backend="eager")  # type: ignore[assignment]
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    with Probe(watched, optimizer, every=1) as probe:
        for _ in range(2):
            watched(torch.randn(4, 6)).sum().backward()
            optimizer.step()
    assert probe.trace.places("activation.std") == []
    assert probe.trace.values("grad.norm", "fc1.weight").shape == (2,)
    assert probe.trace.places("init.std") == ["fc1.weight", "fc2.weight", "out.weight"]


def test_of_accumulated_passes_the_first_is_sampled() -> None:
    net = nn.Sequential(nn.Linear(2, 2))
    probe = Probe(net)
    with probe.sample(0):
        for scale in (1.0, 1000.0):
            net(torch.full((4, 2), scale)).sum().backward()
    assert probe.trace.values("activation.rms", "0").item() < 10


def test_of_passes_before_the_backward_the_last_is_sampled() -> None:
    net = nn.Sequential(nn.Linear(2, 2))
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    with Probe(net, optimizer) as probe:
        net(torch.full((4, 2), 1000.0))  # a look at the net, whose gradient nobody takes
        net(torch.ones(4, 2)).sum().backward()
        optimizer.step()
    assert probe.trace.values("activation.rms", "0").item() < 10


def test_a_resumed_loop_counts_on() -> None:
    net = nn.Linear(2, 1)
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    trace = None
    for _ in range(2):
        with Probe(net, optimizer, trace=trace) as probe:
            for _ in range(3):
                net(torch.ones(4, 2)).mean().backward()
                optimizer.step()
        trace = probe.trace
    assert probe.trace.steps("loss").tolist() == [0, 1, 2, 3, 4, 5]
