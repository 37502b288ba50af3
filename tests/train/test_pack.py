"""A member of a pack equals its solo run."""

import os
import signal
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch

import netwright as nw
from netwright.data.data import Data, Rows, Source
from netwright.data.ledger import Ledger
from netwright.data.options import ReadOptions
from netwright.data.series import series_data
from netwright.errors import UsageError
from netwright.plan.plan import Plan
from netwright.train.fit import fit
from netwright.train.lockstep import Lockstep, share_streams_
from netwright.train.pack import MemberEpoch, _Pack, fit_pack
from netwright.train.training import Training


def in_double(data: Data) -> Data:
    def cast(rows: Any) -> Rows:
        assert isinstance(rows, Rows)
        inputs = tuple(x.double() if x.is_floating_point() else x for x in rows.inputs)
        return replace(rows, inputs=inputs)

    return replace(
        data, train=cast(data.train), validation=cast(data.validation), test=cast(data.test)
    )


def check(
    plans: list[Plan],
    data: Data,
    *,
    order_seed: int | None,
    rtol: float,
    seeds: list[int] | None = None,
) -> list[nw.Run]:
    seeds = seeds or [3 + i for i in range(len(plans))]
    together = fit_pack(plans, data, seeds=seeds, order_seed=order_seed, num_threads=1)
    for plan, seed, run in zip(plans, seeds, together, strict=True):
        assert run is not None
        assert run.notes["pack"].startswith("stacked"), run.notes["pack"]
        alone = fit(plan, data, seed=seed, order_seed=order_seed, num_threads=1)
        assert run.epochs == alone.epochs and run.kept_epoch == alone.kept_epoch
        assert run.stopped == alone.stopped
        theirs = alone.model.net.state_dict()
        for name, mine in run.model.net.state_dict().items():
            # Relative to the tensor: an entry near 0 has no digits of its own to compare.
            scale = theirs[name].abs().max().item()
            torch.testing.assert_close(mine, theirs[name], rtol=rtol, atol=rtol * scale)
    return [run for run in together if run is not None]


@pytest.fixture
def double() -> Any:
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(before)


OPTIMIZERS = ["sgd", "momentum", "nesterov", "adagrad", "rmsprop", "adam", "adamw", "muon"]


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
@pytest.mark.parametrize("order_seed", [None, 7])
@pytest.mark.usefixtures("double")
def test_relu_mlps_are_written_out(order_seed: int | None, smoothing: float) -> None:
    data = in_double(nw.read("iris"))
    changes = {"net.name": "mlp", "recipe.epochs": 5, "recipe.batch_size": 24, "recipe.lr": 1e-3}
    base = nw.design(data).with_({**changes, "recipe.label_smoothing": smoothing})
    shapes = [{"net.widths": [9, 17, 5]}, {"net.depth": 1}, {"net.depth": 2, "net.dropout": 0.3}]
    check(
        [base.with_({"net.width": 12} | c) for c in shapes], data, order_seed=order_seed, rtol=1e-9
    )


@pytest.mark.parametrize("embedding", ["none", "periodic", "piecewise-linear"])
@pytest.mark.parametrize("order_seed", [None, 7])
@pytest.mark.usefixtures("double")
def test_mlps_that_embed_numbers_and_categories(order_seed: int | None, embedding: str) -> None:
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.normal(size=(120, 3)), columns=["a", "b", "c"])
    frame["colour"] = rng.choice(["red", "green", "blue"], 120)
    frame["label"] = np.where(frame["a"] + (frame["colour"] == "red") > 0.3, "yes", "no")
    data = in_double(nw.read(frame, target="label"))
    changes = {"net.name": "mlp", "recipe.epochs": 4, "recipe.batch_size": 24, "recipe.lr": 1e-3}
    base = nw.design(data).with_({**changes, "net.numeric_embedding": embedding})
    shapes = [{"net.width": 9}, {"net.depth": 1, "net.dropout": 0.3}]
    plans = [base.with_({"net.width": 12} | c) for c in shapes]
    check(plans, data, order_seed=order_seed, rtol=1e-9)


@pytest.mark.usefixtures("double")
def test_numbers_are_fitted_too() -> None:
    data = in_double(few(nw.read("diabetes"), 100))
    data = replace(data, train=replace(data.train, targets=data.train.targets.double()))
    changes = {"net.name": "mlp", "recipe.epochs": 3, "recipe.batch_size": 32, "recipe.lr": 1e-3}
    base = nw.design(data).with_(changes)
    check([base, base.with_({"net.width": 9})], data, order_seed=None, rtol=1e-9)


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.usefixtures("double")
def test_mlps_of_unlike_recipes_widths_depths_and_activations(optimizer: str) -> None:
    data = in_double(nw.read("iris"))
    changes = {"net.name": "mlp", "recipe.epochs": 13, "recipe.batch_size": 24}
    base = nw.design(data).with_({**changes, "recipe.optimizer": optimizer, "recipe.ema": None})
    several = [
        {"recipe.lr": 1e-3, "recipe.weight_decay": 0.1, "net.width": 24, "net.depth": 3},
        {"recipe.lr": 3e-3, "recipe.label_smoothing": 0.1, "recipe.clip": 0.5},
        {"recipe.lr": 2e-3, "recipe.schedule": "one-cycle", "net.widths": [9, 17]},
        {
            "recipe.lr": 1e-3,
            "net.depth": 1,
            "net.activation": "sigmoid",
            "recipe.clip_value": 1e-2,
            "net.dropout": 0.0,
        },
        {"recipe.lr": 1e-3, "net.activation": "gelu", "recipe.betas": [0.8, 0.99]},
    ]
    plans = [
        base.with_({"net.width": 16, "net.dropout": 0.2 * i} | c) for i, c in enumerate(several)
    ]
    check(plans, data, order_seed=None, rtol=1e-9)


@pytest.mark.parametrize("order_seed", [None, 7])
@pytest.mark.usefixtures("double")
def test_averages_and_early_stops(order_seed: int | None) -> None:
    data = in_double(nw.read("iris"))
    changes = {"net.name": "mlp", "recipe.epochs": 20, "recipe.batch_size": 24, "recipe.lr": 3e-3}
    base = nw.design(data).with_(changes)
    for average in ({"recipe.ema": 0.9}, {"recipe.swa": 0.5}):
        early = base.with_({**average, "recipe.patience": 1, "recipe.lr": 0.3})
        plans = [early, base.with_({**average, "recipe.patience": None})]
        runs = check(plans, data, order_seed=order_seed, rtol=1e-9)
        assert runs[0].epochs < runs[1].epochs == 20


@pytest.mark.usefixtures("double")
def test_members_that_draw_alike_share_a_stream(monkeypatch: pytest.MonkeyPatch) -> None:
    shared: list[int] = []

    def counting(members: Any) -> None:
        share_streams_(members)
        shared.append(len({id(member.stream) for member in members}))

    monkeypatch.setattr("netwright.train.lockstep.share_streams_", counting)
    data = in_double(nw.read("iris"))
    changes = {"net.name": "mlp", "recipe.batch_size": 24, "recipe.lr": 1e-3, "net.width": 12}
    base = nw.design(data).with_({**changes, "recipe.patience": None})
    rates = [0.1, 0.4, 0.0, 0.3, 0.2, 0.1]
    plans = [
        base.with_({"net.dropout": rate, "recipe.epochs": 2 + n % 3, "net.depth": 1 + (n == 4)})
        for n, rate in enumerate(rates)
    ]
    check(plans, data, order_seed=3, rtol=1e-9, seeds=[5, 5, 5, 9, 5, 5])
    # Three of seed 5; the one that drops nothing, the one of another seed, the deeper one.
    assert shared[0] == 4 and len(shared) == 3


def few(data: Data, count: int) -> Data:
    def cut(rows: Any) -> Rows:
        assert isinstance(rows, Rows)
        return rows.select(torch.arange(min(count, len(rows))))

    return replace(data, train=cut(data.train), validation=cut(data.validation))


@pytest.mark.parametrize("optimizer", ["adamw", "muon", "sgd", "rmsprop"])
@pytest.mark.usefixtures("double")
def test_cnns_with_batch_norm_and_early_stops(optimizer: str) -> None:
    data = few(nw.read("digits"), 96)
    changes: dict[str, Any] = {
        "recipe.epochs": 6,
        "recipe.batch_size": 32,
        "recipe.optimizer": optimizer,
    }
    changes["recipe.augment"] = ["shift"]
    base = nw.design(data).with_({**changes, "net.channels": [4, 6], "net.convs": [1, 1]})
    plans = [
        base.with_({"recipe.patience": 1, "recipe.lr": 0.5}),
        base.with_({"recipe.weight_decay": 0.0}),
    ]
    runs = check(plans, data, order_seed=None, rtol=1e-9)
    assert runs[0].epochs < runs[1].epochs


@pytest.mark.parametrize("name", ["lstm", "gru", "transformer", "fcn"])
@pytest.mark.usefixtures("double")
def test_nets_for_series(name: str) -> None:
    rng = torch.Generator().manual_seed(0)
    x = torch.randn(60, 12, 2, generator=rng).numpy()
    labels = ["up" if row[:, 0].mean() > 0 else "down" for row in x]
    source, options = Source("toy"), ReadOptions()
    data = in_double(series_data(x, labels, source=source, options=options, ledger=Ledger()))
    changes: dict[str, Any] = {"net.name": name, "recipe.epochs": 3, "recipe.batch_size": 16}
    base = nw.design(data).with_(changes)
    drops = [{"net.dropout": rate} if "dropout" in base.net else {} for rate in (0.1, 0.3)]
    plans = [base.with_({"recipe.lr": 1e-3} | drops[0]), base.with_(drops[1])]
    check(plans, data, order_seed=2, rtol=1e-9)
    check(plans, data, order_seed=2, rtol=1e-9, seeds=[4, 4])


def test_members_that_cannot_be_stacked_are_trained_alone_with_the_same_result() -> None:
    data = nw.read("iris")
    base = nw.design(data).with_({"net.name": "mlp", "recipe.epochs": 2, "recipe.lr": 1e-3})
    other = base.with_({"net.norm": "layer"})
    runs = fit_pack([base, other, base], data, order_seed=1, num_threads=1)
    assert [run.notes["pack"].split(":")[0] for run in runs] == [
        "stacked with 1 others", "trained alone", "stacked with 1 others",
    ]  # fmt: skip
    alone = fit(other, data, seed=1, order_seed=1, num_threads=1)
    for a, b in zip(runs[1].model.net.parameters(), alone.model.net.parameters(), strict=True):
        assert torch.equal(a, b)


def test_single_precision_stays_close_for_ten_steps() -> None:
    data = nw.read("iris")
    changes = {"net.name": "mlp", "recipe.epochs": 1, "recipe.batch_size": 10}
    base = nw.design(data).with_({**changes, "recipe.lr": 1e-3})
    check([base, base.with_({"recipe.lr": 3e-3})], data, order_seed=None, rtol=1e-5)


def quick(**changes: Any) -> tuple[Plan, Data]:
    data = nw.read("iris")
    fixed = {"net.name": "mlp", "net.width": 8, "recipe.epochs": 4, "recipe.lr": 1e-3}
    return nw.design(data).with_({**fixed, **changes}), data


def weights(run: nw.Run | None) -> list[torch.Tensor]:
    assert run is not None
    return [p.detach().clone() for p in run.model.net.parameters()]


def test_a_time_bound_ends_all_members() -> None:
    plan, data = quick(**{"recipe.epochs": 100_000, "recipe.patience": None})
    begun = time.monotonic()
    runs = fit_pack([plan, plan], data, seconds=1.5, order_seed=0, num_threads=1)
    assert time.monotonic() - begun < 10
    assert [run.stopped for run in runs if run] == ["out of time", "out of time"]


def test_time_is_shared_by_what_each_still_needs() -> None:
    """A crew whose epochs are dear, or many, gets more of what is left; one that ended nothing."""

    class Crew:
        def __init__(self, need: float) -> None:
            self.need, self.share = need, 0.0

        def seconds_left(self) -> float:
            return self.need

        def take_share(self, share: float) -> None:
            self.share = share

    pack = _Pack([], None, False, None, None)
    crews = [Crew(30.0), Crew(10.0), Crew(0.0)]
    pack.crews = crews  # type: ignore[assignment]
    pack._share_time()
    assert [crew.share for crew in crews] == [0.75, 0.25, 0.0]


def test_a_share_of_the_time_shortens_the_schedule() -> None:
    plan, data = quick(**{"recipe.epochs": 10_000})
    training = Training(plan, data, None, 0, torch.device("cpu"), 100.0, None, None)
    every = training.steps_per_epoch * 10_000
    training.replan(1e-6)
    assert training.state.total_steps == every and training.seconds_left() == every * 1e-6
    training.replan(1.0)
    alone = training.state.total_steps
    training.share_of_time = 0.25
    training.replan(1.0)
    assert 90 <= alone <= 97 and 20 <= training.state.total_steps <= 25
    training.state.stopped = "all epochs done"
    assert training.seconds_left() == 0.0


def test_as_many_seeds_as_plans_are_needed() -> None:
    plan, data = quick()
    with pytest.raises(UsageError, match="2 seeds"):
        fit_pack([plan], data, seeds=[1, 2])


def test_whoever_asked_is_told_of_every_epoch_and_may_drop_members() -> None:
    plan, data = quick(**{"recipe.patience": None})
    told: list[tuple[int, int]] = []

    def after_epoch(now: MemberEpoch) -> bool:
        assert now.outputs.shape == (len(data.validation), 3)
        told.append((now.number, int(now.row["epoch"])))
        return not (now.number == 1 and now.row["epoch"] == 2)

    runs = fit_pack([plan] * 3, data, after_epoch=after_epoch, num_threads=1)
    assert [run.epochs for run in runs if run] == [4, 2, 4]
    assert runs[1] is not None and runs[1].stopped == "dropped by its pack"
    assert told == [(0, 1), (1, 1), (2, 1), (0, 2), (1, 2), (2, 2), (0, 3), (2, 3), (0, 4), (2, 4)]
    ends = iter([{1}, set(), True, True])
    runs = fit_pack([plan] * 3, data, after_round=lambda: next(ends), num_threads=1)
    assert [run.epochs for run in runs if run] == [4, 1, 4]
    rounds = iter([True, False])
    runs = fit_pack([plan] * 2, data, after_round=lambda: next(rounds), num_threads=1)
    assert [run.epochs for run in runs if run] == [2, 2]


def test_a_member_that_diverges_leaves_the_others_alone() -> None:
    plan, data = quick()
    wild = plan.with_({"recipe.lr": 1e30, "recipe.optimizer": "sgd", "recipe.clip": None})
    calm = wild.with_({"recipe.lr": 1e-2})
    runs = fit_pack([wild, calm], data, order_seed=0, num_threads=1)
    assert runs[0] is None
    alone = fit(calm, data, seed=1, order_seed=0, num_threads=1)
    for a, b in zip(weights(runs[1]), weights(alone), strict=True):
        torch.testing.assert_close(a, b, rtol=1e-4, atol=1e-6)


def test_what_memory_does_not_hold_at_once_is_trained_in_turn() -> None:
    plan, data = quick()
    whole = fit_pack([plan] * 4, data, num_threads=1)
    turns = fit_pack([plan] * 4, data, num_threads=1, memory=100_000)
    assert {run.notes["pack"] for run in turns if run} == {"stacked with 1 others"}
    for one, other in zip(whole, turns, strict=True):
        for a, b in zip(weights(one), weights(other), strict=True):
            torch.testing.assert_close(a, b)


def test_members_are_watched_without_being_changed(monkeypatch: pytest.MonkeyPatch) -> None:
    plan, data = quick(**{"net.dropout": 0.3})
    runs = fit_pack([plan, plan], data, num_threads=1)
    assert runs[0] is not None and runs[0].trace.steps("grad.norm", "").size > 0
    monkeypatch.setattr(Lockstep, "_watch", lambda *_: None)
    unwatched = fit_pack([plan, plan], data, num_threads=1)
    assert unwatched[0] is not None and unwatched[0].trace.steps("grad.norm", "").size == 0
    for one, other in zip(runs, unwatched, strict=True):
        for a, b in zip(weights(one), weights(other), strict=True):
            assert torch.equal(a, b)


@pytest.mark.parametrize("optimizer", ["adamw", "muon"])
def test_an_interrupted_pack_goes_on_bit_for_bit(tmp_path: Path, optimizer: str) -> None:
    plan, data = quick(**{"net.dropout": 0.3, "recipe.optimizer": optimizer, "recipe.ema": 0.9})
    plans = [
        plan,
        plan.with_({"recipe.lr": 3e-3, "net.width": 6}),
        plan.with_({"net.norm": "layer"}),
    ]
    whole = fit_pack(plans, data, num_threads=1)

    def interrupt(now: MemberEpoch) -> bool:
        if now.number == 0 and now.row["epoch"] == 2:
            os.kill(os.getpid(), signal.SIGINT)
        return True

    first = fit_pack(plans, data, num_threads=1, out=tmp_path, after_epoch=interrupt)
    assert first[0] is not None and first[0].interrupted
    went_on = fit_pack(plans, data, num_threads=1, out=tmp_path, resume=True)
    for one, other in zip(whole, went_on, strict=True):
        assert one is not None and other is not None
        assert [r["validation_loss"] for r in one.history] == [
            r["validation_loss"] for r in other.history
        ]
        for a, b in zip(weights(one), weights(other), strict=True):
            assert torch.equal(a, b)
    again = fit_pack(plans, data, num_threads=1, out=tmp_path, resume=True)
    for a, b in zip(weights(whole[0]), weights(again[0]), strict=True):
        assert torch.equal(a, b)
