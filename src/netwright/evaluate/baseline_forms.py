"""Baselines of tasks that are no rows with one answer each: a trivial one, a linear one and trees,
by the task's form."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from netwright.data.forecast_encoding import ForecastEncoding
from netwright.data.speech_encoding import SpeechEncoding
from netwright.evaluate.baseline_boxes import mean_box
from netwright.evaluate.baseline_forecasts import (
    forecast_by_ridge,
    forecast_by_trees,
    naive_forecasts,
)
from netwright.evaluate.baseline_generation import MOST_NUMBERS, normal_rows
from netwright.evaluate.baseline_inputs import MAX_TRAIN_ROWS, gather, image_features
from netwright.evaluate.baseline_job import Baseline, Job, in_memory, judged, values_scores
from netwright.evaluate.baseline_language import MAX_VOCABULARY, pair_nats, single_nats
from netwright.evaluate.baseline_maps import by_grey_value, by_surroundings, most_frequent
from netwright.evaluate.baseline_reconstruction import mean_errors, pca_errors
from netwright.evaluate.baseline_rows import (
    LINEAR_PIXELS,
    TREES,
    linear_of_rows,
    trees_of_rows,
    trivial_of_rows,
)
from netwright.evaluate.baseline_speech import commonest, nearest
from netwright.evaluate.baseline_tags import FEATURES, by_features, by_word, sentences_of
from netwright.evaluate.baseline_translations import piece_nats, word_by_word
from netwright.evaluate.box_metrics import facts_of_found, score_boxes
from netwright.evaluate.judge import NOT_ASKED
from netwright.evaluate.map_metrics import facts_of_maps, score_maps
from netwright.evaluate.masked_nats import frequency_nats
from netwright.evaluate.metrics import score_tokens
from netwright.evaluate.reconstruction_metrics import score_errors
from netwright.evaluate.score_tags import best_outside, score_tags
from netwright.evaluate.score_translations import score_translations
from netwright.evaluate.scores import Scores
from netwright.evaluate.similarity_metrics import score_embeddings
from netwright.evaluate.speech_metrics import facts_of_symbols, score_speech
from netwright.evaluate.two_sample import real_rows, score_samples
from netwright.evaluate.view_metrics import pixels_of_views, score_views

__all__ = ["Three", "three_of"]

MOST_TREE_PIXELS = 4_000_000  # of test pictures whose every pixel is asked
ERROR_RATES = ("token_error_rate", "word_error_rate")
NO_TREES = {
    "detection": "trees do not say how many things there are",
    "language-modelling": "trees do not predict one token out of a whole vocabulary",
    "masked-language-modelling": "trees do not predict one token out of a whole vocabulary",
    "tagging": "trees do not read words, and the linear model has all there is beside them",
    "translation": "trees write no text",
    "reconstruction": "trees do not rebuild rows",
    "generation": "trees do not draw rows",
    "speech-recognition": "trees write no text",
    "contrastive": "trees tell the classes that they were fitted on, and here are none",
    "similarity": "trees tell the classes that they were fitted on, no new ones",
}


@dataclass(frozen=True, kw_only=True)
class Three:
    """How each baseline is made; linear and trees are given a deadline (monotonic)."""

    trivial: Callable[[Job], Baseline]
    linear: Callable[[Job, float], Baseline]
    trees: Callable[[Job, float], Baseline]


def three_of(form: str) -> Three:
    """Return the baselines of a form."""
    return OF_FORM.get(form, ROWS)


def _no_trees(job: Job, deadline: float) -> Baseline:
    return Baseline(TREES, reason=NO_TREES[job.data.task.form])


def _pairs(job: Job) -> Baseline:
    """What logistic regression on the last token would learn, by counting."""
    name, vocabulary = "how often each token follows the one before", job.data.task.outputs
    if vocabulary > MAX_VOCABULARY:
        return Baseline(name, reason=f"a table of all pairs of {vocabulary:,} tokens is too large")
    validation = gather([job.data.validation], limit=MAX_TRAIN_ROWS, seed=job.seed)
    train = gather([job.data.train], limit=MAX_TRAIN_ROWS, seed=job.seed)
    return _score_nats(job, pair_nats(train, validation, job.test, vocabulary), name)


def _tokens(job: Job) -> Baseline:
    nats = single_nats(job.train, job.test, job.data.task.outputs)
    return _score_nats(job, nats, "how often each token occurs")


def _by_word(job: Job) -> Baseline:
    data, tags = job.data, job.data.task.outputs
    train, test = (sentences_of(in_memory(split)) for split in (data.train, data.test))
    scores = _score_tags(job, by_word(train, test, tags), test.targets)
    return Baseline("the most frequent tag of each word", scores, "", len(train.tokens))


def _by_features(job: Job, deadline: float) -> Baseline:
    data, tags = job.data, job.data.task.outputs
    splits = (data.train, data.validation, data.test)
    train, validation, test = (sentences_of(in_memory(split)) for split in splits)
    (known, found), cut = by_features(
        train, (validation, test), tags, deadline=deadline, seed=job.seed
    )
    outside = best_outside(known, validation.targets, data.task.classes)  # as the net's own
    scores = _score_tags(job, found, test.targets, outside=outside)
    name = f"logistic regression on {FEATURES}"
    return Baseline(name, scores, cut, len(train.tokens), cut=bool(cut))


def _copied(job: Job) -> Baseline:
    """The source as its own translation; nats by how often each piece occurs."""
    train, test = in_memory(job.data.train), in_memory(job.data.test)
    nats = piece_nats(train.targets.cpu(), test.targets.cpu())
    said = [source for source, _ in test.raw]
    scores = _score_translations(job, nats, said)
    return Baseline("the source copied; how often each piece occurs", scores, "", len(train))


def _word_by_word(job: Job, deadline: float) -> Baseline:
    train, test = in_memory(job.data.train), in_memory(job.data.test)
    said, pairs = word_by_word(train.raw, [source for source, _ in test.raw], deadline=deadline)
    nats = piece_nats(train.targets.cpu(), test.targets.cpu())
    cut = "" if pairs == len(train) else f"fitted on {pairs:,} of {len(train):,} pairs"
    scores = _score_translations(job, nats, said)
    name = "each word's commonest translation (IBM model 1)"
    return Baseline(name, scores, cut, pairs, cut=bool(cut))


def _score_translations(job: Job, nats: torch.Tensor, said: list[str]) -> Scores:
    test = in_memory(job.data.test)
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
    job: Job, logits: torch.Tensor, targets: torch.Tensor, *, outside: float = 0.0
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


def _naive(job: Job) -> Baseline:
    encoding = job.data.encoding
    if not isinstance(encoding, ForecastEncoding):
        return Baseline("none", reason="these windows do not say which channel is the target")
    forecasts = naive_forecasts(encoding, torch.from_numpy(job.test.inputs[0]))
    found = {name: values_scores(job, values.numpy()) for name, values in forecasts.items()}
    # The better one on the test rows: an unfair choice, in the baseline's favour.
    primary = next(iter(found.values())).primary
    best = min(found, key=lambda name: found[name][primary].value)
    each = ", ".join(f"{name} {scores[primary].value:.4g}" for name, scores in found.items())
    return Baseline(best, found[best], f"{primary}: {each}", len(job.train))


def _forecast(
    job: Job,
    deadline: float,
    method: Callable[..., tuple[torch.Tensor, str]],
    name: str,
) -> Baseline:
    encoding = job.data.encoding
    if not isinstance(encoding, ForecastEncoding):
        return Baseline(name, reason="these windows do not say which channel is the target")
    values, cut = method(encoding, job.train, job.test, deadline=deadline, seed=job.seed)
    return judged(job, values_scores(job, values.numpy()), name, cut)


def _mean_row(job: Job) -> Baseline:
    errors = mean_errors(job.train, job.test, job.data.encoding)
    return _score_rows(job, errors, "the mean of the training rows")


def _components(job: Job) -> Baseline:
    """Principal components, as many as the net's code is wide."""
    if not job.code_size:
        return Baseline("principal components", reason="the net has no code_size to be equal to")
    name = f"{job.code_size} principal components, as many as the code is wide"
    errors, cut = pca_errors(job.train, job.test, job.data.encoding, width=job.code_size)
    return _score_rows(job, errors, name, cut)


def _score_rows(job: Job, errors: NDArray[np.float64], model: str, cut: str = "") -> Baseline:
    scores = score_errors(
        errors, job.test.targets, job.data.task, metric=job.metric, resamples=job.resamples,
        seed=job.seed,
    )  # fmt: skip
    return judged(job, scores, model, cut)


def _normal(job: Job, model: str, *, correlated: bool) -> Baseline:
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
    return judged(job, scores, model)


def _grey_trees(job: Job, deadline: float) -> Baseline:
    if job.test.targets.size > MOST_TREE_PIXELS:
        reason = f"{job.test.targets.size:,} test pixels are too many for trees"
        return Baseline(TREES, reason=reason)
    said, cut = by_surroundings(
        job.train, job.test, job.data.task.outputs, deadline=deadline, seed=job.seed
    )
    return _score_maps(job, said, f"{TREES} on each pixel and its surroundings", cut)


def _most_frequent(job: Job) -> Baseline:
    said = most_frequent(job.train, job.test, job.data.task.outputs)
    return _score_maps(job, said, "the most frequent class at every pixel")


def _mean_box(job: Job) -> Baseline:
    facts = facts_of_found(mean_box(job.train, job.test))
    scores = score_boxes(
        facts, torch.from_numpy(job.test.targets), job.data.task, metric=job.metric,
        resamples=job.resamples, seed=job.seed,
    )  # fmt: skip
    return judged(job, scores, "the mean box of the commonest class, in every picture")


def _nearest_pixels(job: Job) -> Baseline:
    pixels = image_features(job.train, most=LINEAR_PIXELS).of(job.test)
    return _score_embeddings(job, pixels, "the nearest in pixels")


def _score_embeddings(job: Job, vectors: NDArray[Any], model: str) -> Baseline:
    """Score rows (rows, dim) by their distances."""
    scores = score_embeddings(
        torch.from_numpy(np.asarray(vectors, dtype=np.float32)),
        torch.from_numpy(job.test.targets),
        job.data.task,
        metric=job.metric,
        resamples=job.resamples,
        seed=job.seed,
    )
    return judged(job, scores, model)


def _score_maps(job: Job, said: NDArray[np.int64], model: str, cut: str = "") -> Baseline:
    """Score class ids (rows, height, width)."""
    task = job.data.task
    facts = facts_of_maps(torch.from_numpy(said), torch.from_numpy(job.test.targets), task.outputs)
    scores = score_maps(facts, task, metric=job.metric, resamples=job.resamples, seed=job.seed)
    return judged(job, scores, model, cut)


def _score_symbols(job: Job, said: list[tuple[int, ...]], model: str) -> Baseline:
    """Score symbols by their edits; how likely they are is not said."""
    encoding, targets = job.data.encoding, torch.from_numpy(job.test.targets)
    assert isinstance(encoding, SpeechEncoding)
    facts = facts_of_symbols(said, targets, torch.zeros(len(targets)))
    asked = [[symbol for symbol in row if symbol >= 0] for row in targets.tolist()]
    scores = score_speech(
        facts,
        job.data.task,
        said=[encoding.text_of(row) for row in said],
        references=[encoding.text_of(row) for row in asked],
        metric=job.metric,
        only=ERROR_RATES,
        resamples=job.resamples,
        seed=job.seed,
    )
    return judged(job, scores, model)


def _score_nats(job: Job, nats: NDArray[np.float64], model: str) -> Baseline:
    """Score a language model by the nats of each token."""
    scores = score_tokens(
        nats, job.data.task, metric=job.metric, resamples=job.resamples, seed=job.seed
    )
    return judged(job, scores, model)


def _by_frequency(job: Job) -> Baseline:
    train, test = in_memory(job.data.train), in_memory(job.data.test)
    nats = frequency_nats(train, test, job.data.task.outputs)
    scores = score_tokens(
        nats, job.data.task, mask=test.targets != NOT_ASKED, metric=job.metric,
        resamples=job.resamples, seed=job.seed,
    )  # fmt: skip
    return Baseline("how often each token occurs", scores, "", len(train))


def _by_guess(job: Job) -> Baseline:
    rng = torch.Generator().manual_seed(job.seed)
    guess = torch.randn(len(job.data.test), 2, 8, generator=rng)
    return _score_views(job, guess, "guessing")


def _score_views(job: Job, views: torch.Tensor, model: str) -> Baseline:
    """Score views (rows, 2, numbers)."""
    scores = score_views(
        views, job.data.task, metric=job.metric, resamples=job.resamples, seed=job.seed
    )
    return Baseline(model, scores)


def _no_linear(job: Job, deadline: float) -> Baseline:
    why = "it would have a weight for each pair of words, far more than there are words to learn by"
    return Baseline("softmax regression on the words around", reason=why)


ROWS = Three(trivial=trivial_of_rows, linear=linear_of_rows, trees=trees_of_rows)
OF_FORM = {
    "language-modelling": Three(
        trivial=_tokens, linear=lambda job, deadline: _pairs(job), trees=_no_trees
    ),
    "masked-language-modelling": Three(trivial=_by_frequency, linear=_no_linear, trees=_no_trees),
    "translation": Three(trivial=_copied, linear=_word_by_word, trees=_no_trees),
    "tagging": Three(trivial=_by_word, linear=_by_features, trees=_no_trees),
    "forecasting": Three(
        trivial=_naive,
        linear=lambda job, deadline: _forecast(
            job, deadline, forecast_by_ridge, "ridge regression on the window"
        ),
        trees=lambda job, deadline: _forecast(
            job, deadline, forecast_by_trees, f"{TREES} on lags and step"
        ),
    ),
    "reconstruction": Three(
        trivial=_mean_row, linear=lambda job, deadline: _components(job), trees=_no_trees
    ),
    "generation": Three(
        trivial=lambda job: _normal(job, "a normal for each number alone", correlated=False),
        linear=lambda job, deadline: _normal(
            job, "one normal, with the covariance of all numbers", correlated=True
        ),
        trees=_no_trees,
    ),
    "detection": Three(
        trivial=_mean_box,
        linear=lambda job, deadline: Baseline(
            "a linear model", reason="it does not say how many things there are"
        ),
        trees=_no_trees,
    ),
    "similarity": Three(
        trivial=lambda job: _score_embeddings(
            job, np.zeros((len(job.test), 1)), "guessing: all are equally near"
        ),
        linear=lambda job, deadline: _nearest_pixels(job),
        trees=_no_trees,
    ),
    "speech-recognition": Three(
        trivial=lambda job: _score_symbols(
            job, commonest(job.train, job.test), "the commonest text of the training sounds"
        ),
        linear=lambda job, deadline: _score_symbols(
            job, nearest(job.train, job.test), "the text of the training sound nearest in pitch"
        ),
        trees=_no_trees,
    ),
    "contrastive": Three(
        trivial=_by_guess,
        linear=lambda job, deadline: _score_views(
            job, pixels_of_views(job.data.encoding, job.data.test), "the nearest in pixels"
        ),
        trees=_no_trees,
    ),
    "segmentation": Three(
        trivial=_most_frequent,
        linear=lambda job, deadline: _score_maps(
            job, *by_grey_value(job.train, job.test, job.data.task.outputs)
        ),
        trees=_grey_trees,
    ),
}
