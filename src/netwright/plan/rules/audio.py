"""Sounds: convolutions over their log-mel spectrograms."""

from netwright.data.data import Data
from netwright.nets._audio import fitting_mels
from netwright.plan.choices import INIT_REASON, Choices, epochs_for

__all__ = ["audio", "bands"]


def bands(data: Data) -> int:
    """Return how many bands of pitch are told apart."""
    return fitting_mels(data.encoding.shapes()["sample_rate"], most=40)


def audio(data: Data, c: Choices) -> None:
    """Choose a net for sounds and how to train it."""
    rows = len(data.train)
    c.net(
        "name", "audio-cnn", "what tells sounds apart is a pattern of pitch in time (Hershey 2017)"
    )
    c.net("num_mels", bands(data), "as the ear divides pitch; fewer where the rate is low")
    c.net("time_mask", 0.2, "no moment alone may decide (SpecAugment, Park 2019)")
    c.net("band_mask", 0.2, "nor any range of pitch")
    c.net("dropout", 0.2, "few sounds are learned by heart")
    c.recipe("init", "auto", INIT_REASON["relu"])
    size = 32 if rows < 5_000 else 64
    c.recipe("batch_size", size, "many small steps")
    c.recipe("epochs", epochs_for(2500, rows, size, low=15, high=100), "about 2,500 steps")
    c.recipe("lr", 2e-3, "batch norm bears larger steps than the usual 0.001")
    c.recipe("weight_decay", 0.01, "mild; vectors are spared")
    c.recipe("warmup", 0.1, "the first directions are noise")
    c.recipe("augment", ("shift", "noise"), "when it begins, and in what noise, says no class")
    c.recipe("label_smoothing", 0.05, "keeps the logits bounded")
    c.recipe("ema", 0.99, "the average of the weights is steadier than the last of them")
    c.recipe("patience", 10, "epochs without a better validation score")
