"""The loop of a study: ask for a batch of trials, train it as one pack, tell what each gave.

One process runs it, or several on one storage, here or elsewhere: all that they share is the study.
One process with one seed and no time bound always does the same, also when it was stopped between
two batches.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import optuna
import torch
from optuna.trial import TrialState

from netwright.data.data import Data
from netwright.device import seeded
from netwright.plan.plan import Plan
from netwright.plan.space import Space
from netwright.train.building import build_net
from netwright.train.run import Run
from netwright.tune.batch import AtRound, Outcome, train_batch
from netwright.tune.rungs import bracket_of, brackets, losers
from netwright.tune.search import NumberedSampler, changes_of
from netwright.tune.trials import ask, counted, give_back, tell

__all__ = ["Best", "Job", "pack_size", "work"]

# Parameters of a net -> members of its pack: past these a step is bound by arithmetic, and a larger
# pack only makes the search learn later. Accelerators are filled by four times as many.
PACKS = ((20_000, 128), (100_000, 32), (2_000_000, 8), (20_000_000, 2))
ACCELERATOR = 4
ROUNDS = 4  # of a Bayesian search at least: what one batch gave is what the next learns from
FIRST = 4  # trials of the first batch where time is bounded: they tell how long a batch takes


@dataclass(frozen=True, kw_only=True)
class Job:
    """What a study does; plain enough to be sent to another process. deadline: as time.time().
    workers: how many share it here. pack: trials a batch; None: by the net's size."""

    plan: Plan
    data: Data
    space: Space
    mark: Mapping[str, str]
    metric: str
    higher_is_better: bool
    method: str
    sampler: str
    trials: int
    storage: str | None
    name: str
    seed: int
    device: str
    num_threads: int | None
    deadline: float | None
    workers: int = 1
    pack: int | None = None


@dataclass
class Best:
    """The best run that this process trained to its end."""

    score: float | None = None
    number: int = -1
    run: Run | None = None

    def note(self, outcome: Outcome, number: int, *, higher_is_better: bool) -> None:
        """Keep the run if it is better than all before."""
        if outcome.state != "complete" or outcome.score is None:
            return
        sign = 1 if higher_is_better else -1
        if self.score is None or sign * outcome.score > sign * self.score:
            self.score, self.number, self.run = outcome.score, number, outcome.run


# Told after each round: trials of the batch -> (epochs done, score so far).
Told = Callable[[Mapping[int, tuple[int, float]]], None]


def work(
    job: Job,
    study: optuna.Study,
    *,
    size: int,
    after: Callable[[], None] | None = None,
    during: Told | None = None,
) -> Best:
    """Run batches until the study has its trials or time is up. after: told after each batch.

    An interruption (KeyboardInterrupt) gives the running trials back and goes on upward.
    """
    study.sampler = NumberedSampler(job.method, job.sampler, job.seed)
    best, now = Best(), size if job.deadline is None else min(size, FIRST)
    while job.deadline is None or time.time() < job.deadline:
        begun = time.time()
        batch = _ask_batch(job, study, now)
        if not batch:
            break
        changes = [changes_of(job.space, trial.params) for trial in batch]
        left = None if job.deadline is None else max(job.deadline - time.time(), 0.1)
        try:
            outcomes = train_batch(
                [job.plan.with_(change, why="tried by tune") for change in changes],
                job.data,
                seed=job.seed,
                metric=job.metric,
                device=job.device,
                num_threads=job.num_threads,
                seconds=left,
                at_round=_at_round(job, study, batch, during),
            )
        except BaseException:
            give_back(study, batch)
            raise
        for trial, outcome in zip(batch, outcomes, strict=True):
            tell(study, trial, outcome)
            best.note(outcome, trial.number, higher_is_better=job.higher_is_better)
        if after is not None:
            after()
        if job.deadline is not None:
            now = min(_affordable(len(batch), time.time() - begun, job.deadline), size)
    return best


def _affordable(trials: int, took: float, deadline: float) -> int:
    """Return how many trials the next batch may have, by the time that the last one took: so few
    that several batches fit into what is left, and never more than twice as many."""
    left = max(deadline - time.time(), 0.0)
    return max(min(int(trials * left / ROUNDS / max(took, 1e-3)), 2 * trials), 1)


def _ask_batch(job: Job, study: optuna.Study, size: int) -> list[optuna.Trial]:
    done = counted(study)
    share = -(-max(job.trials - done, 0) // job.workers)
    batch: list[optuna.Trial] = []
    while len(batch) < min(size, share) and counted(study) < job.trials:
        batch.append(ask(study, job.space))
    return batch


def pack_size(job: Job) -> int:
    """Return how many trials make a batch: by the size of the net, and few enough that a Bayesian
    search learns between batches."""
    if job.pack is not None:
        return job.pack
    with seeded(job.seed):
        net, _ = build_net(job.plan, job.data, job.seed, torch.device("cpu"))
    parameters = sum(p.numel() for p in net.parameters())
    most = next((members for bound, members in PACKS if parameters <= bound), 1)
    if torch.cuda.is_available() and job.device in ("auto", "cuda"):
        most *= ACCELERATOR
    if job.method == "bayes":
        most = min(most, -(-job.trials // ROUNDS))
    return max(most, 1)


def _at_round(
    job: Job, study: optuna.Study, batch: Sequence[optuna.Trial], during: Told | None
) -> AtRound:
    ladder = _Ladder(job, study, batch) if job.method == "hyperband" else None

    def at_round(states: Mapping[int, tuple[int, float]]) -> set[int]:
        if during is not None:
            during({batch[member].number: state for member, state in states.items()})
        return set() if ladder is None else ladder(states)

    return at_round


class _Ladder:
    """Judges the members of one pack at their rungs, beside the trials that were there before."""

    def __init__(self, job: Job, study: optuna.Study, batch: Sequence[optuna.Trial]) -> None:
        self.study, self.batch = study, batch
        self.sign = 1.0 if job.higher_is_better else -1.0
        self.rungs = brackets(job.plan.recipe.epochs)
        self.judged: set[tuple[int, int]] = set()

    def bracket(self, number: int) -> int:
        return bracket_of(number, len(self.rungs))

    def __call__(self, states: Mapping[int, tuple[int, float]]) -> set[int]:
        arrived: dict[tuple[int, int], dict[int, float]] = {}
        for member, (epochs, score) in states.items():
            number = self.batch[member].number
            bracket = self.bracket(number)
            if epochs in self.rungs[bracket] and (member, epochs) not in self.judged:
                self.judged.add((member, epochs))
                self.batch[member].report(score, epochs)
                arrived.setdefault((bracket, epochs), {})[member] = self.sign * score
        dropped: set[int] = set()
        for (bracket, epochs), scores in arrived.items():
            dropped |= losers(scores, self._before(bracket, epochs, set(scores)))
        return dropped

    def _before(self, bracket: int, epochs: int, members: set[int]) -> list[float]:
        own = {self.batch[member].number for member in members}
        states = (TrialState.COMPLETE, TrialState.PRUNED, TrialState.RUNNING)
        return [
            self.sign * trial.intermediate_values[epochs]
            for trial in self.study.get_trials(deepcopy=False, states=states)
            if trial.number not in own
            and epochs in trial.intermediate_values
            and self.bracket(trial.number) == bracket
        ]
