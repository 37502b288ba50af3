"""fit_pack: many nets of one family trained as one, each as if it were alone.

Members of one family share a Stack: one forward and backward pass gives all their gradients, one
pass over the rows steps all their optimisers. Everything else (rates, early stopping, best weights,
scores) is each member's own, by the code that `fit` runs. Members that stop leave the stack. What
cannot be stacked is trained one after another and says so in `run.notes["pack"]`.

After TabPack (arXiv 2607.05380), which packs MLPs with different hyperparameters.
"""

import contextlib
import signal
import threading
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from pathlib import Path
from types import FrameType
from typing import Any, Protocol

import torch
from torch import Tensor

from netwright.data.data import Data
from netwright.device import choose_device, threads
from netwright.errors import UsageError
from netwright.plan.plan import Plan
from netwright.train.checkpoint import load_checkpoint, save_checkpoint
from netwright.train.grouping import Group, waves
from netwright.train.lockstep import CannotStackError, Lockstep
from netwright.train.member import AfterEpoch, Alone, Member, MemberEpoch, Saved
from netwright.train.run import Run
from netwright.train.state import under
from netwright.train.training import CHECKPOINT_SECONDS, SHORTEST_CHECKPOINT_SECONDS

__all__ = ["AfterEpoch", "AfterRound", "Keeper", "MemberEpoch", "fit_pack"]


AfterRound = Callable[[], bool | Collection[int]]


class Keeper(Protocol):
    """Who watches a pack and must know after a resumption what it knew before."""

    def state(self) -> dict[str, Any]:
        """Return it as plain values."""
        ...

    def restore(self, state: dict[str, Any], kept: Sequence[MemberEpoch]) -> None:
        """Take it back. kept: of each member that had finite numbers, its last row of history and
        the outputs of the weights that it would now leave with."""
        ...


def fit_pack(
    plans: Sequence[Plan],
    data: Data | Sequence[Data],
    *,
    seeds: Sequence[int] | None = None,
    order_seed: int | None = None,
    out: str | Path | None = None,
    device: str = "auto",
    num_threads: int | None = None,
    seconds: float | None = None,
    metric: str | None = None,
    resume: bool = False,
    memory: int | None = None,
    after_epoch: AfterEpoch | None = None,
    after_round: AfterRound | None = None,
    keeper: Keeper | None = None,
) -> list[Run | None]:
    """Train each plan on the data and return its Run, equal to `fit(plan, data, seed=...,
    order_seed=...)` up to rounding, with `validation` holding the metric alone; None for a member
    that never gave finite numbers.

    data: everybody's, or each member's own, such as folds of one table. seeds: of each member's
    weights, dropout and batches; 0, 1, ... by default. order_seed: of the batches of all members,
    which are then the same ones and, where all have the same data, cheaper. out: a folder for
    checkpoints, from which `resume` goes on. seconds: bound on the whole pack. memory: bytes that a
    stack may take; by default half of what is free. after_epoch: told of each member's epochs;
    where it returns False the member is dropped, with what it kept so far. after_round: called when
    all members in training have done an epoch; False drops them all, member numbers those. keeper:
    has a state of its own that belongs into the checkpoint.
    """
    numbers = list(range(len(plans))) if seeds is None else list(seeds)
    if not plans or len(numbers) != len(plans):
        raise UsageError(
            f"{len(plans)} plans and {len(numbers)} seeds were given; expected as many of each, "
            "and at least one."
        )
    own = [data] * len(plans) if isinstance(data, Data) else list(data)
    if len(own) != len(plans):
        raise UsageError(
            f"{len(plans)} plans and {len(own)} data were given; expected one for all members, or "
            "one for each."
        )
    if any(plan.members is not None for plan in plans):
        raise UsageError(
            "A plan of the pack has members of its own. Give their plans (plan.member(i)), or "
            "plan.with_({'members': None}) for its net alone."
        )
    place = choose_device(device)
    folder = Path(out) / "checkpoint" if out is not None else None
    saved = load_checkpoint(folder) if resume and folder is not None else None
    with threads(num_threads):
        members = [
            Member(
                number,
                plan,
                rows,
                seed=seed,
                order_seed=order_seed,
                device=place,
                metric=metric,
                saved=_of_member(saved, number),
            )
            for number, (plan, rows, seed) in enumerate(zip(plans, own, numbers, strict=True))
        ]
        one = all(rows is own[0] for rows in own)
        pack = _Pack(members, folder, one and order_seed is not None, num_threads, keeper)
        if saved is not None and keeper is not None:
            keeper.restore(saved[1]["keeper"], [now for m in members if (now := m.kept_now())])
        with interruptions() as asked:
            pack.interrupted = asked
            try:
                pack.run(seconds, memory, after_epoch, after_round)
            except KeyboardInterrupt:
                for member in members:
                    member.stop("interrupted")
    interrupted = any(member.training.state.stopped == "interrupted" for member in members)
    runs = []
    for member in members:
        run = member.finish(interrupted=interrupted)
        if run is not None:
            run.notes["pack"] = pack.said[member.number]
        runs.append(run)
    return runs


class _Pack:
    """The members on their way: in crews that take turns, an epoch each."""

    def __init__(
        self,
        members: Sequence[Member],
        folder: Path | None,
        shared: bool,
        num_threads: int | None,
        keeper: Keeper | None,
    ) -> None:
        self.members, self.folder, self.shared = members, folder, shared
        self.num_threads, self.keeper = num_threads, keeper
        self.said = {member.number: "had stopped before" for member in members}
        self.saved_at = time.monotonic()
        self.crews: list[Lockstep | Alone] = []
        self.interrupted: Callable[[], bool] = bool

    def run(
        self,
        seconds: float | None,
        memory: int | None,
        after_epoch: AfterEpoch | None,
        after_round: AfterRound | None,
    ) -> None:
        """Train every member to its end. Groups that memory does not hold together wait."""
        deadline = None if seconds is None else time.monotonic() + seconds
        found = waves([member for member in self.members if member.goes_on], memory)
        for at, wave in enumerate(found):
            now, later = _members(wave), sum(_members(other) for other in found[at:])
            if deadline is not None:
                end = time.monotonic() + (deadline - time.monotonic()) * now / later
                for member in (member for group in wave for member in group.members):
                    member.training.deadline = end
            self.crews = [
                crew for group in wave for crew in self._crews(group, len(group.members) / now)
            ]
            while self.crews:
                self._round(after_epoch, after_round)

    def _crews(self, group: Group, share_of_time: float) -> list[Lockstep | Alone]:
        """Stack the group up; in halves where memory was not enough, one by one where it fails."""
        members = group.members
        reason = group.reason
        if not reason:
            try:
                crew = Lockstep(
                    members,
                    shared=self.shared,
                    num_threads=self.num_threads,
                    share_of_time=share_of_time,
                    after_step=self.between_steps,
                )
            except CannotStackError as error:
                reason = str(error)
            except torch.OutOfMemoryError:
                reason = "memory holds no second member"
                if len(members) > 3:
                    half = len(members) // 2
                    halves = Group(members[:half], "", 0), Group(members[half:], "", 0)
                    return [c for part in halves for c in self._crews(part, share_of_time / 2)]
            else:
                for member in members:
                    self.said[member.number] = f"stacked with {len(members) - 1} others"
                return [crew]
        for member in members:
            member.leave()
            member.training.share_of_time = share_of_time / len(members)
            self.said[member.number] = f"trained alone: {reason}"
        return [Alone(member, self.num_threads) for member in members]

    def _round(self, after_epoch: AfterEpoch | None, after_round: AfterRound | None) -> None:
        # A run that was broken off in a round goes on with those that had not had their turn.
        epochs = [crew.members[0].training.state.epoch for crew in self.crews]
        for crew, epoch in zip(self.crews, epochs, strict=True):
            if epoch == min(epochs):
                crew.run_epoch(after_epoch)
        verdict = True if after_round is None else after_round()
        for member in (member for crew in self.crews for member in crew.members):
            if verdict is False or (verdict is not True and member.number in verdict):
                member.stop("dropped by its pack")
        for crew in self.crews:
            crew.drop_stopped()
        self.crews = [crew for crew in self.crews if crew.members]
        self._share_time()
        self.stop_if_asked()
        if time.monotonic() - self.saved_at > SHORTEST_CHECKPOINT_SECONDS or not self.crews:
            self.checkpoint()

    def _share_time(self) -> None:
        """Give each crew of what is left as much as its other epochs need beside the others': where
        time is short, all do the same part of their recipes."""
        needs = [crew.seconds_left() for crew in self.crews]
        for crew, need in zip(self.crews, needs, strict=True):
            if need:
                crew.take_share(need / sum(needs))

    def stop_if_asked(self) -> None:
        """Stop where somebody pressed Ctrl-C; called where all members' states agree."""
        if self.interrupted():
            self.checkpoint()
            raise KeyboardInterrupt

    def between_steps(self) -> None:
        """Stop if asked to; write a checkpoint if the last one is old."""
        self.stop_if_asked()
        if self.folder is not None and time.monotonic() - self.saved_at > CHECKPOINT_SECONDS:
            self.checkpoint()

    def checkpoint(self) -> None:
        """Write all that `resume` needs."""
        if self.folder is None:
            return
        for crew in self.crews:
            crew.sync()
        tensors: dict[str, Tensor] = {}
        plain: dict[str, Any] = {
            "members": [],
            "keeper": self.keeper.state() if self.keeper is not None else None,
        }
        for member in self.members:
            own, values = member.packed()
            tensors |= {f"{member.number}.{name}": value for name, value in own.items()}
            plain["members"].append(values)
        save_checkpoint(self.folder, tensors, plain)
        self.saved_at = time.monotonic()


@contextlib.contextmanager
def interruptions() -> Iterator[Callable[[], bool]]:
    """Give a question: was Ctrl-C pressed inside? A second time it interrupts at once.

    A step that is broken off would leave the members in unlike states. Outside of the main thread
    nothing is caught.
    """
    asked = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield asked.is_set
        return
    before = signal.getsignal(signal.SIGINT)

    def note(number: int, frame: FrameType | None) -> None:
        if asked.is_set():
            raise KeyboardInterrupt
        asked.set()

    signal.signal(signal.SIGINT, note)
    try:
        yield asked.is_set
    finally:
        signal.signal(signal.SIGINT, before)


def _members(wave: Sequence[Group]) -> int:
    return sum(len(group.members) for group in wave)


def _of_member(saved: Saved | None, number: int) -> Saved | None:
    """What a checkpoint of the pack holds of one member."""
    if saved is None:
        return None
    tensors, plain = saved
    return under(tensors, f"{number}."), plain["members"][number]
