"""How one optimiser step is made fast without changing its result.

Three kinds, all of which leave parameters in the net and state in the optimiser, and read the rate
from the optimiser's groups at every step:

- "eager": autograd and the optimiser's own (fused) kernels. Any net, loss, device and precision.
- "written-out": a plain ReLU net without autograd, see `mlp_step.py`. Taken wherever it applies.
- "compiled": torch.compile, see `compiled_step.py`. Only where it repays its compilation.

Equal choices give equal bits, so a checkpoint keeps the StepChoice and resumption repeats it.
"""

import contextlib
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal, Protocol

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from netwright.errors import UsageError
from netwright.train.compiled_step import CompiledStep, why_not_compiled
from netwright.train.mlp_step import MLPStep, why_not_mlp

__all__ = [
    "EagerStep",
    "StepChoice",
    "Stepper",
    "choose_stepper",
    "choose_threads",
    "make_stepper",
    "rehearsal",
]

Loss = Callable[[Tensor, Tensor], Tensor]
Precision = Literal["float32", "bf16", "fp16"]
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


class EagerStep:
    """Forward, backward, clip, optimiser, by autograd.

    accumulate: pieces a batch is cut into; the gradient stays that of the mean over all its rows.
    scaler: of fp16's gradients; its state belongs into a checkpoint (scaler.state_dict()).
    """

    def __init__(
        self,
        net: nn.Module,
        loss: Loss,
        optimizer: Optimizer,
        *,
        clip: float | None = None,
        clip_value: float | None = None,
        accumulate: int = 1,
        precision: Precision = "float32",
    ) -> None:
        self.net, self.loss, self.optimizer = net, loss, optimizer
        self.clip, self.clip_value, self.accumulate = clip, clip_value, accumulate
        self.parameters = [p for p in net.parameters() if p.requires_grad]
        self.device = self.parameters[0].device.type
        self.dtype = {"float32": None, "bf16": torch.bfloat16, "fp16": torch.float16}[precision]
        self.scaler = torch.amp.GradScaler(self.device) if precision == "fp16" else None

    def __call__(self, inputs: tuple[Tensor, ...], targets: Tensor) -> Tensor:
        self.optimizer.zero_grad(set_to_none=True)
        if self.accumulate == 1:
            total = self._backward(inputs, targets, 1.0)
        else:
            total = torch.zeros((), device=targets.device)
            size = -(-len(targets) // self.accumulate)
            for start in range(0, len(targets), size):
                some = slice(start, start + size)
                share = len(targets[some]) / len(targets)
                total += self._backward(tuple(x[some] for x in inputs), targets[some], share)
        if self.scaler is not None:
            self.scaler.unscale_(self.optimizer)
        if self.clip is not None:
            nn.utils.clip_grad_norm_(self.parameters, self.clip)
        if self.clip_value is not None:
            nn.utils.clip_grad_value_(self.parameters, self.clip_value)
        if self.scaler is not None:
            self.scaler.step(self.optimizer)
            self.scaler.update()
        else:
            self.optimizer.step()
        return total

    def _backward(self, inputs: tuple[Tensor, ...], targets: Tensor, share: float) -> Tensor:
        if self.dtype is None:
            loss = self.loss(self.net(*inputs), targets)
        else:
            with torch.autocast(self.device, self.dtype):
                loss = self.loss(self.net(*inputs), targets)
        if share != 1.0:
            loss = loss * share
        (loss if self.scaler is None else self.scaler.scale(loss)).backward()
        return loss.detach()


def make_stepper(
    net: nn.Module,
    loss: Loss,
    optimizer: Optimizer,
    *,
    clip: float | None = None,
    clip_value: float | None = None,
    accumulate: int = 1,
    precision: Precision = "float32",
    compile: bool = False,
) -> Stepper:
    """Return the fastest step that needs no trial: written out where it can be, else compiled if
    asked, else eager.

    loss: outputs, targets -> mean loss. Make it when the net is on its device and the optimiser's
    state is restored.
    """
    plain = accumulate == 1 and precision == "float32"
    if plain and not why_not_mlp(net, optimizer):
        return MLPStep(net, loss, optimizer, clip=clip, clip_value=clip_value)
    if plain and compile:
        return CompiledStep(net, loss, optimizer, clip=clip, clip_value=clip_value)
    return EagerStep(
        net,
        loss,
        optimizer,
        clip=clip,
        clip_value=clip_value,
        accumulate=accumulate,
        precision=precision,
    )


def choose_stepper(
    net: nn.Module,
    loss: Loss,
    optimizer: Optimizer,
    batch: tuple[tuple[Tensor, ...], Tensor],
    *,
    remaining_steps: int,
    clip: float | None = None,
    clip_value: float | None = None,
    accumulate: int = 1,
    precision: Precision = "float32",
    compile: Literal["auto", "on", "off"] = "auto",
    before: StepChoice | None = None,
) -> tuple[Stepper, StepChoice]:
    """Return the step to train with, and why it.

    Trials run on `batch` and are undone: weights, state and random streams are as before. compile
    "on" compiles even where it does not repay. before: the choice of the run that is resumed,
    repeated without a trial.
    """

    def make(compile: bool) -> Stepper:
        return make_stepper(
            net,
            loss,
            optimizer,
            clip=clip,
            clip_value=clip_value,
            accumulate=accumulate,
            precision=precision,
            compile=compile,
        )

    if before is not None and before.kind == "compiled":
        cannot = why_not_compiled(net, optimizer)
        if cannot:
            raise UsageError(
                f"The run that is resumed took compiled steps, but here {cannot}, and its numbers "
                "would change. Resume where it was begun, or start anew in another folder."
            )
        return make(True), before
    plain = make(False)
    if before is not None:
        return plain, before
    if isinstance(plain, MLPStep):
        reason = "linear layers and ReLUs alone: the chain rule is written out"
        return plain, StepChoice(kind="written-out", reason=reason)
    cannot = (
        "compiling is switched off"
        if compile == "off"
        else "accumulated and mixed-precision steps are not"
        if accumulate > 1 or precision != "float32"
        else why_not_compiled(net, optimizer)
    )
    if cannot:
        return plain, StepChoice(kind="eager", reason=f"not compiled: {cannot}")

    with rehearsal(net, optimizer):
        random_state = torch.get_rng_state()
        expected = float(plain(*batch))
        draws = not torch.equal(random_state, torch.get_rng_state())
        seconds = _seconds_per_step(lambda: plain(*batch))
    timed = StepChoice(
        kind="eager", reason="", seconds_per_step_eager=seconds, seconds_per_step_chosen=seconds
    )
    left = seconds * remaining_steps
    if draws:
        reason = "not compiled: the net draws random numbers, and compiled code would draw others"
        return plain, replace(timed, reason=reason)
    if compile == "auto" and left < COMPILE_FROM_SECONDS:
        reason = f"not compiled: {left:.0f} s of steps are left, too few to repay it"
        return plain, replace(timed, reason=reason)
    compiled = make(True)
    with rehearsal(net, optimizer):
        timed, accepted = _try_compiled(compiled, batch, timed, expected, must=compile == "on")
    return (compiled if accepted else plain), timed


def _try_compiled(
    compiled: Stepper,
    batch: tuple[tuple[Tensor, ...], Tensor],
    timed: StepChoice,
    expected: float,
    *,
    must: bool,
) -> tuple[StepChoice, bool]:
    """Compile by taking steps; the record, and whether the compiled step is taken."""
    eager = timed.seconds_per_step_eager
    assert eager is not None
    begun = time.perf_counter()
    try:
        loss = float(compiled(*batch))
    except (torch._dynamo.exc.TorchDynamoException, torch._inductor.exc.InductorError) as error:
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
    """Return the fastest number of threads for `step`; of numbers within 5 %, the smallest.

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
            best[count] = min(best[count], _seconds_per_step(step, seconds=0.02))
    fastest = min(best.values())
    return next(count for count, seconds in best.items() if seconds <= 1.05 * fastest)


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
