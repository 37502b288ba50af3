"""How one optimiser step is made fast without changing its result.

Three kinds, all of which leave parameters in the net and state in the optimiser, and read the rate
from the optimiser's groups at every step:

- "eager": autograd and the optimiser's own (fused) kernels, as `fit` steps any net and objective.
- "written-out": a plain ReLU net without autograd, see `mlp_step.py`. Taken wherever it applies.
- "compiled": torch.compile, see `compiled_step.py`. Only where it repays its compilation.

Equal choices give equal bits, so a checkpoint keeps the StepChoice and resumption repeats it.
"""

import contextlib
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from typing import Any, Literal, Protocol

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.optim import Optimizer

from netwright.errors import UsageError
from netwright.nets.mlp import MLP
from netwright.objectives.supervised import Supervised
from netwright.plan.plan import Recipe
from netwright.train.compiled_step import CompiledStep, why_not_compiled
from netwright.train.mlp_step import MLPStep, why_not_mlp

__all__ = ["StepChoice", "Stepper", "choose_stepper", "choose_threads", "make_stepper", "rehearsal"]

Loss = Callable[[Tensor, Tensor], Tensor]
Kind = Literal["eager", "written-out", "compiled"]

# Compiling was measured to take 2-80 s and to save 5-30 % of a step, so that shorter trainings
# than this cannot be sure to win.
COMPILE_FROM_SECONDS = 300.0
WORTH_IT = 1.03  # a smaller gain than 3 % is within what timing here can tell


@dataclass(frozen=True, kw_only=True)
class StepChoice:
    """Which kind of step was taken, and why. Seconds are None where nothing had to be timed."""

    kind: Kind
    reason: str
    seconds_per_step_eager: float | None = None
    seconds_per_step_chosen: float | None = None
    compile_seconds: float = 0.0

    def to_dict(self) -> dict[str, Any]:
        """Return the plain form, for a checkpoint or run.yaml."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> "StepChoice":
        """Read the plain form."""
        return cls(**values)


class Stepper(Protocol):
    """One optimiser step on a batch: inputs of the net, targets -> mean loss, detached, on
    device."""

    def __call__(self, inputs: tuple[Tensor, ...], targets: Tensor) -> Tensor: ...


def make_stepper(
    net: nn.Module,
    loss: Loss,
    optimizer: Optimizer,
    *,
    clip: float | None = None,
    clip_value: float | None = None,
    compile: bool = False,
) -> Stepper | None:
    """Return a step that is faster than autograd's: written out where it can be, else compiled if
    asked; None if there is none.

    loss: outputs, targets -> mean loss. Make it when the net is on its device and the optimiser's
    state is restored.
    """
    if not why_not_mlp(net, optimizer):
        return MLPStep(net, loss, optimizer, clip=clip, clip_value=clip_value)
    if compile and not why_not_compiled(net, optimizer):
        return CompiledStep(net, loss, optimizer, clip=clip, clip_value=clip_value)
    return None


def choose_stepper(
    net: nn.Module,
    objective: object,
    recipe: Recipe,
    optimizer: Optimizer,
    batch: tuple[tuple[Tensor, ...], Tensor],
    *,
    eager: Stepper,
    remaining_steps: int,
    mixed_precision: bool = False,
    before: StepChoice | None = None,
) -> tuple[Stepper, StepChoice]:
    """Return the step to train with, and why it.

    eager: the caller's own step, which is what the others must equal. Trials run on `batch` and are
    undone: weights, state and random streams are as before. recipe.compile "on" compiles even where
    it does not repay. before: the choice of the run that is resumed, repeated without a trial.
    """
    general = _why_general(objective, recipe, mixed_precision)
    if general:
        return eager, StepChoice(kind="eager", reason=general)
    assert isinstance(objective, Supervised)
    loss = _loss_of(objective, net)

    def make(compile: bool) -> Stepper | None:
        return make_stepper(
            net,
            loss,
            optimizer,
            clip=recipe.clip,
            clip_value=recipe.clip_value,
            compile=compile,
        )

    if before is not None:
        return _repeat(before, make, eager)
    written = make(False)
    if written is not None:
        reason = "linear layers and ReLUs alone: the chain rule is written out"
        return written, StepChoice(kind="written-out", reason=reason)
    if recipe.compile == "off":
        return eager, StepChoice(kind="eager", reason="compiling is switched off")
    cannot = why_not_compiled(net, optimizer)
    if cannot:
        return eager, StepChoice(kind="eager", reason=f"not compiled: {cannot}")

    with rehearsal(net, optimizer):
        random_state = torch.get_rng_state()
        expected = float(eager(*batch))
        draws = not torch.equal(random_state, torch.get_rng_state())
        seconds = _seconds_per_step(lambda: eager(*batch))
    timed = StepChoice(
        kind="eager", reason="", seconds_per_step_eager=seconds, seconds_per_step_chosen=seconds
    )
    left = seconds * remaining_steps
    if draws:
        reason = "not compiled: the net draws random numbers, and compiled code would draw others"
        return eager, replace(timed, reason=reason)
    if recipe.compile == "auto" and left < COMPILE_FROM_SECONDS:
        reason = f"not compiled: {left:.0f} s of steps are left, too few to repay it"
        return eager, replace(timed, reason=reason)
    compiled = make(True)
    assert compiled is not None
    with rehearsal(net, optimizer):
        timed, accepted = _try_compiled(
            compiled, batch, timed, expected, must=recipe.compile == "on"
        )
    return (compiled if accepted else eager), timed


def _why_general(objective: object, recipe: Recipe, mixed_precision: bool) -> str:
    """Say why only the general step will do; "" if a fast one is possible."""
    if not isinstance(objective, Supervised):
        return "the objective is more than one loss of one net's outputs"
    if recipe.accumulate > 1:
        return "gradients are accumulated over several batches"
    if recipe.l1 or recipe.l2:
        return "weights are penalised in the loss"
    return "mixed precision" if mixed_precision else ""


def _loss_of(objective: Supervised, net: nn.Module) -> Loss:
    """The objective's loss of outputs and targets; torch's own function where it is just that."""
    members = getattr(net, "members", 0)
    plain = not (members or objective.class_weights or objective.label_smoothing)
    if plain and objective.loss == "cross-entropy" and isinstance(net, MLP | nn.Sequential):
        return F.cross_entropy
    if plain and objective.loss == "mse":
        return F.mse_loss
    return partial(objective.compute, members=members)


def _repeat(
    before: StepChoice, make: Callable[[bool], Stepper | None], eager: Stepper
) -> tuple[Stepper, StepChoice]:
    if before.kind == "eager":
        return eager, before
    stepper = make(before.kind == "compiled")
    if stepper is None:
        raise UsageError(
            f"The run that is resumed took {before.kind} steps, but they cannot be made here; "
            "its numbers would change. Resume where it was begun (with a C++ compiler), or start "
            "anew in another folder."
        )
    return stepper, before


def _try_compiled(
    compiled: Stepper,
    batch: tuple[tuple[Tensor, ...], Tensor],
    timed: StepChoice,
    expected: float,
    *,
    must: bool,
) -> tuple[StepChoice, bool]:
    """Compile by taking steps; the record, and whether the compiled step is taken."""
    # Here, since these two take seconds to import and few trainings come this far.
    from torch._dynamo.exc import TorchDynamoException
    from torch._inductor.exc import InductorError

    eager = timed.seconds_per_step_eager
    assert eager is not None
    begun = time.perf_counter()
    try:
        loss = float(compiled(*batch))
    except (TorchDynamoException, InductorError) as error:
        first_line = str(error).strip().partition("\n")[0]
        reason = f"not compiled: torch.compile failed with {type(error).__name__}: {first_line}"
        return replace(timed, reason=reason), False
    timed = replace(timed, compile_seconds=time.perf_counter() - begun)
    # Fused kernels add in another order; anything beyond that is a fault of compilation.
    if abs(loss - expected) > 1e-3 * abs(expected) + 1e-6:
        reason = f"compiled code gave another loss ({loss:.6g}) than autograd ({expected:.6g})"
        return replace(timed, reason=reason), False
    seconds = _seconds_per_step(lambda: compiled(*batch))
    if not must and seconds * WORTH_IT > eager:
        reason = f"compiled steps take {seconds * 1e3:.3g} ms, eager ones {eager * 1e3:.3g} ms"
        return replace(timed, reason=reason), False
    reason = (
        f"{eager / seconds:.2f} times as fast as eager, {timed.compile_seconds:.0f} s to compile"
    )
    choice = replace(timed, kind="compiled", reason=reason, seconds_per_step_chosen=seconds)
    return choice, True


def choose_threads(step: Callable[[], object], candidates: Sequence[int]) -> int:
    """Return the fastest number of threads for `step`; of numbers within 20 %, the smallest.

    The margin keeps the answer the same from run to run: a second core either helps much or hardly.

    Leaves torch's thread count at the last one tried: the caller sets it (see device.threads) and
    undoes what the steps did (see `rehearsal`).
    """
    if not candidates or min(candidates) < 1:
        raise ValueError(
            f"candidates is {list(candidates)}; expected thread counts of at least 1. Give [1, 2]."
        )
    best = {count: float("inf") for count in sorted(candidates)}
    for _ in range(3):  # interleaved, so that a busy moment hits all alike
        for count in best:
            torch.set_num_threads(count)
            best[count] = min(best[count], _seconds_per_step(step, seconds=0.01))
        # Where other work holds the cores, threads wait for each other: no need to see it twice.
        fastest = min(best.values())
        best = {count: seconds for count, seconds in best.items() if seconds <= 1.5 * fastest}
        if len(best) == 1:
            break
    return next(count for count, seconds in best.items() if seconds <= 1.2 * fastest)


def _seconds_per_step(step: Callable[[], object], *, seconds: float = 0.2) -> float:
    """The shortest of a few steps, after a first one: what else runs here can only lengthen one."""
    step()
    shortest, until = float("inf"), time.perf_counter() + seconds
    for count in range(1000):
        begun = time.perf_counter()
        step()
        now = time.perf_counter()
        shortest = min(shortest, now - begun)
        if now > until and count >= 1:
            break
    return shortest


@contextlib.contextmanager
def rehearsal(net: nn.Module, optimizer: Optimizer) -> Iterator[None]:
    """Undo, after the block, what steps in it did: weights, buffers, state, the random stream.

    Values are put back in place, so that views of them stay valid.
    """
    values = [*net.parameters(), *net.buffers()]
    kept = [value.detach().clone() for value in values]
    state = {
        parameter: {k: v.clone() if isinstance(v, Tensor) else v for k, v in entries.items()}
        for parameter, entries in optimizer.state.items()
    }
    devices = [torch.cuda.current_device()] if values[0].is_cuda else []
    with torch.random.fork_rng(devices=devices):
        try:
            yield
        finally:
            with torch.no_grad():
                for value, before in zip(values, kept, strict=True):
                    value.copy_(before)
                for parameter in list(optimizer.state):
                    if parameter in state:
                        _restore_(optimizer.state[parameter], state[parameter])
                    else:
                        del optimizer.state[parameter]
            optimizer.zero_grad(set_to_none=True)


def _restore_(entries: dict[str, Any], kept: dict[str, Any]) -> None:
    for key in list(entries):
        if key not in kept:
            del entries[key]
        elif isinstance(kept[key], Tensor):
            entries[key].copy_(kept[key])
        else:
            entries[key] = kept[key]
