"""Does the net answer one batch alike in train() and eval(), and the same in eval() every time; and
is each mode on when it should be?"""

from typing import Any

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from netwright.check.checks.train_and_eval import GAP, STEADY
from netwright.check.modes import batch_norms, without_dropout_
from netwright.check.result import Check
from netwright.check.seen import Seen, of_finding
from netwright.diagnose.finding import Finding
from netwright.watch.kept import Kept
from netwright.watch.snapshot import unseen
from netwright.watch.tape import Entry, Slot

__all__ = ["train_and_eval"]

NAME = "train-and-eval"
MANY = 0.2  # of the answers: an untrained net's answers are near ties, some of which turn anyway
MOST_PASSES = 100


class _Dropouts(TorchFunctionMode):
    """Counts dropout that acts."""

    def __init__(self) -> None:
        super().__init__()
        self.acting = 0

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        kwargs = kwargs or {}
        given = dict(zip(("input", "p", "training"), args, strict=False)) | kwargs
        if "dropout" in getattr(func, "__name__", ""):
            self.acting += bool(given.get("p") and given.get("training", True))
        self.acting += bool(kwargs.get("dropout_p"))  # of attention: it knows no mode
        return func(*args, **kwargs)


def train_and_eval(seen: Seen) -> Check:
    """Fail where a mode is wrong; warn where dropout acts in eval() or the modes disagree."""
    found = of_finding(seen, NAME, ("wrong-train-eval-mode",), certain=_certain)
    if found is not None:
        return found
    if seen.kept is None:
        return Check(name=NAME, status="skipped", words="no step was kept that can be run again")
    entry = _call(seen.kept)
    if entry is None:
        words = "it is asked of one net that answers tensors with a tensor"
        return Check(name=NAME, status="skipped", words=words)
    net = seen.kept.first.again().swap(entry.call)
    with _Dropouts() as dropouts:
        once = _ask(net.eval(), entry)
    again = _ask(net, entry, seed=1)
    if once is None or again is None or not once.numel():
        return Check(name=NAME, status="skipped", words="the net answers with more than a tensor")
    spread = _spread(once)
    unsteady = float((once - again).abs().max()) / spread
    if unsteady > STEADY:
        return _unsteady(seen, unsteady, dropouts.acting)
    return _compare(seen, net, entry)


def _certain(found: Finding) -> bool:
    return float(found.evidence.get("answers that the mode changes", 1.0)) > MANY


def _unsteady(seen: Seen, unsteady: float, acting: int) -> Check:
    said = f"the same batch gets other answers each time in eval() ({unsteady:.2g} of their spread)"
    if not acting:
        words = f"{said}: the net draws random numbers, on purpose it seems"
        return Check(name=NAME, status="info", words=words, numbers={"difference": unsteady})
    return Check(
        name=NAME,
        status="warning",
        fault="wrong-train-eval-mode",
        words=f"{said}: dropout acts in use",
        advice="Give F.dropout its training=self.training, or use nn.Dropout, which eval() "
        "switches off. (Monte Carlo dropout is meant to act.)",
        numbers={"difference": unsteady, "dropouts": acting},
        where=seen.where("forward"),
    )


def _compare(seen: Seen, net: nn.Module, entry: Entry) -> Check:
    without_dropout_(net)
    settled = _settle_(net, entry)
    trained, repeated = _ask(net.train(), entry), _ask(net, entry, seed=1)
    used = _ask(net.eval(), entry)
    same = trained is not None and used is not None and trained.shape == used.shape
    if not same or trained is None or used is None or repeated is None:
        words = "the net answers in another form in train() than in eval()"
        return Check(name=NAME, status="info", words=words)
    spread = max(_spread(used), _spread(trained))
    if float((trained - repeated).abs().max()) / spread > STEADY:
        words = "the net draws random numbers in train(), beside dropout, and none in eval()"
        return Check(name=NAME, status="passed", words=words)
    gap = float((trained - used).abs().mean()) / spread
    numbers: dict[str, float | str] = {
        "difference": gap,
        "batch norm layers": len(batch_norms(net)),
    }
    said = f"the answers in train() and eval() differ by {gap:.2g} of their spread, dropout aside"
    if gap > GAP and settled:
        said += ": beside dropout and batch norm something in the net depends on the mode"
    status = "info" if gap > GAP else "passed"
    return Check(name=NAME, status=status, words=said, numbers=numbers)  # type: ignore[arg-type]


def _call(kept: Kept) -> Entry | None:
    """Return the first step's call of its only net, given constants alone."""
    nets = kept.tapes[0].nets()
    if len(nets) != 1 or any(
        isinstance(v, Slot) for v in (*nets[0].args, *nets[0].kwargs.values())
    ):
        return None
    return nets[0] if id(nets[0].call) in kept.first.originals else None


def _ask(net: nn.Module, entry: Entry, *, seed: int = 0) -> Tensor | None:
    with unseen(seed), torch.no_grad():
        answer = net(*entry.args, **dict(entry.kwargs))
    if isinstance(answer, tuple | list) and answer:
        answer = answer[0]
    return answer.double() if isinstance(answer, Tensor) else None


def _spread(x: Tensor) -> float:
    return max(float(x.std()), 1e-12) if x.numel() > 1 else 1.0


def _settle_(net: nn.Module, entry: Entry) -> bool:
    """Let batch norm's running statistics reach those of the batch; return whether they did."""
    layers = batch_norms(net)
    momenta = [m.momentum for m in layers if m.momentum]
    passes = round(4 / min(momenta)) if momenta else len(layers)
    net.train()
    for _ in range(min(passes, MOST_PASSES)):
        _ask(net, entry)
    return passes <= MOST_PASSES
