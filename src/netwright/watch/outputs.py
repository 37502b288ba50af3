"""What enters the loss: which function the net ends in, its range, and the targets beside it.

Signals: "loss.name" and "output.function" (text; the operation that made the prediction, read from
its graph: "softmax", "sigmoid", "relu", "tanh", ... or "" where nothing bounds it), "output.min",
"output.max", "output.columns", "output.constant" (1: the same number for every row, at the first
and the last state), "output.above.0" (share of numbers above 0), "target.min", "target.max",
"target.integers" (1), "target.distinct", "broadcast" (numbers in the blown-up result over numbers
in the prediction), "log.of" (text: what a logarithm in a loss written by hand was taken of),
"output.off" (classes of the targets whose column ends at 0 or below for every row),
"target.several" (share of target rows of 0 and 1 with more than one 1), "answers.cut" (1: an
evaluation cuts numbers between 0.4 and 0.6).
"""

import math
from typing import Any

import torch
from torch import Tensor

from netwright.watch.kept import Kept, main_loss, meets_constant
from netwright.watch.snapshot import unseen
from netwright.watch.tape import Entry, Slot, Tape
from netwright.watch.trial import measure, trial

_STEPS = 150
_SAME_SPACE = ("mse_loss", "l1_loss", "smooth_l1_loss", "huber_loss")
_CUTS = ("gt", "ge", "lt", "le", "__gt__", "__ge__", "__lt__", "__le__")
_COMPARE = ("eq", "__eq__", "ne", "__ne__", "round", "argmax")

# Operations that only rearrange numbers: the function is looked for behind them.
_REARRANGE = (
    "View", "Squeeze", "Unsqueeze", "Select", "Slice", "Transpose", "Permute", "TBackward",
    "UnsafeView", "Expand", "Clone", "ToCopy", "Reshape", "Alias", "Index", "Contiguous", "Cat",
    "Flatten", "Unbind", "Split",
)  # fmt: skip
_FUNCTIONS = {
    "Softmax": "softmax", "LogSoftmax": "log_softmax", "Sigmoid": "sigmoid", "Relu": "relu",
    "Tanh": "tanh", "Softplus": "softplus", "Hardtanh": "hardtanh", "LogSigmoid": "logsigmoid",
    "HardtanhBackward": "hardtanh", "Hardsigmoid": "sigmoid", "Threshold": "relu",
}  # fmt: skip
_CONSTANT = ("Add", "Sub", "Rsub", "Clamp")  # with one operand that learns: shifts or bounds it


def outputs(kept: Kept) -> None:
    """Record what enters the loss at the first state and at the last."""
    tapes = kept.tapes[:: max(1, len(kept.tapes) // 12)][:12]
    seen = [_Look(tape, kept, snapshot) for snapshot in (kept.first, kept.last) for tape in tapes]
    known = [look for look in seen if look.prediction is not None]
    trace, step = kept.trace, kept.steps
    main = main_loss(kept.tapes[0])
    trace.note("loss.name", main.name if main is not None else "")
    for look in seen[:1]:
        for number, text in enumerate(look.logs):
            trace.note("log.of", text, place=str(number))
        if look.blown_up:
            trace.record("broadcast", "", step, look.blown_up)
    if not known:
        return
    trace.note("output.function", known[0].function)
    for look in known:
        assert look.prediction is not None
        p = look.prediction.detach().double()
        finite = p[p.isfinite()]
        if finite.numel():
            trace.record("output.min", "", look.step, float(finite.min()))
            trace.record("output.max", "", look.step, float(finite.max()))
        trace.record("output.zeros", "", look.step, float((p == 0).double().mean()))
        trace.record("output.above.0", "", look.step, float((p > 1e-4).double().mean()))
        trace.record("output.columns", "", look.step, p.shape[1] if p.ndim > 1 else 1)
        if len(p) > 1:
            trace.record("output.constant", "", look.step, float(bool((p == p[:1]).all())))
    _targets(kept, known)


class _Look:
    """One tape on one state."""

    def __init__(self, tape: Tape, kept: Kept, snapshot: Any) -> None:
        self.step = snapshot.step
        self.prediction: Tensor | None = None
        self.target: Tensor | None = None
        self.function = ""
        self.blown_up = 0.0
        self.logs: list[str] = []
        with unseen():
            slots = tape.run(snapshot.swap)
        main = main_loss(tape)
        if main is not None:
            values = [*main.args, *main.kwargs.values()]
            prediction, target = (self._tensor(v, slots) for v in values[:2])
            if prediction is not None and target is not None and main.name.endswith("loss"):
                self._shapes(prediction, target)
            self.prediction, self.target = prediction, target
        else:
            self._by_criterion(tape, slots)
            self._by_hand(tape, slots)
        if self.prediction is not None:
            self.function = function_of(self.prediction)

    def _tensor(self, value: Any, slots: dict[int, Tensor]) -> Tensor | None:
        if isinstance(value, Slot):
            return slots[value.number]
        return value if isinstance(value, Tensor) else None

    def _shapes(self, prediction: Tensor, target: Tensor) -> None:
        """Two tensors of as many numbers, but of other shapes, that broadcast to more."""
        if prediction.numel() != target.numel() or prediction.shape == target.shape:
            return
        try:
            shape = torch.broadcast_shapes(prediction.shape, target.shape)
        except RuntimeError:
            return
        if math.prod(shape) > prediction.numel():
            self.blown_up = math.prod(shape) / prediction.numel()

    def _by_criterion(self, tape: Tape, slots: dict[int, Tensor]) -> None:
        """Look whether a module without parameters, such as a loss of the user's own, takes a
        prediction and a target of other shapes for all pairs: with one shape it tells another
        value."""
        for entry in tape.entries:
            if entry.kind != "criterion" or len(entry.args) != 2:
                continue
            given, target = (self._tensor(v, slots) for v in entry.args)
            result = slots[entry.results[0]].detach() if entry.results else None
            if given is None or target is None or result is None or result.ndim:
                continue
            self._shapes(given, target)
            if self.blown_up:
                with unseen(), torch.no_grad():
                    alike = entry.call(given.detach(), target.view_as(given), **entry.kwargs)
                if abs(float(alike - result)) <= 1e-3 * abs(float(result)):
                    self.blown_up = 0.0

    def _by_hand(self, tape: Tape, slots: dict[int, Tensor]) -> None:
        """Find prediction and target where a net's output meets a constant."""
        for entry in tape.entries:
            if entry.kind != "function" or len(entry.args) < 1:
                continue
            if entry.name in ("log", "log2", "log1p"):
                taken = self._tensor(entry.args[0], slots)
                if taken is not None and taken.grad_fn is not None:
                    self.logs.append(function_of(taken, shifted=True))
            met = meets_constant(entry)
            if self.prediction is None and met is not None and slots[met[0]].requires_grad:
                self.prediction, self.target = slots[met[0]], met[1]
                self._shapes(self.prediction, self.target)


def function_of(tensor: Tensor, *, shifted: bool = False) -> str:
    """Name the operation that bounds a tensor's numbers, from its graph; "" for any other.

    shifted: look behind added constants and clamps too, as in log(p + eps) and log(1 - p).
    """
    node = tensor.grad_fn
    for _ in range(20):
        if node is None:
            return ""
        name = node.name().partition("Backward")[0]
        if any(name.startswith(r) for r in _REARRANGE) or name == "T":
            node = node.next_functions[0][0]
            continue
        learning = [following for following, _ in node.next_functions if following is not None]
        if shifted and name in _CONSTANT and len(learning) == 1:
            node = learning[0]
            continue
        return _FUNCTIONS.get(name, "")
    return ""


_BOUNDS = {"relu": (0.0, math.inf), "sigmoid": (0.0, 1.0), "tanh": (-1.0, 1.0),
           "softmax": (0.0, 1.0), "hardtanh": (-1.0, 1.0), "softplus": (0.0, math.inf)}  # fmt: skip


def _targets(kept: Kept, looks: list[_Look]) -> None:
    trace, step = kept.trace, kept.steps
    found = [look.target for look in looks if look.target is not None and look.target.numel()]
    if not found:
        return
    values = torch.cat([t.detach().double().reshape(-1) for t in found])
    trace.record("target.min", "", step, float(values.min()))
    trace.record("target.max", "", step, float(values.max()))
    trace.record("target.integers", "", step, float(bool((values == values.round()).all())))
    trace.record("target.distinct", "", step, len(values.unique()))
    trace.record("target.columns", "", step, found[0].shape[1] if found[0].ndim > 1 else 1)
    bounds = _BOUNDS.get(trace.text("output.function"))
    if bounds is not None and trace.text("loss.name") in _SAME_SPACE:
        outside = (values < bounds[0] - 1e-6) | (values > bounds[1] + 1e-6)
        trace.record("target.outside", "", step, float(outside.double().mean()))
        beyond = values - values.clamp(*bounds)
        spread = (values - values.mean()).square().sum().clamp_min(1e-30)
        trace.record("target.lost", "", step, float(beyond.square().sum() / spread))
    last = [look for look in looks if look.step and look.target is not None]
    pairs = [(x.prediction, x.target) for x in last if x.prediction is not None]
    right = [
        float((p.detach().reshape(-1).round() == t.reshape(-1)).double().mean())
        for p, t in pairs
        if t is not None and p.numel() == t.numel()
    ]
    if right:
        trace.record("answers.right", "", step, sum(right) / len(right))
    compared = [
        entry.name for tape in kept.evaluations for entry in tape.entries if entry.name in _COMPARE
    ]
    trace.record("answers.compared", "", step, float(bool(compared)))
    cut = any(_cuts_at_half(entry) for tape in kept.evaluations for entry in tape.entries)
    trace.record("answers.cut", "", step, float(cut))
    alike = [p is not None and t is not None and p.shape == t.shape for p, t in pairs]
    if found[0].ndim == 2 and all(alike) and bool(((values == 0) | (values == 1)).all()):
        several = torch.cat([t.detach().sum(1) > 1 for t in found])
        trace.record("target.several", "", step, float(several.double().mean()))
    _off(kept, last)
    _unsquash(kept)


def _off(kept: Kept, last: list[_Look]) -> None:
    """Count the classes that no row is answered with any more."""
    pairs = [(x.prediction, x.target) for x in last]
    known = [
        (p.detach(), t)
        for p, t in pairs
        if p is not None and t is not None and p.ndim == 2 and t.ndim == 1
    ]
    if not known or any(t.is_floating_point() for _, t in known):
        return
    if len({p.shape[1] for p, _ in known}) > 1:
        return
    never = torch.cat([p for p, _ in known]).amax(0) <= 0
    wanted = torch.cat([t for _, t in known]).unique()
    wanted = wanted[(wanted >= 0) & (wanted < len(never))]
    kept.trace.record("output.off", "", kept.steps, float(never[wanted].sum()))


def _cuts_at_half(entry: Entry) -> bool:
    others = [a for a in entry.args[1:] if isinstance(a, float | int)]
    return entry.name in _CUTS and bool(others) and 0.4 <= others[0] <= 0.6


def _unsquash(kept: Kept) -> None:
    """Try the run with the last softmax or sigmoid taken back before the loss."""
    trace = kept.trace
    name, function = trace.text("loss.name"), trace.text("output.function")
    if name not in ("cross_entropy", "binary_cross_entropy_with_logits"):
        return
    if function not in ("softmax", "sigmoid"):
        return

    def change(entry: Entry, call: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        if entry.kind != "loss" or entry.name != name or not args:
            return NotImplemented
        given = args[0].clamp(1e-7, 1 - 1e-7)
        plain = given.log() if function == "softmax" else given.logit()
        return call(plain, *args[1:], **kwargs)

    training = kept.tapes[::2]
    held_out = kept.tapes[1::2] or training
    for trial_name, used in (("as.is", None), ("unsquashed", change)):
        state, losses = trial(
            kept.first, training, kept.recipe, steps=_STEPS, change=used,
            seconds=max(0.2, kept.left / 4),
        )  # fmt: skip
        if losses and math.isfinite(losses[-1]):
            found = measure(state, held_out, change)  # both by the likelihood that is meant
            trace.record(f"trial.{trial_name}", "", len(losses), math.fsum(found) / len(found))
            trace.record("trial.start", "", 0, losses[0])
