"""Boosted trees for tables.py, each by its own library: defaults, and spaces to tune them.

Defaults are the library's own, but for the number of rounds: as many as the validation rows want,
at most ROUNDS. Spaces: CatBoost, LightGBM, XGBoost as in TabArena (Erickson et al. 2025, arXiv
2506.16791); HistGradientBoosting as in Grinsztajn, Oyallon and Varoquaux (2022, arXiv 2207.08815).
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

ROUNDS, PATIENCE = 1000, 50
HGB_LEVELS = 254  # its bins are bytes
# Of a word, for those that have nothing of their own against names that occur once: with them
# XGBoost learns auto_mpg's car names by heart (RMSE 6.4 for 3.3).
FEWEST_ROWS = 5

Rows = dict[str, Any]  # frames and targets by part
Predict = Callable[[pd.DataFrame], Any]


def with_categories(
    frames: dict[str, pd.DataFrame], most: int | None = None
) -> dict[str, pd.DataFrame]:
    """Give words the categories of the training rows, the `most` frequent where there are too many;
    others become missing."""
    out = {part: frame.copy() for part, frame in frames.items()}
    for name in frames["train"].select_dtypes(exclude="number"):
        levels = sorted(frames["train"][name].value_counts().index[:most])
        for part in out:
            known = frames[part][name].where(frames[part][name].isin(levels))
            out[part][name] = pd.Categorical(known, categories=levels)
    return out


def merge_rare(frames: dict[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Make one word of all that fewer than FEWEST_ROWS training rows have; missing cells stay."""
    out = {part: frame.copy() for part, frame in frames.items()}
    for name in frames["train"].select_dtypes(exclude="number"):
        counts = frames["train"][name].value_counts()
        common = counts.index[counts >= FEWEST_ROWS]
        for part, frame in frames.items():
            rare = frame[name].notna() & ~frame[name].isin(common)
            out[part][name] = frame[name].mask(rare, "(rare)")
    return out


def catboost(
    frames: dict[str, pd.DataFrame],
    targets: Rows,
    classes: int,
    params: dict[str, Any],
    seed: int,
    threads: int,
) -> dict[str, Any]:
    from catboost import CatBoostClassifier, CatBoostRegressor

    words = list(frames["train"].select_dtypes(exclude="number"))
    frames = {part: frame.fillna(dict.fromkeys(words, "")) for part, frame in frames.items()}
    make = CatBoostClassifier if classes else CatBoostRegressor
    model = make(
        **{"iterations": ROUNDS, "early_stopping_rounds": PATIENCE, **params},
        random_seed=seed,
        thread_count=threads,
        verbose=False,
        allow_writing_files=False,
    )
    model.fit(
        frames["train"],
        targets["train"],
        cat_features=words,
        eval_set=(frames["validation"], targets["validation"]),
    )
    return _predicted(model, frames, classes)


def lightgbm(
    frames: dict[str, pd.DataFrame],
    targets: Rows,
    classes: int,
    params: dict[str, Any],
    seed: int,
    threads: int,
) -> dict[str, Any]:
    from lightgbm import LGBMClassifier, LGBMRegressor, early_stopping

    frames = with_categories(frames)
    frames = {
        part: frame.set_axis([f"x{i}" for i in range(frame.shape[1])], axis=1)
        for part, frame in frames.items()
    }
    make = LGBMClassifier if classes else LGBMRegressor
    model = make(
        **{"n_estimators": ROUNDS, **params}, random_state=seed, n_jobs=threads, verbosity=-1
    )
    model.fit(
        frames["train"],
        targets["train"],
        eval_set=[(frames["validation"], targets["validation"])],
        callbacks=[early_stopping(PATIENCE, verbose=False)],
    )
    return _predicted(model, frames, classes)


def xgboost(
    frames: dict[str, pd.DataFrame],
    targets: Rows,
    classes: int,
    params: dict[str, Any],
    seed: int,
    threads: int,
) -> dict[str, Any]:
    from xgboost import XGBClassifier, XGBRegressor

    frames = with_categories(merge_rare(frames))
    make = XGBClassifier if classes else XGBRegressor
    model = make(
        **{"n_estimators": ROUNDS, "early_stopping_rounds": PATIENCE, **params},
        enable_categorical=True,
        random_state=seed,
        n_jobs=threads,
    )
    rows = [(frames["validation"], targets["validation"])]
    model.fit(frames["train"], targets["train"], eval_set=rows, verbose=False)
    return _predicted(model, frames, classes)


def hist_gradient_boosting(
    frames: dict[str, pd.DataFrame],
    targets: Rows,
    classes: int,
    params: dict[str, Any],
    seed: int,
    threads: int,
) -> dict[str, Any]:
    """scikit-learn's; it uses the threads that OMP_NUM_THREADS names, and its own patience."""
    from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

    frames = with_categories(frames, HGB_LEVELS)
    make = HistGradientBoostingClassifier if classes else HistGradientBoostingRegressor
    model = make(**{"max_iter": ROUNDS, **params}, early_stopping=True, random_state=seed)
    model.fit(
        frames["train"],
        targets["train"],
        X_val=frames["validation"],
        y_val=targets["validation"],
    )
    return _predicted(model, frames, classes)


def _predicted(model: Any, frames: dict[str, pd.DataFrame], classes: int) -> dict[str, Any]:
    """Return (rows, classes) probabilities, or (rows,) values, of the rows not trained on."""
    predict = model.predict_proba if classes else model.predict
    return {part: np.asarray(predict(frames[part])) for part in ("validation", "test")}


def _log(rng: np.random.Generator, low: float, high: float) -> float:
    return float(np.exp(rng.uniform(np.log(low), np.log(high))))


def _log_int(rng: np.random.Generator, low: int, high: int) -> int:
    return int(_log(rng, low, high + 1))


def sample_catboost(rng: np.random.Generator) -> dict[str, Any]:
    return {
        "learning_rate": _log(rng, 5e-3, 1e-1),
        "bootstrap_type": "Bernoulli",
        "subsample": rng.uniform(0.7, 1.0),
        "grow_policy": str(rng.choice(["SymmetricTree", "Depthwise"])),
        "max_depth": int(rng.integers(4, 8, endpoint=True)),
        "colsample_bylevel": rng.uniform(0.85, 1.0),
        "l2_leaf_reg": _log(rng, 1e-4, 5.0),
        "leaf_estimation_iterations": _log_int(rng, 1, 20),
        "one_hot_max_size": _log_int(rng, 8, 100),
        "model_size_reg": _log(rng, 0.1, 1.5),
        "max_ctr_complexity": int(rng.integers(2, 5, endpoint=True)),
        "boosting_type": "Plain",
    }


def sample_lightgbm(rng: np.random.Generator) -> dict[str, Any]:
    return {
        "learning_rate": _log(rng, 5e-3, 1e-1),
        "colsample_bytree": rng.uniform(0.4, 1.0),
        "subsample": rng.uniform(0.7, 1.0),
        "subsample_freq": 1,
        "num_leaves": _log_int(rng, 2, 200),
        "min_child_samples": _log_int(rng, 1, 64),
        "extra_trees": bool(rng.integers(2)),
        "min_data_per_group": _log_int(rng, 2, 100),
        "cat_l2": _log(rng, 5e-3, 2.0),
        "cat_smooth": _log(rng, 1e-3, 100.0),
        "max_cat_to_onehot": _log_int(rng, 8, 100),
        "reg_alpha": _log(rng, 1e-5, 1.0),
        "reg_lambda": _log(rng, 1e-5, 2.0),
    }


def sample_xgboost(rng: np.random.Generator) -> dict[str, Any]:
    return {
        "learning_rate": _log(rng, 5e-3, 1e-1),
        "max_depth": int(rng.integers(4, 10, endpoint=True)),
        "min_child_weight": _log(rng, 1e-3, 5.0),
        "subsample": rng.uniform(0.6, 1.0),
        "colsample_bylevel": rng.uniform(0.6, 1.0),
        "colsample_bynode": rng.uniform(0.6, 1.0),
        "reg_alpha": _log(rng, 1e-4, 5.0),
        "reg_lambda": _log(rng, 1e-4, 5.0),
        "grow_policy": str(rng.choice(["depthwise", "lossguide"])),
        "max_cat_to_onehot": _log_int(rng, 8, 100),
        "max_leaves": _log_int(rng, 8, 1024),
    }


def sample_hist_gradient_boosting(rng: np.random.Generator) -> dict[str, Any]:
    depth = rng.choice(4, p=[0.1, 0.1, 0.7, 0.1])
    return {
        "learning_rate": min(float(rng.lognormal(np.log(0.01), np.log(10.0))), 10.0),
        "max_leaf_nodes": max(2, round(rng.normal(31, 5))),
        "max_depth": (None, 2, 3, 4)[depth],
        "min_samples_leaf": max(1, round(rng.normal(20, 2))),
        "n_iter_no_change": 20,
    }
