"""Nets of other libraries for tables.py: RealMLP-TD and TabM-D, scikit-learn's MLP, AutoGluon."""

import copy
import tempfile
from typing import Any

import numpy as np
import pandas as pd
from table_trees import merge_rare

MLP_EPOCHS, MLP_PATIENCE = 200, 10  # MLPClassifier's max_iter and n_iter_no_change

Frames = dict[str, pd.DataFrame]
Rows = dict[str, Any]


def pytabkit(
    name: str, frames: Frames, targets: Rows, classes: int, seed: int, threads: int
) -> Rows:
    """RealMLP-TD (Holzmueller et al. 2024, arXiv 2407.04491) or TabM-D (Gorishniy et al. 2025,
    arXiv 2410.24210), tuned defaults. Missing numbers get the median: neither takes them."""
    import pytabkit as kit

    makers = {
        "realmlp-td": (kit.RealMLP_TD_Classifier, kit.RealMLP_TD_Regressor),
        "tabm-d": (kit.TabM_D_Classifier, kit.TabM_D_Regressor),
    }
    frames = merge_rare(frames)
    words = list(frames["train"].select_dtypes(exclude="number"))
    middle = frames["train"].median(numeric_only=True)
    filled = {
        part: frame.fillna(dict.fromkeys(words, "missing")).fillna(middle).astype(
            dict.fromkeys(words, object)
        )
        for part, frame in frames.items()
    }  # fmt: skip
    model = makers[name][0 if classes else 1](random_state=seed, n_threads=threads, device="cpu")
    model.fit(
        filled["train"],
        targets["train"],
        X_val=filled["validation"],
        y_val=targets["validation"],
        cat_col_names=words,
    )
    predict = model.predict_proba if classes else model.predict
    return {part: np.asarray(predict(filled[part])) for part in ("validation", "test")}


def scikit_learn_mlp(frames: Frames, targets: Rows, classes: int, seed: int, threads: int) -> Rows:
    """MLPClassifier or MLPRegressor with their defaults, stopped early on the validation rows.

    Its own early stopping would hold out some of the training rows instead.
    """
    from sklearn.compose import ColumnTransformer
    from sklearn.impute import SimpleImputer
    from sklearn.metrics import log_loss
    from sklearn.neural_network import MLPClassifier, MLPRegressor
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    words = list(frames["train"].select_dtypes(exclude="number"))
    numbers = [name for name in frames["train"] if name not in words]
    coder = OneHotEncoder(
        handle_unknown="infrequent_if_exist", min_frequency=2, max_categories=100,
        sparse_output=False,
    )  # fmt: skip
    prepare = ColumnTransformer(
        [
            (
                "numbers",
                make_pipeline(SimpleImputer(add_indicator=True), StandardScaler()),
                numbers,
            ),
            (
                "words",
                make_pipeline(SimpleImputer(strategy="constant", fill_value=""), coder),
                words,
            ),
        ]
    )
    frames = {part: f.astype(dict.fromkeys(words, object)) for part, f in frames.items()}
    x = {"train": prepare.fit_transform(frames["train"])}
    x |= {part: prepare.transform(frames[part]) for part in ("validation", "test")}
    mean, std = (0.0, 1.0) if classes else (targets["train"].mean(), targets["train"].std())
    y = (targets["train"] - mean) / std if not classes else targets["train"]
    net = MLPClassifier(random_state=seed) if classes else MLPRegressor(random_state=seed)

    def predict(some: Any, part: str) -> Any:
        return some.predict_proba(x[part]) if classes else some.predict(x[part]) * std + mean

    best, least, since = net, np.inf, 0
    for _ in range(MLP_EPOCHS):
        net.partial_fit(x["train"], y, **({"classes": np.arange(classes)} if classes else {}))
        found, truth = predict(net, "validation"), targets["validation"]
        loss = (
            log_loss(truth, found, labels=np.arange(classes))
            if classes
            else ((found - truth) ** 2).mean()
        )
        since += 1
        if loss < least:
            best, least, since = copy.deepcopy(net), loss, 0
        if since > MLP_PATIENCE:
            break
    return {part: predict(best, part) for part in ("validation", "test")}


def autogluon(
    frames: Frames, targets: Rows, classes: int, seed: int, threads: int, seconds: float
) -> Rows:
    """TabularPredictor with its default preset, bounded by `seconds` of wall time; the validation
    rows are its tuning data."""
    from autogluon.tabular import TabularPredictor

    label = "__target__"
    tables = {part: frame.assign(**{label: targets[part]}) for part, frame in frames.items()}
    kind = "regression" if not classes else "binary" if classes == 2 else "multiclass"
    with tempfile.TemporaryDirectory() as folder:
        predictor = TabularPredictor(label, problem_type=kind, path=folder, verbosity=0)
        predictor.fit(
            tables["train"],
            tuning_data=tables["validation"],
            time_limit=seconds,
            num_cpus=threads,
            num_gpus=0,
            ag_args_fit={"random_seed": seed},
        )
        predict = predictor.predict_proba if classes else predictor.predict
        return {part: np.asarray(predict(frames[part])) for part in ("validation", "test")}
