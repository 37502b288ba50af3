"""How the user's evaluations turn outputs into answers, against what the loss says they mean.

Signals: "metric.cause" (text: "broadcast", "logits cut", "columns", "rows", "no argmax",
"probability cut", "squashed twice" or "numbers cut"), "metric.reported" and "metric.right" (share
of right answers by the user's comparison and by that of the loss, same outputs and targets; where
these are as many), "metric.rows". Only where one of those causes is seen: an unusual threshold on
probabilities, top-5 accuracy and exact matches are the user's choice.
"""

import math
from collections.abc import Iterator, Sequence
from typing import Any

from torch import Tensor

from netwright.watch.evaluated import Evaluated, evaluated, plain
from netwright.watch.kept import Kept, main_loss
from netwright.watch.skill import direct_loss
from netwright.watch.tape import Entry, Slot

_BINARY = ("binary_cross_entropy", "binary_cross_entropy_with_logits")
_CLASSES = ("cross_entropy", "nll_loss")
_DISTANCES = ("mse_loss", "l1_loss", "smooth_l1_loss", "huber_loss")
_CUTS = ("gt", "ge", "lt", "le", "round")
# Steps between an output and its comparison that leave the numbers what they are.
_SAME = (
    "squeeze", "unsqueeze", "view", "reshape", "flatten", "float", "double", "cpu", "to", "detach",
    "getitem", "numpy", "view_as", "reshape_as", "type", "clone", "contiguous", "ravel",
)  # fmt: skip


def share_right(name: str, args: Sequence[Any]) -> Tensor | None:
    """Return the share of rows whose class has the largest output, None for losses of other kinds.

    name, args: a loss function of torch and what it was called with: (N, C, ...) scores and (N,
    ...) classes, or as many logits or probabilities of 1 as targets of 0 and 1.
    """
    if len(args) < 2 or not all(isinstance(a, Tensor) for a in args[:2]):
        return None
    scores, target = args[0].detach(), args[1]
    if name in ("cross_entropy", "nll_loss"):
        if target.is_floating_point() or scores.ndim < 2 or target.ndim != scores.ndim - 1:
            return None
        return (scores.argmax(1) == target).double().mean()
    if name in _BINARY and scores.shape == target.shape:
        cut = 0.5 if name == "binary_cross_entropy" else 0.0
        return ((scores > cut) == (target > 0.5)).double().mean()
    return None


def metrics(kept: Kept) -> None:
    """Record the first cause for which an evaluation's answers are others than the right ones."""
    main = main_loss(kept.tapes[0])
    if main is None or kept.trace.places("broadcast"):
        return
    found: dict[str, list[tuple[float, float, int]]] = {}
    direct = direct_loss(kept)
    for one in evaluated(kept):
        if one.targets is not None:
            flaws = [*_compared(one, one.targets, main.name), *_squashed(one, one.targets, direct)]
            for cause, reported, right in flaws:
                found.setdefault(cause, []).append((reported, right, len(one.output)))
    for cause, seen in found.items():
        rows = sum(n for *_, n in seen)
        trace, step = kept.trace, kept.steps
        trace.note("metric.cause", cause)
        trace.record("metric.reported", "", step, math.fsum(a * n for a, _, n in seen) / rows)
        trace.record("metric.right", "", step, math.fsum(b * n for _, b, n in seen) / rows)
        trace.record("metric.rows", "", step, rows)
        return
    if any(_picks_rows(one) for one in evaluated(kept)):
        kept.trace.note("metric.cause", "rows")


def _picks_rows(one: Evaluated) -> bool:
    """Whether what is compared with whole numbers, however many, is argmax over the rows."""
    for entry in one.tape.entries:
        if entry.kind != "function" or plain(entry) != "eq" or one.output.ndim != 2:
            continue
        path, whole = one.path(entry), [a for a in entry.args if isinstance(a, Tensor)]
        if whole and not whole[0].is_floating_point() and path and len(one.output) > 1:
            picks = plain(path[-1]) in ("argmax", "max") and _axis(path[-1]) in (0, -2)
            if picks and all(plain(e) in _SAME for e in path[:-1]):
                return True
    return False


def _compared(one: Evaluated, targets: Tensor, loss: str) -> Iterator[tuple[str, float, float]]:
    """Yield (cause, reported, right) for each comparison that has a known flaw."""
    same_size = one.output.numel() == targets.numel()
    for entry in one.tape.entries:
        if entry.kind != "function":
            continue
        name, path = plain(entry), one.path(entry)
        if name == "eq" and _targets_in(entry, targets):
            result = one.slots[entry.results[0]]
            if loss in _BINARY and same_size and result.numel() == len(targets) ** 2 > len(targets):
                yield "broadcast", _share(result), _share(_right(one.output, targets, loss))
            columns = one.output.ndim == 2 and one.output.shape[1] == 1
            if loss in _BINARY and columns and path and plain(path[0]) == "argmax":
                if _axis(path[0]) in (1, -1) and result.numel() == len(targets):
                    yield "columns", _share(result), _share(_right(one.output, targets, loss))
        if name == "eq" and loss in _CLASSES and _one_class_a_row(one.output, targets):
            result, right = one.slots[entry.results[0]], _share(one.output.argmax(1) == targets)
            cause = _class_cause(entry, path, result, len(targets))
            if cause and _targets_in(entry, targets):
                yield cause, _share(result), right
        if name == "gt" and loss == _BINARY[1] and same_size and _other(entry) == 0:
            if path and any(plain(e) == "sigmoid" for e in path):
                answers = one.slots[entry.results[0]].reshape(-1)
                truth = targets.reshape(-1) > 0.5
                right = _share(_right(one.output, targets, loss))
                yield "probability cut", _share(answers == truth), right
        if name in ("gt", "ge") and loss in _DISTANCES and same_size and _other(entry) == 0:
            two = bool(((targets == 0) | (targets == 1)).all())
            if two and all(plain(e) in _SAME for e in path):  # 0 or 1 is what it learned to answer
                truth, answers = targets.reshape(-1) > 0.5, one.slots[entry.results[0]].reshape(-1)
                right = _share((one.output.reshape(-1) > 0.5) == truth)
                yield "numbers cut", _share(answers == truth), right
        if name in _CUTS and loss == _BINARY[1] and same_size:
            if all(plain(e) in _SAME for e in path) and _is_half(entry, name):
                answers = one.slots[entry.results[0]].reshape(-1).bool()
                answers = ~answers if name in ("lt", "le") else answers
                if name == "round":  # 1 is an answer; 2 and -1 are none
                    answers = one.slots[entry.results[0]].reshape(-1)
                right = _share(_right(one.output, targets, loss))
                truth = targets.reshape(-1).to(answers.dtype)
                yield "logits cut", _share(answers == truth), right


def _squashed(one: Evaluated, targets: Tensor, loss: str) -> Iterator[tuple[str, float, float]]:
    """Yield the same for a sigmoid over probabilities, which lies above one half for any answer.

    loss: the one that the net's output enters as it is."""
    if loss not in _BINARY or one.output.numel() != targets.numel():
        return
    most = 1 if loss == _BINARY[1] else 0
    for entry in one.tape.entries:
        if entry.kind != "function" or plain(entry) not in ("gt", "ge", "round"):
            continue
        sigmoids = sum(plain(e) == "sigmoid" for e in one.path(entry))
        if sigmoids > most and _is_half(entry, plain(entry)):
            answers = one.slots[entry.results[0]].reshape(-1) > 0
            truth = targets.reshape(-1) > 0.5
            yield (
                "squashed twice",
                _share(answers == truth),
                _share(_right(one.output, targets, loss)),
            )


def _one_class_a_row(output: Tensor, targets: Tensor) -> bool:
    whole = not targets.is_floating_point() and targets.ndim == 1
    return whole and output.ndim == 2 and len(output) == len(targets)


def _class_cause(entry: Entry, path: Sequence[Entry], result: Tensor, rows: int) -> str:
    """Name the flaw in how classes are picked and met with the targets; "" if none is known."""
    picks = [e for e in path if plain(e) in ("argmax", "max")]
    if picks and result.numel() == rows**2 > rows:
        return "broadcast"
    if picks and _axis(picks[-1]) in (0, -2):
        return "rows"
    cut = any(plain(e) == "round" for e in path)
    return "no argmax" if cut and not picks and result.numel() == rows else ""


def _other(entry: Entry) -> Any:
    """Return the number that an output is compared with."""
    others = [a for a in entry.args if not isinstance(a, Slot | Tensor)]
    return others[0] if others else None


def _targets_in(entry: Entry, targets: Tensor) -> bool:
    return any(isinstance(a, Tensor) and a.numel() == targets.numel() for a in entry.args)


def _right(output: Tensor, targets: Tensor, loss: str) -> Tensor:
    middle = 0.0 if loss == "binary_cross_entropy_with_logits" else 0.5
    return (output.reshape(-1) > middle) == (targets.reshape(-1) > 0.5)


def _share(answers: Tensor) -> float:
    return float(answers.double().mean())


def _axis(entry: Entry) -> Any:
    return entry.kwargs.get("dim", entry.args[1] if len(entry.args) > 1 else None)


def _is_half(entry: Entry, name: str) -> bool:
    """Whether numbers are cut at one half."""
    if name == "round":
        return True
    others = [a for a in entry.args if not isinstance(a, Slot)]
    return bool(others) and not isinstance(others[0], Tensor) and others[0] == 0.5
