"""Speech: convolutions and a recurrent net over log-mel frames, taught by CTC."""

from netwright.data.data import Data
from netwright.data.speech_encoding import SpeechEncoding
from netwright.plan.choices import Choices, epochs_for
from netwright.plan.rules.audio import bands

__all__ = ["speech_recognition"]


def speech_recognition(data: Data, c: Choices) -> None:
    """Choose a net that recognises speech and how to train it."""
    assert isinstance(data.encoding, SpeechEncoding)
    rows = len(data.train)
    c.net("name", "ctc", "frames tell symbols without being told which (Graves 2006)")
    c.net("outputs", data.task.outputs, f"one logit for each of the {data.encoding.units}, a blank")
    c.net("num_mels", bands(data), "as the ear divides pitch; fewer where the rate is low")
    if data.encoding.by_word:
        c.net("strides", [2, 2], "a word lasts many frames: one in four will do")
    else:
        c.net("strides", [2, 1], "a letter lasts few frames: one in two, not less")
    c.net("dropout", 0.2, "few sounds are learned by heart")
    c.net("time_mask", 0.1, "a moment may be lost (SpecAugment, Park 2019)")
    c.net("band_mask", 0.2, "and any range of pitch")
    c.objective("name", "ctc", "which frame tells which symbol is not known")
    size = 16 if rows < 5_000 else 32
    c.recipe("batch_size", size, "many small steps")
    c.recipe("epochs", epochs_for(4000, rows, size, low=15, high=100), "about 4,000 steps")
    c.recipe("lr", 1e-3, "the usual one of small recurrent nets")
    c.recipe("weight_decay", 0.01, "mild; vectors are spared")
    c.recipe("warmup", 0.1, "at first blanks alone are learned")
    c.recipe("clip", 5.0, "the usual one of recurrent nets")
    c.recipe("augment", ("speed", "noise"), "who speaks how fast, in what noise, says no word")
    c.recipe("ema", 0.99, "the average of the weights is steadier than the last of them")
    c.recipe("patience", 15, "epochs without a better validation score")
