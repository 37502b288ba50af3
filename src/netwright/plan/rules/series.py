"""Series: patterns of any duration for classes, trend and season for forecasts."""

from netwright.data.data import Data
from netwright.plan.choices import INIT_REASON, Choices, epochs_for

__all__ = ["series"]


def series(data: Data, c: Choices) -> None:
    """Choose a net for series and how to train it."""
    if data.task.form == "forecasting":
        c.net("name", "dlinear", "trend and season, each a linear map (Zeng 2023)")
        c.net("normalise", "none", "the encoding forecasts what a naive forecast leaves")
        c.recipe("patience", 15, "epochs without a better validation score")
        c.recipe("epochs", 60, "early stopping ends it sooner")
        c.recipe("batch_size", 64, "many small steps")
        return
    rows = len(data.train)
    c.net("name", "inception-time", "patterns of any duration (Fawaz 2020)")
    c.recipe("init", "auto", INIT_REASON["relu"])
    size = 16 if rows < 500 else 64
    c.recipe("batch_size", size, "few series: many small steps")
    c.recipe("epochs", epochs_for(1500, rows, size, low=30, high=400), "about 1,500 steps")
    c.recipe("lr", 1e-3, "the usual one of AdamW")
    c.recipe("weight_decay", 0.01, "mild; vectors are spared")
    c.recipe("ema", 0.99, "the average of the weights is steadier than the last of them")
    c.recipe("patience", None, "a handful of validation series cannot say when to stop")
    if rows < 100:
        c.recipe("keep", "last", "nor which epoch is best")
