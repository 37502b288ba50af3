"""A member of a pack: a Training made ready, and the random stream that it would train with."""

import copy
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor
from torch.optim import Optimizer

from netwright.data.data import Data
from netwright.device import seeded
from netwright.evaluate.judge import outputs_of
from netwright.plan.plan import Plan
from netwright.train.optimizers import MuonWithAdamW
from netwright.train.run import Run
from netwright.train.training import Training

__all__ = ["AfterEpoch", "Alone", "Member", "MemberEpoch"]

Saved = tuple[dict[str, Tensor], dict[str, Any]]


@dataclass(frozen=True)
class MemberEpoch:
    """What a member's epoch gave. number: the member's, from 0. row: of its history. outputs (rows,
    outputs): of the validation split, on the CPU. kept: whether the weights of this epoch are the
    ones the member would now leave with."""

    number: int
    row: Mapping[str, float]
    outputs: Tensor
    kept: bool


AfterEpoch = Callable[[MemberEpoch], bool]


class Member:
    """number: from 0, in the order of the plans. saved: what `packed` gave, to go on from."""

    def __init__(
        self,
        number: int,
        plan: Plan,
        data: Data,
        *,
        seed: int,
        order_seed: int | None,
        device: torch.device,
        metric: str | None,
        saved: Saved | None = None,
    ) -> None:
        self.number, self.seed, self.saved = number, seed, saved
        with seeded(seed):
            self.training = Training(
                plan, data, None, seed, device, None, metric, None, order_seed=order_seed
            )
            self.training.prepare(saved, alone=False)
            on_gpu = device.type == "cuda"
            self.stream = torch.Generator(device) if on_gpu else torch.Generator()
            now = torch.cuda.get_rng_state(device) if on_gpu else torch.get_rng_state()
            self.stream.set_state(now)

    @property
    def goes_on(self) -> bool:
        """Whether it is still in training."""
        return not self.training.state.stopped

    def end_epoch(self, outputs: Tensor | None, tell: AfterEpoch | None) -> None:
        """Judge the epoch and tell whoever asked, who may drop the member."""
        self.training.end_epoch(outputs)
        self.tell(tell)

    def tell(self, after_epoch: AfterEpoch | None) -> None:
        """Tell of the epoch that has ended; False drops the member."""
        state = self.training.state
        if after_epoch is None:
            return
        kept = state.kept_epoch == state.epoch - 1
        if not after_epoch(
            MemberEpoch(self.number, state.history[-1], self.training.outputs, kept)
        ):
            self.stop("dropped by its pack")

    def kept_now(self) -> MemberEpoch | None:
        """Return the last epoch's row with the outputs of the kept weights; None where there are
        none yet."""
        training = self.training
        if not training.best:
            return None
        net = copy.deepcopy(training.net)
        net.load_state_dict(training.best)
        model = replace(training.model, net=net)
        outputs = outputs_of(model, training.data.validation)
        return MemberEpoch(self.number, training.state.history[-1], outputs, kept=True)

    def stop(self, reason: str) -> None:
        """Stop before the next step, unless it has stopped already."""
        self.training.state.stopped = self.training.state.stopped or reason

    def packed(self) -> Saved:
        """Return all that is needed to go on from here."""
        tensors, plain = self.training.packed()
        on_gpu = self.training.device.type == "cuda"
        tensors["rng.cuda" if on_gpu else "rng.torch"] = self.stream.get_state()
        return tensors, plain

    def leave(self) -> None:
        """Take storage and a stream of one's own again, so that the stack can be freed."""
        training = self.training
        self.stream = self.stream.clone_state()
        for net in (training.net, training.average.net):
            for p in net.parameters():
                p.data, p.grad = p.detach().clone(), None
            for module in net.modules():
                for key, buffer in module._buffers.items():
                    if buffer is not None:
                        module._buffers[key] = buffer.clone()
        for part in parts_of(training.optimizer):
            for state in part.state.values():
                state |= {k: v.clone() for k, v in state.items() if isinstance(v, Tensor)}

    def finish(self, *, interrupted: bool = False) -> Run | None:
        """Return the Run; None where no epoch gave finite numbers."""
        return self.training.finish(interrupted, briefly=True) if self.training.best else None


def parts_of(optimizer: Optimizer) -> tuple[Optimizer, ...]:
    """Return the optimisers that one is made of: itself, or Muon and AdamW."""
    return optimizer.parts if isinstance(optimizer, MuonWithAdamW) else (optimizer,)


class Alone:
    """A member that is trained by itself, as `fit` would."""

    def __init__(self, member: Member, num_threads: int | None = None) -> None:
        self.members = [member]
        before = member.saved[1] if member.saved else {}
        member.training.threads_given = num_threads is not None
        with seeded(member.seed):
            member.training.choose_threads(before.get("threads"))
            member.training.choose_step(before.get("step"))
        self._threads = torch.get_num_threads()

    def run_epoch(self, tell: AfterEpoch | None) -> None:
        """Train an epoch and judge it."""
        (member,) = self.members
        training = member.training
        torch.set_num_threads(self._threads)
        devices = [training.device] if training.device.type == "cuda" else []
        with torch.random.fork_rng(devices=devices):
            if devices:
                torch.cuda.set_rng_state(member.stream.get_state(), training.device)
            else:
                torch.set_rng_state(member.stream.get_state())
            training.run_epoch()
            member.stream.set_state(
                torch.cuda.get_rng_state(training.device) if devices else torch.get_rng_state()
            )
        member.tell(tell)

    def seconds_left(self) -> float:
        """Return what the epochs that are left would take, were there time for all."""
        return self.members[0].training.seconds_left()

    def take_share(self, share_of_time: float) -> None:
        """Fit the schedule to a share of the time that is left."""
        training = self.members[0].training
        training.share_of_time = share_of_time
        training.replan(training.seconds_per_step)

    def sync(self) -> None:
        """Nothing to do: the member's state is up to date after every step."""

    def drop_stopped(self) -> None:
        """Let the member go if it has stopped."""
        self.members = [member for member in self.members if member.goes_on]
