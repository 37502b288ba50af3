"""The one loop: it learns, it is exact, it resumes, it says why it stopped."""

import dataclasses
import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest
import torch

from netwright.errors import TrainingError, UsageError
from netwright.plan.plan import Recipe
from netwright.train.checkpoint import load_checkpoint
from netwright.train.fit import fit

sys.path.insert(0, str(Path(__file__).parent))
from small_data import small_data, small_plan


def _weights(run: Any) -> dict[str, torch.Tensor]:
    return {k: v.clone() for k, v in run.model.net.state_dict().items()}


def _same(a: dict[str, torch.Tensor], b: dict[str, torch.Tensor]) -> bool:
    return a.keys() == b.keys() and all(torch.equal(a[k], b[k]) for k in a)


def test_it_learns_and_keeps_the_best_weights() -> None:
    run = fit(small_plan(epochs=25), small_data(), seed=0)
    assert run.validation["accuracy"].value > 0.85
    assert run.stopped == "all epochs done"
    best = max(row["accuracy"] for row in run.history)
    assert run.validation["accuracy"].value >= best - 0.05  # within noise of the best


def test_the_last_epoch_is_in_the_checkpoint_however_fast_it_was(tmp_path: Path) -> None:
    run = fit(small_plan(epochs=2), small_data(), seed=0, out=tmp_path)
    assert run.stopped == "all epochs done"
    saved = load_checkpoint(tmp_path / "checkpoint")
    assert saved is not None
    assert saved[1]["state"]["epoch"] == 2


def test_snapshots_of_one_training_answer_together(tmp_path: Path) -> None:
    plan, data = small_plan(epochs=9, snapshots=3, patience=1, lr=0.01), small_data()
    run = fit(plan, data, seed=0, out=tmp_path)
    assert run.epochs == 9 and run.model.spec["name"] == "ensemble"
    rates = [row["lr"] for row in run.history]
    assert rates[2] < rates[0] and rates[3] > rates[2] and rates[6] > rates[5]
    first, *_, last = run.model.net.nets
    assert not torch.equal(first.layers[0].weight, last.layers[0].weight)
    assert run.validation["accuracy"].value > 0.5
    saved = load_checkpoint(tmp_path / "checkpoint")
    assert saved is not None and saved[1]["snapshots"] == 3
    with pytest.raises(UsageError, match="snapshots"):
        small_plan(epochs=2, snapshots=3)


def test_the_same_seed_gives_the_same_weights_and_another_does_not() -> None:
    data = small_data()
    first, second, other = (fit(small_plan(), data, seed=s) for s in (1, 1, 2))
    assert _same(_weights(first), _weights(second))
    assert not _same(_weights(first), _weights(other))


def test_random_streams_and_threads_are_put_back() -> None:
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    before = torch.get_num_threads()
    fit(small_plan(epochs=1), small_data(), seed=0, num_threads=2)
    assert torch.equal(torch.rand(3), expected)
    assert torch.get_num_threads() == before


def test_accumulation_gives_the_gradient_of_the_whole_batch() -> None:
    data = small_data(300)  # 150 training rows: the last group is smaller
    plain = {"epochs": 2, "optimizer": "sgd", "lr": 0.1}
    whole = small_plan(batch_size=60, **plain).with_({"net.dropout": 0.0})
    parts = small_plan(batch_size=20, accumulate=3, **plain).with_({"net.dropout": 0.0})
    first, second = fit(whole, data), fit(parts, data)
    for a, b in zip(_weights(first).values(), _weights(second).values(), strict=True):
        torch.testing.assert_close(a, b, rtol=1e-4, atol=1e-6)


def test_watching_does_not_change_the_weights(monkeypatch: pytest.MonkeyPatch) -> None:
    from contextlib import nullcontext

    from netwright.watch.probe import Probe

    watched = fit(small_plan(), small_data(), seed=3)
    assert "grad.norm" in watched.trace.signals()
    monkeypatch.setattr(Probe, "sample", lambda self, step: nullcontext())
    blind = fit(small_plan(), small_data(), seed=3)
    assert _same(_weights(watched), _weights(blind))


@pytest.mark.parametrize(
    "recipe",
    [
        {},
        {"optimizer": "momentum", "schedule": "one-cycle"},
        {"optimizer": "muon", "ema": 0.9},
        {"optimizer": "adagrad", "swa": 0.5, "clip": 1.0},
        {"optimizer": "rmsprop", "schedule": "reduce-on-plateau", "l1": 1e-4, "clip_value": 0.5},
        {"augment": ("mixup",), "label_smoothing": 0.1},
        {"lr": "auto"},
    ],
)
def test_stopping_and_resuming_gives_the_same_weights_bit_for_bit(
    recipe: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import netwright.train.training as module

    monkeypatch.setattr(module, "CHECKPOINT_SECONDS", 0.0)  # a checkpoint after every step
    monkeypatch.setattr(module, "SHORTEST_CHECKPOINT_SECONDS", 0.0)
    data = small_data()
    whole = fit(small_plan(**recipe), data, out=tmp_path / "whole", seed=4)

    real = module.save_checkpoint
    calls = 0

    def stop_after_seven(*args: Any) -> None:
        nonlocal calls
        real(*args)
        calls += 1
        if calls == 7:  # in the middle of the second epoch
            raise RuntimeError("power cut")

    monkeypatch.setattr(module, "save_checkpoint", stop_after_seven)
    with pytest.raises(RuntimeError, match="power cut"):
        fit(small_plan(**recipe), data, out=tmp_path / "cut", seed=4)
    monkeypatch.setattr(module, "save_checkpoint", real)
    resumed = fit(small_plan(**recipe), data, out=tmp_path / "cut", seed=4, resume=True)
    assert _same(_weights(whole), _weights(resumed))
    timeless = [
        [{k: v for k, v in row.items() if k != "seconds"} for row in run.history]
        for run in (whole, resumed)
    ]
    assert timeless[0] == timeless[1]


@pytest.mark.slow
def test_kill_9_and_resume_gives_the_same_weights_bit_for_bit(tmp_path: Path) -> None:
    here = Path(__file__).parent
    script = textwrap.dedent(
        f"""
        import sys; sys.path.insert(0, {str(here)!r})
        import torch; torch.set_num_threads(1)
        import netwright.train.training as module
        module.CHECKPOINT_SECONDS = module.SHORTEST_CHECKPOINT_SECONDS = 0.02
        from netwright.train.fit import fit
        from small_data import small_data, small_plan
        fit(small_plan(epochs=400), small_data(), out=sys.argv[1], seed=0, resume=True)
        """
    )
    command = [sys.executable, "-c", script, str(tmp_path / "cut")]
    checkpoint = tmp_path / "cut" / "checkpoint" / "checkpoint.safetensors"
    with subprocess.Popen(command) as process:
        while not checkpoint.is_file():
            assert process.poll() is None, "the run ended before it could be killed"
        os.kill(process.pid, signal.SIGKILL)
    plan = small_plan(epochs=400)
    resumed = fit(plan, small_data(), out=tmp_path / "cut", seed=0, resume=True)
    whole = fit(plan, small_data(), seed=0)
    assert _same(_weights(whole), _weights(resumed))


def test_a_run_shows_itself_in_a_notebook_with_everything_escaped() -> None:
    run = fit(small_plan(epochs=2), small_data(), seed=0)
    run.stopped = "<script>"
    shown = run._repr_html_()
    assert "mlp" in shown and "accuracy" in shown
    assert "<script>" not in shown and "&lt;script&gt;" in shown


def test_early_stopping_says_so() -> None:
    run = fit(small_plan(epochs=200, patience=3), small_data(60), seed=0)
    assert run.epochs < 200
    assert "for 3 epochs" in run.stopped


def test_a_time_bound_is_kept_and_the_schedule_shrinks_to_it() -> None:
    run = fit(small_plan(epochs=100_000, batch_size=8), small_data(2000), seed=0, seconds=1.5)
    assert run.seconds < 4.0  # the machine may be busy
    assert run.history[-1]["lr"] < 0.01 / 3


def test_regression_reports_errors_in_the_targets_unit() -> None:
    data = small_data(regression=True)
    wide = dataclasses.replace(data.task, target_mean=(100.0,), target_std=(10.0,))
    run = fit(
        small_plan(outputs=1, loss="mse", epochs=30), dataclasses.replace(data, task=wide), seed=0
    )
    assert run.validation.primary == "rmse"
    assert 1.0 < run.validation["rmse"].value < 20.0


def test_a_diverging_run_is_a_training_error_that_says_what_to_do() -> None:
    plan = small_plan(outputs=1, loss="mse", optimizer="sgd", lr=1e6, epochs=5, warmup=0.0)
    with pytest.raises(TrainingError, match=r"recipe\.lr"):
        fit(plan, small_data(regression=True), seed=0)


def test_unknown_names_are_errors_with_suggestions() -> None:
    with pytest.raises(UsageError, match="Did you mean 'cross-entropy'"):
        fit(small_plan(loss="cross-entropi"), small_data())
    with pytest.raises(UsageError, match="Did you mean 'mlp'"):
        fit(small_plan().with_({"net.name": "mlpp"}), small_data())
    with pytest.raises(UsageError, match="Did you mean 'accuracy'"):
        fit(small_plan(), small_data(), metric="acuracy")
    with pytest.raises(UsageError, match="Did you mean 'dropout'"):
        fit(small_plan().with_({"net.dropot": 0.1}), small_data())


@pytest.mark.parametrize(
    "optimizer", ["sgd", "momentum", "nesterov", "adagrad", "rmsprop", "adam", "adamw", "muon"]
)
def test_every_optimiser_lowers_the_loss(optimizer: str) -> None:
    run = fit(small_plan(optimizer=optimizer, lr=0.03, epochs=5), small_data(), seed=0)
    assert run.history[-1]["train_loss"] < run.history[0]["train_loss"]


def test_batch_sizes_full_and_one() -> None:
    full = fit(small_plan(batch_size="full", epochs=3), small_data(), seed=0)
    single = fit(small_plan(batch_size=1, epochs=1), small_data(40), seed=0)
    assert full.history[-1]["step"] == 3
    assert single.history[-1]["step"] == 20


def test_every_recipe_field_is_used_or_checked() -> None:
    """A field that nothing reads would be a promise not kept."""
    source = "".join(
        p.read_text() for p in (Path(__file__).parents[2] / "src/netwright").rglob("*.py")
    )
    for field in dataclasses.fields(Recipe):
        assert source.count(f"recipe.{field.name}") > 0, field.name
