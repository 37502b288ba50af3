"""The trials of a study: asked for, told about, read back, and taken over from the dead.

Each process signs the trials it runs with its host and id. A trial without an outcome that ended
or whose process is gone is lost: it does not count, and its values wait for whoever asks next.
"""

import os
import platform
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

import optuna
from optuna.trial import FrozenTrial, TrialState

from netwright.plan.space import Space
from netwright.tune.batch import Outcome
from netwright.tune.search import changes_of, distributions
from netwright.tune.study import Trial

__all__ = ["ask", "counted", "give_back", "take_over", "tell", "trials_of", "unsigned"]

OUTCOME, WORKER = "outcome", "worker"
UNSIGNED_SECONDS = 40.0  # a trial is signed at once, or when a dead worker's lock is broken: 30 s
STATES = {"complete": TrialState.COMPLETE, "pruned": TrialState.PRUNED, "failed": TrialState.FAIL}


def ask(study: optuna.Study, space: Space) -> optuna.Trial:
    """Return the next trial, signed: one that waits, else one the sampler proposes."""
    trial = study.ask(distributions(space))
    trial.set_user_attr(WORKER, _sign())
    return trial


def tell(study: optuna.Study, trial: optuna.Trial, outcome: Outcome) -> None:
    """Write a trial's outcome."""
    trial.set_user_attr(
        OUTCOME,
        {
            "epochs": outcome.epochs,
            "seconds": round(outcome.seconds, 4),
            "reason": outcome.reason,
            "score": outcome.score,
            "curve": [float(f"{value:.6g}") for value in outcome.curve],
        },
    )
    if outcome.state == "pruned" and outcome.score is not None:
        known = study.get_trials(deepcopy=False)[trial.number].intermediate_values
        if outcome.epochs not in known:
            trial.report(outcome.score, outcome.epochs)  # what samplers learn from
    value = outcome.score if outcome.state == "complete" else None
    study.tell(trial, value, state=STATES[outcome.state])


def give_back(study: optuna.Study, trials: Iterable[optuna.Trial | FrozenTrial]) -> int:
    """End trials that were not finished; their values are tried again. Returns how many."""
    count = 0
    for trial in trials:
        study.tell(trial.number, state=TrialState.FAIL)
        study.enqueue_trial(dict(trial.params))
        count += 1
    return count


def take_over(study: optuna.Study) -> int:
    """Give back the running trials of processes of this machine that are gone, and those that
    nobody signed in time."""
    return give_back(study, [trial for trial in _running(study) if _is_orphan(trial)])


def unsigned(study: optuna.Study) -> bool:
    """Say whether a trial runs of which it is not known, or not yet, who runs it."""
    return any(WORKER not in trial.user_attrs for trial in _running(study))


def counted(study: optuna.Study) -> int:
    """Return how many trials are finished or running; lost ones do not count."""
    return sum(
        trial.state != TrialState.WAITING and not _lost(trial)
        for trial in study.get_trials(deepcopy=False)
    )


def trials_of(study: optuna.Study, space: Space) -> tuple[Trial, ...]:
    """Return the trials that are running or finished."""
    found = []
    for trial in study.get_trials(deepcopy=False):
        if trial.state == TrialState.WAITING or _lost(trial) or set(trial.params) < set(space):
            continue
        outcome: Mapping[str, Any] = trial.user_attrs.get(OUTCOME, {})
        state = next((ours for ours, theirs in STATES.items() if theirs == trial.state), "running")
        found.append(
            Trial(
                number=trial.number,
                changes=changes_of(space, trial.params),
                state=state,
                score=outcome.get("score"),
                epochs=outcome.get("epochs", 0),
                seconds=outcome.get("seconds", 0.0),
                reason=outcome.get("reason", ""),
                curve=tuple(outcome.get("curve", ())),
            )
        )
    return tuple(found)


def _lost(trial: FrozenTrial) -> bool:
    return trial.state == TrialState.FAIL and OUTCOME not in trial.user_attrs


def _running(study: optuna.Study) -> list[FrozenTrial]:
    return study.get_trials(deepcopy=False, states=(TrialState.RUNNING,))


def _is_orphan(trial: FrozenTrial) -> bool:
    if WORKER in trial.user_attrs:
        return _gone(trial.user_attrs[WORKER])
    begun = trial.datetime_start or datetime.now()
    return (datetime.now() - begun).total_seconds() > UNSIGNED_SECONDS


def _sign() -> str:
    return f"{platform.node()}:{os.getpid()}"


def _gone(signature: str) -> bool:
    """Say whether the process that signed is known to be gone: one of this machine that does not
    answer."""
    host, _, number = signature.rpartition(":")
    if host != platform.node() or os.name != "posix":  # elsewhere a signal is no harmless question
        return False
    try:
        os.kill(int(number), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False
