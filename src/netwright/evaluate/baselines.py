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

import numpy as np
import torch
from numpy.typing import NDArray

from netwright.data.data import Data, Rows, Split
from netwright.data.forecast_encoding import ForecastEncoding
from netwright.data.graph_encoding import GraphEncoding
from netwright.data.node_encoding import NodeEncoding
from netwright.data.word_stream import CHOICES, PAIRS
from netwright.evaluate.baseline_control import best_linear_returns, random_returns
from netwright.evaluate.baseline_forecasts import (
    forecast_by_ridge,
    forecast_by_trees,
    naive_forecasts,
)
from netwright.evaluate.baseline_generation import MOST_NUMBERS, normal_rows
from netwright.evaluate.baseline_inputs import (
    MAX_TEST_ROWS,
    MAX_TRAIN_ROWS,
    Features,
    Sample,
    coded_features,
    gather,
    graph_features,
    image_features,
    one_hot_features,
    series_features,
    summary_features,
    telling_words,
    text_features,
)
from netwright.evaluate.baseline_language import MAX_VOCABULARY, pair_nats, single_nats
from netwright.evaluate.baseline_maps import by_grey_value, by_surroundings, most_frequent
from netwright.evaluate.baseline_models import (
    Fitted,
    OutOfTime,
    fit_logistic,
    fit_ridge,
    fit_trees,
)
from netwright.evaluate.baseline_reconstruction import mean_errors, pca_errors
from netwright.evaluate.baseline_tags import FEATURES, by_features, by_word, sentences_of
from netwright.evaluate.baseline_translations import piece_nats, word_by_word
from netwright.evaluate.baseline_words import singular_cosines
from netwright.evaluate.judge import mase_scale, overlap
from netwright.evaluate.map_metrics import facts_of_maps, score_maps
from netwright.evaluate.metrics import score_classes, score_tokens, score_values
from netwright.evaluate.reconstruction_metrics import score_errors
from netwright.evaluate.returns import score_returns
from netwright.evaluate.score_tags import best_outside, score_tags
from netwright.evaluate.score_translations import score_translations
from netwright.evaluate.scores import Scores
from netwright.evaluate.similarity_metrics import score_embeddings
from netwright.evaluate.two_sample import real_rows, score_samples
from netwright.evaluate.verdict import verdict
from netwright.evaluate.word_scores import score_words

__all__ = ["Baseline", "Baselines", "baselines", "verdict"]

DEFAULT_SECONDS = 60.0
COUNTED_A_SECOND = 50_000  # words of a corpus, singular vectors included
# Boosting looks at every feature in every round, so it is given fewer pixels.
LINEAR_PIXELS = 1024
TREE_PIXELS = 200
MOST_TREE_PIXELS = 4_000_000  # of test pictures whose every pixel is asked
TELLING_WORDS = (
    300  # that trees are given; a third with many classes, each of which needs its own trees
)


NO_TREES = {
    "language-modelling": "trees do not predict one token out of a whole vocabulary",
    "tagging": "trees do not read words, and the linear model has all there is beside them",
    "translation": "trees write no text",
    "reconstruction": "trees do not rebuild rows",
    "generation": "trees do not draw rows",
}


@dataclass(frozen=True)
class Baseline:
    """scores: None where there are none, and `reason` says why; else `reason` says what was cut.

    cut: whether it might have been better with all rows and rounds.
    """

    model: str
    scores: Scores | None = None
    reason: str = ""
    rows: int = 0
    seconds: float = 0.0
    cut: bool = False


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


@dataclass(frozen=True)
class _Job:
    """What every baseline is given."""

    data: Data
    train: Sample
    test: Sample
    metric: str | None
    seed: int
    resamples: int
    rows_cut: str
    code_size: int = 0
    texts: Features | None = None  # of the training rows: both models read them


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
    job = _open(data, metric=metric, seed=seed, resamples=resamples)
    job = replace(job, code_size=code_size)
    found = {"trivial": _timed(lambda: _trivial(job))}
    # Scoring takes as long for each; what is left is shared, and what the linear model leaves goes
    # to the trees.
    scoring = found["trivial"].seconds
    if data.kind == "text" and data.task.form != "language-modelling":
        job = _read_texts(job, until=begun + 0.4 * bound)
    end = begun + 0.93 * bound - 2 * scoring  # estimates err
    fits: dict[str, tuple[str, Callable[[_Job, float], Baseline]]] = {
        "linear": ("a linear model", _linear),
        "trees": ("histogram gradient boosting", _trees),
    }
    for name, (words, fit) in fits.items():
        left = end - time.monotonic()
        if left <= 0.05:
            found[name] = Baseline(words, reason=f"no time was left of {bound:.3g} s for baselines")
            continue
        deadline = time.monotonic() + (0.3 * left if name == "linear" else left)
        try:
            found[name] = _timed(lambda fit=fit, until=deadline: fit(job, until))  # type: ignore[misc]
        except OutOfTime as why:
            found[name] = Baseline(words, reason=str(why), cut=True)
    return Baselines(found, time.monotonic() - begun)


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
            "trivial": _timed(
                lambda: Baseline("actions at random", score(random_returns(data, seed=seed)))
            ),
            "linear": _timed(linear),
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
        linear = _timed(lambda: Baseline(words, score(singular_cosines(data, seed=seed))))
    return Baselines(
        {"trivial": guess, "linear": linear, "trees": unlike}, time.monotonic() - begun
    )


def _open(data: Data, *, metric: str | None, seed: int, resamples: int) -> _Job:
    train = gather([data.train, data.validation], limit=MAX_TRAIN_ROWS, seed=seed)
    test = gather([data.test], limit=MAX_TEST_ROWS, seed=seed)
    cut = []
    if len(train) < train.total:
        cut.append(f"fitted on {len(train):,} of {train.total:,} rows")
    if len(test) < test.total:
        cut.append(f"measured on {len(test):,} of {test.total:,} test rows")
    return _Job(data, train, test, metric, seed, resamples, "; ".join(cut))


def _timed(work: Callable[[], Baseline]) -> Baseline:
    start = time.monotonic()
    done = work()
    return replace(done, seconds=time.monotonic() - start)


def _trivial(job: _Job) -> Baseline:
    task, rows, targets = job.data.task, len(job.test), job.train.targets
    if task.form == "language-modelling":
        nats = single_nats(job.train, job.test, task.outputs)
        return _score_nats(job, nats, "how often each token occurs")
    if task.form == "translation":
        return _copied(job)
    if task.form == "tagging":
        return _by_word(job)
    if task.form == "forecasting":
        return _naive(job)
    if task.form == "reconstruction":
        errors = mean_errors(job.train, job.test, job.data.encoding)
        return _score_rows(job, errors, "the mean of the training rows")
    if task.form == "generation":
        return _normal(job, "a normal for each number alone", correlated=False)
    if task.form == "similarity":
        return _score_embeddings(job, np.zeros((rows, 1)), "guessing: all are equally near")
    if task.form == "segmentation":
        said = most_frequent(job.train, job.test, task.outputs)
        return _score_maps(job, said, "the most frequent class at every pixel")
    if not task.is_classification:
        mean = np.tile(targets.reshape(len(targets), -1).mean(0), (rows, 1))
        return _score(job, mean, "the mean of the training rows")
    if task.form == "multilabel":
        share = np.tile(targets.mean(0), (rows, 1))
        return _score(job, share, "how often each label occurs")
    counts = np.bincount(targets.astype(np.int64), minlength=len(task.classes))
    prior = np.tile(counts / counts.sum(), (rows, 1))
    return _score(job, prior, "how often each class occurs, so always the most frequent")


def _pairs(job: _Job) -> Baseline:
    """What logistic regression on the last token would learn, by counting."""
    name, vocabulary = "how often each token follows the one before", job.data.task.outputs
    if vocabulary > MAX_VOCABULARY:
        return Baseline(name, reason=f"a table of all pairs of {vocabulary:,} tokens is too large")
    validation = gather([job.data.validation], limit=MAX_TRAIN_ROWS, seed=job.seed)
    train = gather([job.data.train], limit=MAX_TRAIN_ROWS, seed=job.seed)
    return _score_nats(job, pair_nats(train, validation, job.test, vocabulary), name)


def _by_word(job: _Job) -> Baseline:
    data, tags = job.data, job.data.task.outputs
    train, test = (sentences_of(_in_memory(split)) for split in (data.train, data.test))
    scores = _score_tags(job, by_word(train, test, tags), test.targets)
    return Baseline("the most frequent tag of each word", scores, "", len(train.tokens))


def _by_features(job: _Job, deadline: float) -> Baseline:
    data, tags = job.data, job.data.task.outputs
    splits = (data.train, data.validation, data.test)
    train, validation, test = (sentences_of(_in_memory(split)) for split in splits)
    (known, found), cut = by_features(
        train, (validation, test), tags, deadline=deadline, seed=job.seed
    )
    outside = best_outside(known, validation.targets, data.task.classes)  # as the net's own
    scores = _score_tags(job, found, test.targets, outside=outside)
    name = f"logistic regression on {FEATURES}"
    return Baseline(name, scores, cut, len(train.tokens), cut=bool(cut))


def _copied(job: _Job) -> Baseline:
    """The source as its own translation; nats by how often each piece occurs."""
    train, test = _in_memory(job.data.train), _in_memory(job.data.test)
    nats = piece_nats(train.targets.cpu(), test.targets.cpu())
    said = [source for source, _ in test.raw]
    scores = _score_translations(job, nats, said)
    return Baseline("the source copied; how often each piece occurs", scores, "", len(train))


def _word_by_word(job: _Job, deadline: float) -> Baseline:
    train, test = _in_memory(job.data.train), _in_memory(job.data.test)
    said, pairs = word_by_word(train.raw, [source for source, _ in test.raw], deadline=deadline)
    nats = piece_nats(train.targets.cpu(), test.targets.cpu())
    cut = "" if pairs == len(train) else f"fitted on {pairs:,} of {len(train):,} pairs"
    scores = _score_translations(job, nats, said)
    name = "each word's commonest translation (IBM model 1)"
    return Baseline(name, scores, cut, pairs, cut=bool(cut))


def _score_translations(job: _Job, nats: torch.Tensor, said: list[str]) -> Scores:
    test = _in_memory(job.data.test)
    return score_translations(
        nats,
        test.targets.cpu(),
        job.data.task,
        said=said,
        references=[target for _, target in test.raw],
        metric=job.metric,
        resamples=job.resamples,
        seed=job.seed,
    )


def _score_tags(
    job: _Job, logits: torch.Tensor, targets: torch.Tensor, *, outside: float = 0.0
) -> Scores:
    return score_tags(
        logits,
        targets,
        job.data.task,
        outside=outside,
        metric=job.metric,
        resamples=job.resamples,
        seed=job.seed,
    )


def _in_memory(split: Split) -> Rows:
    assert isinstance(split, Rows)  # sentences are never streamed
    return split


def _naive(job: _Job) -> Baseline:
    encoding = job.data.encoding
    if not isinstance(encoding, ForecastEncoding):
        return Baseline("none", reason="these windows do not say which channel is the target")
    forecasts = naive_forecasts(encoding, torch.from_numpy(job.test.inputs[0]))
    found = {name: _score_values(job, values.numpy()) for name, values in forecasts.items()}
    # The better one on the test rows: an unfair choice, in the baseline's favour.
    primary = next(iter(found.values())).primary
    best = min(found, key=lambda name: found[name][primary].value)
    each = ", ".join(f"{name} {scores[primary].value:.4g}" for name, scores in found.items())
    return Baseline(best, found[best], f"{primary}: {each}", len(job.train))


def _linear(job: _Job, deadline: float) -> Baseline:
    task = job.data.task
    if task.form == "language-modelling":
        return _pairs(job)
    if task.form == "reconstruction":
        return _components(job)
    if task.form == "generation":
        return _normal(job, "one normal, with the covariance of all numbers", correlated=True)
    if task.form == "translation":
        return _word_by_word(job, deadline)
    if task.form == "tagging":
        return _by_features(job, deadline)
    if task.form == "forecasting":
        return _forecast(job, deadline, forecast_by_ridge, "ridge regression on the window")
    if task.form == "similarity":
        pixels = image_features(job.train, most=LINEAR_PIXELS).of(job.test)
        return _score_embeddings(job, pixels, "the nearest in pixels")
    if task.form == "segmentation":
        return _score_maps(job, *by_grey_value(job.train, job.test, task.outputs))
    features = _linear_features(job)
    rest: dict[str, Any] = {"deadline": deadline, "seed": job.seed}
    if task.is_classification:
        name = "logistic regression"
        fitted = fit_logistic(features.train, _targets(job), classes=len(task.classes), **rest)
    else:
        name = "ridge regression"
        fitted = fit_ridge(features.train, _targets(job), **rest)
    predictions = _predict(fitted, features, job.test)
    return _score(job, predictions, f"{name} on {features.words}", fitted.cut)


def _trees(job: _Job, deadline: float) -> Baseline:
    task, name = job.data.task, "histogram gradient boosting"
    if task.form in NO_TREES:
        return Baseline(name, reason=NO_TREES[task.form])
    if task.form == "forecasting":
        return _forecast(job, deadline, forecast_by_trees, f"{name} on lags and step")
    if task.form == "similarity":
        return Baseline(name, reason="trees tell the classes that they were fitted on, no new ones")
    if task.form == "segmentation":
        if job.test.targets.size > MOST_TREE_PIXELS:
            reason = f"{job.test.targets.size:,} test pixels are too many for trees"
            return Baseline(name, reason=reason)
        said, cut = by_surroundings(
            job.train, job.test, task.outputs, deadline=deadline, seed=job.seed
        )
        return _score_maps(job, said, f"{name} on each pixel and its surroundings", cut)
    features = _tree_features(job)
    if time.monotonic() > deadline:
        return Baseline(name, reason="preparing the features took all the time there was")
    targets = _targets(job)
    if not task.is_classification and targets.shape[1] == 1:
        targets = targets[:, 0]
    fitted = fit_trees(
        features.train,
        targets,
        classes=len(task.classes),
        categorical=features.categorical,
        deadline=deadline,
        seed=job.seed,
    )
    predictions = _predict(fitted, features, job.test)
    return _score(job, predictions, f"{name} on {features.words}", fitted.cut)


def _components(job: _Job) -> Baseline:
    """Principal components, as many as the net's code is wide."""
    if not job.code_size:
        return Baseline("principal components", reason="the net has no code_size to be equal to")
    name = f"{job.code_size} principal components, as many as the code is wide"
    errors, cut = pca_errors(job.train, job.test, job.data.encoding, width=job.code_size)
    return _score_rows(job, errors, name, cut)


def _score_rows(job: _Job, errors: NDArray[np.float64], model: str, cut: str = "") -> Baseline:
    scores = score_errors(
        errors, job.test.targets, job.data.task, metric=job.metric, resamples=job.resamples,
        seed=job.seed,
    )  # fmt: skip
    reason = "; ".join(part for part in (job.rows_cut, cut) if part)
    return Baseline(model, scores, reason, len(job.train), cut=bool(reason))


def _normal(job: _Job, model: str, *, correlated: bool) -> Baseline:
    """Rows of a normal, beside the real rows that the net's are compared with."""
    data = job.data
    real, _ = real_rows(data.encoding, data.test)
    if correlated and real.shape[1] > MOST_NUMBERS:
        return Baseline(model, reason=f"a covariance of {real.shape[1]:,} numbers is too large")
    rest: dict[str, Any] = {"correlated": correlated, "seed": job.seed}
    drawn = normal_rows(job.train, data.encoding, len(real), **rest)
    scores = score_samples(
        torch.stack([drawn, real], 1), data.task, metric=job.metric, resamples=job.resamples,
        seed=job.seed,
    )  # fmt: skip
    return Baseline(model, scores, job.rows_cut, len(job.train), cut=bool(job.rows_cut))


def _linear_features(job: _Job) -> Features:
    kind = job.data.kind
    if kind == "table":
        return one_hot_features(job.train)
    if kind == "text":
        assert job.texts is not None
        return job.texts
    if kind == "series":
        return series_features(job.train)
    if kind == "graph":
        return _graph_features(job)
    return image_features(job.train, most=LINEAR_PIXELS)


def _tree_features(job: _Job) -> Features:
    kind = job.data.kind
    if kind == "table":
        return coded_features(job.train)
    if kind == "text":
        assert job.texts is not None
        count = TELLING_WORDS if len(job.data.task.classes) <= 3 else TELLING_WORDS // 3
        return telling_words(job.texts, _targets(job), count)
    if kind == "series":
        return summary_features(job.train)
    if kind == "graph":
        features = _graph_features(job)
        if features.train.shape[1] <= TELLING_WORDS:
            return features
        return telling_words(features, _targets(job), TELLING_WORDS // 3)
    return image_features(job.train, most=TREE_PIXELS)


def _graph_features(job: _Job) -> Features:
    encoding = job.data.encoding
    assert isinstance(encoding, NodeEncoding | GraphEncoding)
    return graph_features(job.train, encoding)


def _read_texts(job: _Job, *, until: float) -> _Job:
    """Turn the training texts into TF-IDF once, as many of them as can be read `until` then."""
    count = len(job.train)
    order = np.random.default_rng(job.seed).permutation(count)
    part, cut = job.train, job.rows_cut
    if count > 500:
        few, some = (job.train.select(order[:n]) for n in (50, 250))
        text_features(few)  # the first call of all also loads and compiles
        start = time.monotonic()
        text_features(some)
        allowed = int(0.7 * (until - time.monotonic()) * 250 / (time.monotonic() - start))
        if allowed < count:
            part = job.train.select(np.sort(order[: max(allowed, 250)]))
            cut = f"fitted on {len(part):,} of {job.train.total:,} rows"
    return replace(job, train=part, rows_cut=cut, texts=text_features(part))


def _forecast(
    job: _Job,
    deadline: float,
    method: Callable[..., tuple[torch.Tensor, str]],
    name: str,
) -> Baseline:
    encoding = job.data.encoding
    if not isinstance(encoding, ForecastEncoding):
        return Baseline(name, reason="these windows do not say which channel is the target")
    values, cut = method(encoding, job.train, job.test, deadline=deadline, seed=job.seed)
    reason = "; ".join(part for part in (job.rows_cut, cut) if part)
    scores = _score_values(job, values.numpy())
    return Baseline(name, scores, reason, len(job.train), cut=bool(reason))


def _targets(job: _Job) -> NDArray[Any]:
    """Class ids (rows,), labels (rows, labels) or standardised numbers (rows, outputs)."""
    task, targets = job.data.task, job.train.targets
    if not task.is_classification:
        return targets.reshape(len(targets), -1)
    return targets.astype(np.int64)


def _predict(fitted: Fitted, features: Features, test: Sample) -> NDArray[np.float64]:
    """Predict in pieces: the features of all rows at once may be large."""
    pieces = [
        fitted.predict(features.of(test.select(np.arange(start, min(start + 8192, len(test))))))
        for start in range(0, len(test), 8192)
    ]
    return np.concatenate(pieces)


def _score(job: _Job, predictions: NDArray[Any], model: str, cut: str = "") -> Baseline:
    """Score probabilities, or standardised numbers."""
    task = job.data.task
    if task.is_classification:
        scores = score_classes(
            predictions,
            job.test.targets,
            task,
            metric=job.metric,
            resamples=job.resamples,
            seed=job.seed,
        )
    else:
        mean, std = np.array(task.target_mean), np.array(task.target_std)
        scores = _score_values(job, predictions * std + mean)
    reason = "; ".join(part for part in (job.rows_cut, cut) if part)
    return Baseline(model, scores, reason, len(job.train), cut=bool(reason))


def _score_embeddings(job: _Job, vectors: NDArray[Any], model: str) -> Baseline:
    """Score rows (rows, dim) by their distances."""
    scores = score_embeddings(
        torch.from_numpy(np.asarray(vectors, dtype=np.float32)),
        torch.from_numpy(job.test.targets),
        job.data.task,
        metric=job.metric,
        resamples=job.resamples,
        seed=job.seed,
    )
    return Baseline(model, scores, job.rows_cut, len(job.train), cut=bool(job.rows_cut))


def _score_maps(job: _Job, said: NDArray[np.int64], model: str, cut: str = "") -> Baseline:
    """Score class ids (rows, height, width)."""
    task = job.data.task
    facts = facts_of_maps(torch.from_numpy(said), torch.from_numpy(job.test.targets), task.outputs)
    scores = score_maps(facts, task, metric=job.metric, resamples=job.resamples, seed=job.seed)
    reason = "; ".join(part for part in (job.rows_cut, cut) if part)
    return Baseline(model, scores, reason, len(job.train), cut=bool(reason))


def _score_nats(job: _Job, nats: NDArray[np.float64], model: str) -> Baseline:
    """Score a language model by the nats of each token."""
    scores = score_tokens(
        nats, job.data.task, metric=job.metric, resamples=job.resamples, seed=job.seed
    )
    return Baseline(model, scores, job.rows_cut, len(job.train), cut=bool(job.rows_cut))


def _score_values(job: _Job, values: NDArray[Any]) -> Scores:
    """Score numbers in the target's own unit."""
    data, task = job.data, job.data.task
    targets = torch.from_numpy(job.test.targets)
    targets = targets.reshape(len(targets), -1)
    if isinstance(data.encoding, ForecastEncoding):
        truth = data.encoding.decode(targets, (torch.from_numpy(job.test.inputs[0]),))
    else:
        truth = targets * torch.tensor(task.target_std) + torch.tensor(task.target_mean)
    return score_values(
        values,
        truth,
        task,
        metric=job.metric,
        mase_scale=mase_scale(data.encoding),
        block=overlap(task, data.test),
        resamples=job.resamples,
        seed=job.seed,
    )
