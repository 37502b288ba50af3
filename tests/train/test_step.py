"""A fast step must give what autograd and torch's optimisers give."""

import copy
import shutil
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from torch.optim import SGD, Adam, AdamW, Optimizer

from netwright.errors import UsageError
from netwright.nets.cnn import CNN
from netwright.nets.mlp import MLP
from netwright.objectives.supervised import Supervised
from netwright.plan.plan import Recipe
from netwright.train.compiled_step import CompiledStep
from netwright.train.mlp_step import MLPStep, why_not_mlp
from netwright.train.optimizers import build_optimizer
from netwright.train.step import (
    StepChoice,
    Stepper,
    choose_stepper,
    choose_threads,
    make_stepper,
    rehearsal,
)

Batches = list[tuple[tuple[Tensor, ...], Tensor]]

OPTIMIZERS: dict[str, Callable[[nn.Module], Optimizer]] = {
    "adamw": lambda net: AdamW(net.parameters(), lr=0.01, weight_decay=0.1),
    "adamw, vectors without decay": lambda net: build_optimizer(
        net, Recipe(optimizer="adamw", weight_decay=0.1), 0.01
    ),
    "adam, coupled decay": lambda net: Adam(net.parameters(), lr=0.01, weight_decay=0.1),
    "sgd": lambda net: SGD(net.parameters(), lr=0.1, weight_decay=0.01),
    "momentum": lambda net: SGD(net.parameters(), lr=0.05, momentum=0.9),
    "nesterov": lambda net: SGD(net.parameters(), lr=0.05, momentum=0.9, nesterov=True),
}


class Autograd:
    """The reference: autograd and torch's own optimiser."""

    def __init__(
        self,
        net: nn.Module,
        loss: Callable[[Tensor, Tensor], Tensor],
        optimizer: Optimizer,
        *,
        clip: float | None = None,
        clip_value: float | None = None,
    ) -> None:
        self.net, self.loss, self.optimizer = net, loss, optimizer
        self.clip, self.clip_value = clip, clip_value

    def __call__(self, inputs: tuple[Tensor, ...], targets: Tensor) -> Tensor:
        self.optimizer.zero_grad()
        loss = self.loss(self.net(*inputs), targets)
        loss.backward()
        if self.clip is not None:
            nn.utils.clip_grad_norm_(self.net.parameters(), self.clip)
        if self.clip_value is not None:
            nn.utils.clip_grad_value_(self.net.parameters(), self.clip_value)
        self.optimizer.step()
        return loss.detach()


def _net(dtype: torch.dtype = torch.float64, *, dropout: float = 0.0) -> MLP:
    torch.manual_seed(3)
    return MLP(numeric=7, outputs=4, widths=[17, 9], dropout=dropout).to(dtype)


def _batches(
    dtype: torch.dtype = torch.float64, *, numbers: bool = False, count: int = 12
) -> Batches:
    torch.manual_seed(5)
    sizes = [16] * (count - 1) + [5]  # the last batch of an epoch is smaller
    return [
        (
            (torch.randn(rows, 7, dtype=dtype),),
            torch.randn(rows, 4, dtype=dtype) if numbers else torch.randint(4, (rows,)),
        )
        for rows in sizes
    ]


def _train(step: Stepper, optimizer: Optimizer, batches: Batches) -> list[float]:
    torch.manual_seed(11)  # dropout
    losses = []
    for number, (inputs, targets) in enumerate(batches):
        for group in optimizer.param_groups:
            group["lr"] = 0.02 / (1 + number)  # a schedule
        losses.append(step(inputs, targets).item())
    return losses


def _assert_same_state(first: Optimizer, second: Optimizer, **tolerance: float) -> None:
    one, two = (o.state_dict()["state"] for o in (first, second))
    assert one.keys() == two.keys()
    for parameter, entries in one.items():
        for name, value in entries.items():
            if value is not None:
                torch.testing.assert_close(value, two[parameter][name], **tolerance)


@pytest.mark.parametrize("name", OPTIMIZERS)
@pytest.mark.parametrize(
    ("loss", "clip", "dropout"),
    [
        ("cross-entropy", None, 0.0),
        ("cross-entropy", 0.3, 0.4),
        ("smoothed", None, 0.4),
        ("mse", 0.3, 0.0),
        ("huber", None, 0.0),
    ],
)
def test_written_out_equals_autograd(
    name: str, loss: str, clip: float | None, dropout: float
) -> None:
    losses = {
        "cross-entropy": F.cross_entropy,
        "smoothed": partial(F.cross_entropy, label_smoothing=0.1),
        "mse": F.mse_loss,
        "huber": F.smooth_l1_loss,
    }
    batches = _batches(numbers=loss in ("mse", "huber"))
    nets = [_net(dropout=dropout), _net(dropout=dropout)]
    optimizers = [OPTIMIZERS[name](net) for net in nets]
    clip_value = 0.05 if clip else None
    steps: list[Stepper] = [
        kind(net, losses[loss], optimizer, clip=clip, clip_value=clip_value)
        for kind, net, optimizer in zip((Autograd, MLPStep), nets, optimizers, strict=True)
    ]
    expected, found = (_train(s, o, batches) for s, o in zip(steps, optimizers, strict=True))
    torch.testing.assert_close(found, expected, rtol=1e-10, atol=0)
    for eager, written in zip(*(net.parameters() for net in nets), strict=True):
        torch.testing.assert_close(written, eager, rtol=1e-10, atol=1e-14)
    _assert_same_state(*optimizers, rtol=1e-10, atol=1e-14)


def test_float32_agrees_within_its_rounding() -> None:
    nets = [_net(torch.float32), _net(torch.float32)]
    optimizers = [OPTIMIZERS["adamw"](net) for net in nets]
    kinds = (Autograd, MLPStep)
    found = [
        _train(kind(net, F.cross_entropy, o), o, _batches(torch.float32))
        for kind, net, o in zip(kinds, nets, optimizers, strict=True)
    ]
    torch.testing.assert_close(found[1], found[0], rtol=1e-5, atol=1e-6)


def test_eager_steps_may_stand_between_written_out_ones() -> None:
    """Watched steps run by autograd and optimizer.step() on the same state."""
    nets = [_net(), _net()]
    optimizers = [OPTIMIZERS["adamw, vectors without decay"](net) for net in nets]
    eager = [Autograd(net, F.cross_entropy, o) for net, o in zip(nets, optimizers, strict=True)]
    written = MLPStep(nets[1], F.cross_entropy, optimizers[1])
    expected, found = [], []
    for number, batch in enumerate(_batches()):
        expected.append(eager[0](*batch).item())
        found.append((eager[1] if number % 3 == 0 else written)(*batch).item())
    torch.testing.assert_close(found, expected, rtol=1e-10, atol=0)
    assert written.flat.is_intact()


def test_a_restored_run_goes_on_bit_for_bit(tmp_path: Path) -> None:
    batches = _batches(torch.float32)

    def begin() -> tuple[MLP, Optimizer]:
        net = _net(torch.float32)
        return net, OPTIMIZERS["adamw"](net)

    net, optimizer = begin()
    whole = make_stepper(net, F.cross_entropy, optimizer)
    for batch in batches[:6]:
        whole(*batch)
    save_file(net.state_dict(), tmp_path / "net.safetensors")  # views of one buffer can be saved
    state = copy.deepcopy(optimizer.state_dict())
    expected = [whole(*batch).item() for batch in batches[6:]]

    resumed, other = begin()
    resumed.load_state_dict(load_file(tmp_path / "net.safetensors"))
    other.load_state_dict(state)
    step = make_stepper(resumed, F.cross_entropy, other)
    assert isinstance(step, MLPStep)
    assert [step(*batch).item() for batch in batches[6:]] == expected
    for one, two in zip(net.parameters(), resumed.parameters(), strict=True):
        assert torch.equal(one, two)


def test_a_replaced_state_is_noticed() -> None:
    net = _net()
    optimizer = OPTIMIZERS["adamw"](net)
    step = MLPStep(net, F.cross_entropy, optimizer)
    assert step.flat.is_intact()
    optimizer.load_state_dict(copy.deepcopy(optimizer.state_dict()))
    assert not step.flat.is_intact()


def test_mse_does_not_broadcast() -> None:
    net = _net()
    step = MLPStep(net, F.mse_loss, OPTIMIZERS["sgd"](net))
    with pytest.raises(ValueError, match=r"got \(6, 4\) and \(6,\)"):
        step((torch.zeros(6, 7, dtype=torch.float64),), torch.zeros(6, dtype=torch.float64))


def test_what_cannot_be_written_out_is_said() -> None:
    def reason(net: nn.Module, make: Callable[[nn.Module], Optimizer] = OPTIMIZERS["sgd"]) -> str:
        return why_not_mlp(net, make(net))

    assert reason(_net()) == ""
    assert "ReLUs alone" in reason(MLP(numeric=3, outputs=2, activation="tanh"))
    assert "ReLUs alone" in reason(MLP(numeric=3, outputs=2, norm="batch"))
    assert "ReLUs alone" in reason(MLP(numeric=3, outputs=2, numeric_embedding="linear"))
    assert "RMSprop" in reason(_net(), lambda net: torch.optim.RMSprop(net.parameters()))
    assert "amsgrad" in reason(_net(), lambda net: Adam(net.parameters(), amsgrad=True))
    frozen = _net()
    next(frozen.parameters()).requires_grad_(False)
    assert "frozen" in reason(frozen)
    with pytest.raises(ValueError, match=r"cannot be written out: .* are frozen"):
        MLPStep(frozen, F.cross_entropy, OPTIMIZERS["sgd"](frozen))


def test_a_rehearsal_leaves_no_trace() -> None:
    net = nn.Sequential(nn.Linear(7, 9), nn.BatchNorm1d(9), nn.Dropout(0.5), nn.Linear(9, 4))
    net = net.double()
    optimizer = OPTIMIZERS["adamw"](net)
    step = Autograd(net, F.cross_entropy, optimizer)
    first, second = _batches()[:2]
    for steps_before in (0, 1):
        for _ in range(steps_before):
            step(*first)
        before = copy.deepcopy((net.state_dict(), optimizer.state_dict()))
        random_state = torch.get_rng_state()
        with rehearsal(net, optimizer):
            step(*second)
        assert torch.equal(torch.get_rng_state(), random_state)
        for key, value in net.state_dict().items():
            assert torch.equal(value, before[0][key]), key
        after = optimizer.state_dict()["state"]
        assert after.keys() == before[1]["state"].keys()
        for parameter, entries in before[1]["state"].items():
            for name, value in entries.items():
                assert torch.equal(value, after[parameter][name])


def _choose(
    net: nn.Module,
    recipe: Recipe,
    batch: tuple[tuple[Tensor, ...], Tensor],
    *,
    objective: object = None,
    remaining_steps: int = 100,
    mixed_precision: bool = False,
    before: StepChoice | None = None,
) -> tuple[Stepper, StepChoice, Optimizer]:
    optimizer = build_optimizer(net, recipe, 0.01)
    eager = Autograd(net, F.cross_entropy, optimizer, clip=recipe.clip)
    objective = objective or Supervised()
    step, choice = choose_stepper(
        net,
        objective,
        recipe,
        optimizer,
        batch,
        eager=eager,
        remaining_steps=remaining_steps,
        mixed_precision=mixed_precision,
        before=before,
    )
    assert (step is eager) == (choice.kind == "eager")
    return step, choice, optimizer


def test_a_relu_net_is_written_out_whatever_its_loss() -> None:
    batch = _batches()[0]
    losses = []
    for objective in (Supervised(), Supervised(label_smoothing=0.2)):
        step, choice, _ = _choose(_net(), Recipe(), batch, objective=objective)
        assert isinstance(step, MLPStep)
        assert choice.kind == "written-out"
        losses.append(step(*batch).item())
    logits = _net()(*batch[0])
    assert losses[0] == pytest.approx(F.cross_entropy(logits, batch[1]).item(), rel=1e-12)
    smoothed = F.cross_entropy(logits, batch[1], label_smoothing=0.2).item()
    assert losses[1] == pytest.approx(smoothed, rel=1e-12)


def test_general_steps_say_why() -> None:
    batch = _batches()[0]

    def reason(recipe: Recipe, objective: object = None, *, mixed: bool = False) -> str:
        step, choice, _ = _choose(_net(), recipe, batch, objective=objective, mixed_precision=mixed)
        assert isinstance(step, Autograd)
        return choice.reason

    assert "accumulated" in reason(Recipe(accumulate=2))
    assert "penalised" in reason(Recipe(l1=0.1))
    assert "mixed precision" in reason(Recipe(), mixed=True)
    assert "more than one loss" in reason(Recipe(), object())


def test_compiling_has_to_repay(monkeypatch: pytest.MonkeyPatch) -> None:
    batch = _batches()[0]

    def choose(recipe: Recipe, dropout: float = 0.0, **options: Any) -> StepChoice:
        net = MLP(numeric=7, outputs=4, width=8, activation="tanh", dropout=dropout).double()
        step, choice, _ = _choose(net, recipe, batch, **options)
        assert isinstance(step, Autograd)
        return choice

    assert "switched off" in choose(Recipe(compile="off")).reason
    assert "dropout" in choose(Recipe(), dropout=0.1).reason
    timed = choose(Recipe())
    assert "too few to repay" in timed.reason
    assert timed.seconds_per_step_chosen == timed.seconds_per_step_eager
    assert 0 < (timed.seconds_per_step_eager or 0) < 1
    again = StepChoice.from_dict(StepChoice(kind="eager", reason="as before").to_dict())
    assert choose(Recipe(), before=again, remaining_steps=10**9) == again
    monkeypatch.setattr(shutil, "which", lambda _: None)
    assert "no C++ compiler" in choose(Recipe(compile="on")).reason
    with pytest.raises(UsageError, match="took compiled steps, but they cannot be made here"):
        choose(Recipe(), before=StepChoice(kind="compiled", reason=""))


def test_fewest_of_equally_fast_threads() -> None:
    seen = []

    def step() -> None:
        seen.append(torch.get_num_threads())
        time.sleep(0.004 / min(torch.get_num_threads(), 2))  # more than two add nothing

    assert choose_threads(step, [4, 2, 1]) == 2
    assert set(seen) == {1, 2, 4}
    with pytest.raises(ValueError, match=r"at least 1\. Give \[1, 2\]"):
        choose_threads(step, [0])


@pytest.mark.slow
@pytest.mark.filterwarnings("default")  # torch.compile's own
def test_compiled_equals_autograd() -> None:
    torch.manual_seed(0)
    images = torch.randn(9, 16, 1, 8, 8)
    batches: Batches = [((x,), torch.randint(3, (16,))) for x in images]
    batches.append(((images[0, :5],), torch.randint(3, (5,))))  # not compiled anew
    found = []
    for compiled in (False, True):
        torch.manual_seed(1)
        net = CNN(in_channels=1, height=8, width=8, outputs=3, channels=(4,), hidden=8)
        optimizer = OPTIMIZERS["adamw, vectors without decay"](net)
        step: Stepper = Autograd(net, F.cross_entropy, optimizer, clip=0.5)
        if compiled:
            recipe = Recipe(weight_decay=0.1, clip=0.5, compile="on")
            step, choice, optimizer = _choose(net, recipe, batches[0])
            assert isinstance(step, CompiledStep), choice.reason
            assert choice.compile_seconds > 0
        found.append(_train(step, optimizer, batches))
    torch.testing.assert_close(found[1], found[0], rtol=1e-5, atol=1e-6)


@pytest.mark.slow
@pytest.mark.filterwarnings("default")
def test_what_cannot_be_compiled_stays_eager() -> None:
    class ReadsItsNumbers(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.linear = nn.Linear(7, 4).double()

        def forward(self, x: Tensor) -> Tensor:
            return self.linear(x) if x.sum().item() > 0 else self.linear(-x)

    step, choice, _ = _choose(ReadsItsNumbers(), Recipe(compile="on"), _batches()[0])
    assert choice.kind == "eager"
    assert "torch.compile failed" in choice.reason
    assert step(*_batches()[1]) > 0
