"""A net that was trained before, to be trained on: its name and sizes are kept."""

from collections.abc import Mapping
from typing import Any

from netwright.data.data import Data
from netwright.errors import UsageError
from netwright.plan.choices import Choices, epochs_for
from netwright.plan.plan import FIXED
from netwright.plan.rules.image import augmentation

__all__ = ["finetuning"]

SUPERVISED = ("binary", "multiclass", "multilabel", "ordinal", "regression")
# By what rests: the rate, and why.
RATES = {
    "body": (1e-2, "larger than where all is bent: a head alone learns, on layers that rest"),
    "early": (1e-3, "the head is new, and the last stage is to be bent, not lost"),
}
BENT = (3e-4, "smaller than from scratch: what was learned is to be bent, not lost")
KEPT = "of the net whose weights are taken"


def finetuning(
    data: Data, c: Choices, spec: Mapping[str, Any], source: str, freeze: str = "none"
) -> None:
    """Choose how to train on. spec: the saved net's name and arguments. source: its folder. freeze:
    what of it rests."""
    if data.task.form == "masked-language-modelling":
        c.objective("name", "masked-tokens", "words are taken out, to be filled in")
    elif data.task.form not in SUPERVISED:
        raise UsageError(
            f"A net for {data.task.form} is trained from scratch, by `netwright train`. What is "
            f"trained on is of {', '.join(SUPERVISED)} or masked-language-modelling."
        )
    shapes, rows = data.encoding.shapes(), len(data.train)
    for name, value in spec.items():
        if name != "outputs":
            c.net(name, value, FIXED if name in shapes else KEPT)
    c.recipe("init_from", source, "weights that fit are taken, the others are new")
    size = 32 if rows < 20_000 else 64
    c.recipe("batch_size", size, "many small steps for few rows")
    c.recipe("optimizer", "adamw", "the usual one where a net is trained on")
    c.recipe("lr", *RATES.get(freeze, BENT))
    c.recipe("weight_decay", 0.01, "mild")
    c.recipe("warmup", 0.1, "the first gradients come through layers that are new")
    if data.kind == "image":
        augmentation(data, c)
    c.recipe("clip", 1.0, "one bad batch cannot throw the net far")
    c.recipe("epochs", epochs_for(2500, rows, size, low=5, high=40), "about 2,500 steps")
    c.recipe("patience", 4, "epochs without a better validation score")
