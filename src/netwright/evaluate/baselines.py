"""Honest baselines beside the net, on the same test rows: a trivial guess, a linear model, boosted
trees.

trivial: the share of each class, the mean, or for forecasts the better of last value and seasonal
naive. linear: logistic or ridge regression. trees: histogram gradient boosting. All with
scikit-learn's defaults, fitted on training and validation rows together (the net uses the latter
too, to stop and to calibrate), and within a bound of time.
"""

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import torch

from netwright.data.data import Data
from netwright.data.several_targets import data_of_task
from netwright.data.word_stream import CHOICES, PAIRS
from netwright.evaluate.baseline_control import best_linear_returns, random_returns
from netwright.evaluate.baseline_forms import three_of
from netwright.evaluate.baseline_job import Baseline, Job, open_job, timed
from netwright.evaluate.baseline_models import OutOfTime
from netwright.evaluate.baseline_rows import TREES, read_texts
from netwright.evaluate.baseline_words import singular_cosines
from netwright.evaluate.judge import targets_of
from netwright.evaluate.returns import score_returns
from netwright.evaluate.scores import TOKENS, Scores
from netwright.evaluate.task_scores import OneTask, join_scores
from netwright.evaluate.verdict import verdict
from netwright.evaluate.word_scores import score_words

__all__ = ["Baseline", "Baselines", "baselines", "verdict"]

# Forms whose trivial guess looks at its input: it copies, repeats or compares.
INFORMED = frozenset({"translation", "tagging", "forecasting", "reconstruction"})
DEFAULT_SECONDS = 60.0
COUNTED_A_SECOND = 50_000  # words of a corpus, singular vectors included


@dataclass(frozen=True, eq=False)
class Baselines(Mapping[str, Baseline]):
    """ "trivial", "linear" and "trees", in this order."""

    by_name: Mapping[str, Baseline]
    seconds: float

    def __getitem__(self, name: str) -> Baseline:
        return self.by_name[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.by_name)

    def __len__(self) -> int:
        return len(self.by_name)

    def to_dict(self) -> dict[str, Any]:
        """Return {"trivial": {metric: {"value", "low", "high"}} or None, "linear": ..., "trees":
        ...}.
        """
        return {name: b.scores.to_dict() if b.scores else None for name, b in self.items()}

    def reasons(self) -> dict[str, dict[str, Any]]:
        """Return {"trivial": {"model", "reason", "rows", "seconds"}, ...}: what was fitted, or why
        nothing was.
        """
        return {
            name: {
                "model": b.model,
                "reason": b.reason,
                "rows": b.rows,
                "seconds": round(b.seconds, 3),
            }
            for name, b in self.items()
        }

    def __str__(self) -> str:
        lines = []
        for name, b in self.items():
            result = f"{b.scores.primary} {b.scores[b.scores.primary]}" if b.scores else "-"
            lines.append(f"{name:<8} {result:<36} {b.model}{f' ({b.reason})' if b.reason else ''}")
        return "\n".join(lines)


def baselines(
    data: Data,
    *,
    seconds: float | None = None,
    metric: str | None = None,
    seed: int = 0,
    resamples: int = 1000,
    code_size: int = 0,
) -> Baselines:
    """Fit and score all three within `seconds` (60 by default). The seed is that of the net's own
    scores, so that both are resampled alike and can be compared in pairs. code_size: of a net that
    rebuilds rows, for as many principal components.
    """
    begun = time.monotonic()
    bound = DEFAULT_SECONDS if seconds is None else seconds
    if data.task.form == "control":
        return _of_acting(data, begun, bound, metric=metric, seed=seed, resamples=resamples)
    if data.task.form == "embedding":
        return _of_words(data, begun, bound, metric=metric, seed=seed, resamples=resamples)
    if data.task.form == "multi-task":
        return _of_tasks(data, begun, bound, metric=metric, seed=seed, resamples=resamples)
    three = three_of(data.task.form)
    job = open_job(data, metric=metric, seed=seed, resamples=resamples)
    job = replace(job, code_size=code_size)
    found = {"trivial": timed(lambda: three.trivial(job))}
    # Scoring takes as long for each; what is left is shared, and what the linear model leaves goes
    # to the trees.
    scoring = found["trivial"].seconds
    if data.kind == "text" and data.task.form not in TOKENS:
        job = read_texts(job, until=begun + 0.4 * bound)
    end = begun + 0.93 * bound - 2 * scoring  # estimates err
    fits: dict[str, tuple[str, Callable[[Job, float], Baseline]]] = {
        "linear": ("a linear model", three.linear),
        "trees": (TREES, three.trees),
    }
    for name, (words, fit) in fits.items():
        left = end - time.monotonic()
        if left <= 0.05:
            found[name] = Baseline(words, reason=f"no time was left of {bound:.3g} s for baselines")
            continue
        deadline = time.monotonic() + (0.3 * left if name == "linear" else left)
        try:
            found[name] = timed(lambda fit=fit, until=deadline: fit(job, until))  # type: ignore[misc]
        except OutOfTime as why:
            found[name] = Baseline(words, reason=str(why), cut=True)
    return Baselines(found, time.monotonic() - begun)


def _of_tasks(
    data: Data, begun: float, bound: float, *, metric: str | None, seed: int, resamples: int
) -> Baselines:
    """Fit the three for each task by itself, in an even share of the time, and join them."""
    count = len(data.task.tasks)
    each: list[tuple[Data, Baselines]] = []
    for number in range(count):
        own = data_of_task(data, number)
        left = max(begun + bound - time.monotonic(), 0.1) / (count - number)
        if len(own.test):
            each.append((own, baselines(own, seconds=left, seed=seed, resamples=resamples)))
    joined = {}
    for name in ("trivial", "linear", "trees"):
        found = [(own, three[name]) for own, three in each]
        words = "; ".join(f"{own.task.target}: {one.model}" for own, one in found)
        cuts = [f"{own.task.target}: {one.reason}" for own, one in found if one.reason]
        known = [
            OneTask(own.task, one.scores, targets_of(own.test).numpy())
            for own, one in found
            if one.scores is not None
        ]
        scores = None
        if len(known) == len(each):
            scores = join_scores(data.task, known, metric=metric, rows=len(data.test))
        rows = max((one.rows for _, one in found), default=0)
        spent = sum(one.seconds for _, one in found)
        joined[name] = Baseline(
            words, scores, "; ".join(cuts), rows, spent, any(one.cut for _, one in found)
        )
    return Baselines(joined, time.monotonic() - begun)


def _of_acting(
    data: Data, begun: float, bound: float, *, metric: str | None, seed: int, resamples: int
) -> Baselines:
    def score(returns: torch.Tensor) -> Scores:
        return score_returns(returns, data.task, metric=metric, resamples=resamples, seed=seed)

    def linear() -> Baseline:
        until = begun + 0.7 * bound  # then the best of them are tested
        returns, drawn = best_linear_returns(data, seed=seed, deadline=until)
        words = f"the best of {drawn} linear policies drawn at random"
        return Baseline(words, score(returns), rows=drawn)

    return Baselines(
        {
            "trivial": timed(
                lambda: Baseline("actions at random", score(random_returns(data, seed=seed)))
            ),
            "linear": timed(linear),
            "trees": Baseline("boosted trees", reason="they need rows whose answers are known"),
        },
        time.monotonic() - begun,
    )


def _of_words(
    data: Data, begun: float, bound: float, *, metric: str | None, seed: int, resamples: int
) -> Baselines:
    def score(outputs: torch.Tensor) -> Scores:
        return score_words(
            outputs, data.test, data.task, metric=metric, resamples=resamples, seed=seed
        )

    unlike = Baseline("boosted trees", reason="they have no vectors of words")
    words = "singular vectors of positive mutual information"
    if getattr(data.test, "name", "") != PAIRS:
        flat = Baseline("a guess", score(torch.zeros(len(data.test), CHOICES)))
        linear = Baseline(words, reason="they do not say how likely a neighbour is")
        return Baselines(
            {"trivial": flat, "linear": linear, "trees": unlike}, time.monotonic() - begun
        )
    guess = Baseline("no vectors", reason="without vectors no two words are alike")
    if bound * COUNTED_A_SECOND < len(data.train):
        linear = Baseline(words, reason=f"no time to count in {bound:.3g} s", cut=True)
    else:
        linear = timed(lambda: Baseline(words, score(singular_cosines(data, seed=seed))))
    return Baselines(
        {"trivial": guess, "linear": linear, "trees": unlike}, time.monotonic() - begun
    )
