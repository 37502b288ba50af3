"""scikit-learn's own suite, and what users do with estimators."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.datasets import load_iris, make_regression
from sklearn.model_selection import cross_val_score
from sklearn.utils.estimator_checks import estimator_checks_generator

from netwright.estimators.estimators import Classifier, Regressor

LEARN = ("check_classifiers_train", "check_regressors_train", "check_regressors_int")


def _contract() -> Iterator[Any]:
    """The checks that ask for accuracy train as long as the defaults say, the others two epochs."""
    for make in (Classifier, Regressor):
        for estimator, check in estimator_checks_generator(make()):
            name = getattr(check, "func", check).__name__
            epochs = None if name in LEARN else 2
            own = clone(estimator).set_params(epochs=epochs)
            yield pytest.param(own, check, id=f"{make.__name__}-{name}")


# No failure is expected of any.
@pytest.mark.slow
@pytest.mark.parametrize(("estimator", "check"), list(_contract()))
def test_scikit_learns_contract(estimator: Any, check: Any) -> None:
    check(estimator)


def test_a_classifier_learns_iris_and_gives_probabilities() -> None:
    X, y = load_iris(return_X_y=True)
    model = Classifier(random_state=0).fit(X, y)
    probabilities = model.predict_proba(X)
    assert probabilities.shape == (150, 3)
    np.testing.assert_allclose(probabilities.sum(1), 1)
    assert model.score(X, y) > 0.93


def test_labels_of_any_type_come_back() -> None:
    X, y = load_iris(return_X_y=True)
    words = np.array(["setosa", "versicolor", "virginica"])[y]
    model = Classifier(epochs=30).fit(X, words)
    assert set(model.predict(X)) <= set(words)
    assert list(model.classes_) == sorted(set(words))


@pytest.mark.slow
def test_a_frame_with_words_dates_and_missing_cells() -> None:
    rng = np.random.default_rng(0)
    colour = rng.choice(["red", "green", "blue"], 200)
    frame = pd.DataFrame(
        {
            "colour": colour,
            "size": np.where(rng.random(200) < 0.2, np.nan, rng.normal(size=200)),
            "day": pd.date_range("2024-01-01", periods=200).astype(str),
        }
    )
    model = Classifier(epochs=40).fit(frame, colour == "red")
    assert model.score(frame, colour == "red") > 0.95


@pytest.mark.slow
def test_a_regressor_fits_a_line() -> None:
    X, y = make_regression(200, 5, noise=1.0, random_state=0)
    assert Regressor(random_state=0).fit(X, y).score(X, y) > 0.9


def test_members_make_an_ensemble() -> None:
    X, y = load_iris(return_X_y=True)
    model = Classifier(members=2, epochs=2, random_state=0).fit(X, y)
    weights = [one["weight"] for one in model.run_.notes["members"]]
    assert len(weights) == 2 and sum(weights) == 1
    np.testing.assert_allclose(model.predict_proba(X).sum(1), 1)
    # A row's answer does not depend on the rows it is computed with.
    np.testing.assert_array_equal(model.predict_proba(X[:1]), model.predict_proba(X)[:1])


def test_the_same_random_state_gives_the_same_answers() -> None:
    X, y = load_iris(return_X_y=True)
    first, second = (Classifier(epochs=3, random_state=4).fit(X, y) for _ in range(2))
    np.testing.assert_array_equal(first.predict_proba(X), second.predict_proba(X))


@pytest.mark.slow
def test_it_works_in_cross_validation() -> None:
    X, y = load_iris(return_X_y=True)
    assert cross_val_score(Classifier(epochs=30), X, y, cv=3).mean() > 0.85


def test_one_class_is_refused() -> None:
    with pytest.raises(ValueError, match="only one class"):
        Classifier().fit(np.random.rand(20, 2), np.zeros(20))
