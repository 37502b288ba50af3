"""What the same net tells of rows after other trainings than the user's.

Signals, each a skill: "skill.fresh" (on kept training rows that a short training from the first
state did not see), "skill.continued" and "skill.faster" (on the evaluated rows, after the run went
on for half its length, SHORT steps where it was shorter than those and at most STEPS, at its first
rate and at ten times that, "continued.steps" in number; on training
rows too, as "skill.continued.train" and "skill.faster.train", where a simple model tells more of
them). Where decay is strong "skill.decayed" and "skill.undecayed" (on evaluated rows, else training
rows, after as many steps with it and without). Where a function of the weights alone is added to
the loss, "skill.penalised" and "skill.unpenalised" are as many steps from the run's end with it and
without (these four on training rows too, with ".train"). Where dropout is strong "skill.dropped"
and "skill.undropped". Where the graph does not reach parameters that the optimizer holds,
"skill.cut" and "skill.reconnected" (after a short training from the first state with the graph as
it was, and whole).
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor, nn

from netwright.watch.evaluated import trained
from netwright.watch.kept import Kept, main_loss
from netwright.watch.on_graph import keep_graph
from netwright.watch.rows import Rows, distinct, hashes, rows_of
from netwright.watch.snapshot import Snapshot, unseen
from netwright.watch.tape import Tape
from netwright.watch.told import FEWEST, STEPS, record
from netwright.watch.trial import trial

SHORT = 60  # steps: half of so short a run is too little to tell anything
_STRONG_DECAY = 0.002  # of the weights a step
_STRONG_DROPOUT = 0.6
_DROPOUT = nn.modules.dropout._DropoutNd


def fresh(kept: Kept, loss: str) -> None:
    """Train a while on half of the kept batches; judge on the others' rows that are not in them."""
    learned, held_out = kept.tapes[::2], kept.tapes[1::2]
    pairs = trained(kept)
    if len(pairs) != len(kept.tapes) or not held_out:
        return
    known = rows_of(pairs[::2], loss, kept)
    others = rows_of(pairs[1::2], loss, kept)
    if known is None or others is None:
        return
    seen = set(hashes(known.inputs))
    new = others.at(torch.tensor([h not in seen for h in hashes(others.inputs)]))
    if len(new) < FEWEST:
        return
    new = distinct(new)
    state, _ = trial(kept.first, learned, kept.recipe, steps=STEPS, seconds=max(0.2, kept.left / 5))
    record(kept, "fresh", state, new)


def further(steps: int) -> int:
    """Return how long a run of so many steps is to go on."""
    return max(10, min(steps, SHORT), min(steps // 2, STEPS))


def continued(kept: Kept, judged: Rows | None, training: Rows | None) -> None:
    """Let the run go on from its end."""
    kept.trace.record("continued.steps", "", kept.steps, further(kept.steps))
    for name, factor in (("continued", 1.0), ("faster", 10.0)):
        rows = {name: judged, f"{name}.train": training}
        _go_on(kept, {k: v for k, v in rows.items() if v is not None}, lr_factor=factor)


def undecayed(kept: Kept, rows: Rows, training: Rows) -> None:
    """Let the run go on from its end with its weight decay and without, where that is strong."""
    if max(kept.trace.values("decay.ratio"), default=0.0) < _STRONG_DECAY:
        return
    for name, decays in (("decayed", True), ("undecayed", False)):
        _go_on(kept, {name: rows, f"{name}.train": training}, decays=decays)


def unpenalised(kept: Kept, rows: Rows, training: Rows) -> None:
    """Let the run go on from its end with what is added to its loss and without, where that is a
    function of the weights alone: the same for every batch."""
    added: list[float] = []
    plain: list[Tape] = []
    for tape in kept.tapes:
        main = main_loss(tape)
        if main is None or main.results == (tape.loss,) or tape.loss is None:
            return
        plain.append(replace(tape, loss=main.results[0]))
        if len(added) < 4:
            with unseen(), torch.no_grad():
                slots = tape.run(kept.last.swap)
            added.append(float(slots[tape.loss].sum() - slots[main.results[0]].sum()))
    if min(added) <= 0 or max(added) - min(added) > 1e-4 * max(added):
        return
    _go_on(kept, {"penalised": rows, "penalised.train": training})
    _go_on(kept, {"unpenalised": rows, "unpenalised.train": training}, tapes=plain)


def undropped(kept: Kept, rows: Rows) -> None:
    """Try the run with its dropout and without, where that is strong."""
    first = kept.first.nets[0]
    if not any(isinstance(m, _DROPOUT) and m.p >= _STRONG_DROPOUT for m in first.modules()):
        return

    def without(state: Snapshot) -> Sequence[Tensor]:
        for module in state.nets[0].modules():
            if isinstance(module, _DROPOUT):
                module.p = 0.0
        return ()

    for name, prepare in (("dropped", None), ("undropped", without)):
        steps, seconds = min(STEPS, kept.steps), max(0.2, kept.left / 5)
        state, losses = trial(
            kept.first, kept.tapes, kept.recipe, steps=steps, prepare=prepare, seconds=seconds
        )
        if losses and math.isfinite(losses[-1]):
            record(kept, name, state, rows)


def reconnected(kept: Kept, rows: Rows) -> None:
    """Try the run with the graph as it is and whole, where it is cut before what is to learn."""
    if not is_cut(kept):
        return
    for name, whole in (("cut", False), ("reconnected", True)):
        with whole_graph() if whole else nullcontext():
            state, losses = trial(
                kept.first, kept.tapes, kept.recipe, steps=STEPS, seconds=max(0.2, kept.left / 5)
            )
        if losses and math.isfinite(losses[-1]):
            record(kept, name, state, rows)


def is_cut(kept: Kept) -> bool:
    """Say whether the loss's graph leaves out some of what the optimizer was given, not all."""
    reached, held = set(kept.trace.places("reached")), _held(kept)
    unreached = kept.trace.places("unreached")
    return bool(reached) and any(n in held and n not in reached for n in unreached)


@contextmanager
def whole_graph() -> Iterator[None]:
    """Keep the graph where lines of the user's cut it."""
    undo = keep_graph(everywhere=True)
    try:
        yield
    finally:
        undo()


def _held(kept: Kept) -> set[str]:
    """Return the names of the parameters that the optimizer was given."""
    state = kept.first
    copies = [state.originals.get(i) for _, ids in kept.recipe.groups for i in ids]
    held = {id(copy) for copy in copies if copy is not None}
    return {name for name, p in state.nets[0].named_parameters() if id(p) in held}


def _go_on(
    kept: Kept, rows: Mapping[str, Rows], *, tapes: Sequence[Tape] = (), **changes: Any
) -> None:
    """Train on from the run's end; record the skill on the rows of each name."""
    steps, seconds = further(kept.steps), max(0.2, kept.left / 5)
    used = tapes or kept.tapes
    state, losses = trial(kept.last, used, kept.recipe, steps=steps, seconds=seconds, **changes)
    if losses and math.isfinite(losses[-1]):
        for name, those in rows.items():
            record(kept, name, state, those)
