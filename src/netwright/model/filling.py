"""Filling in: texts with "[MASK]" in the place of words become texts with the likeliest words."""

import re
from collections.abc import Iterable
from typing import Any

import pandas as pd
import torch

from netwright.data.text_encoding import TextEncoding, as_texts, pad_rows

__all__ = ["MASK", "fill_in"]

MASK = re.compile(r"\[MASK\]|<mask>")
BATCH = 64


@torch.no_grad()
def fill_in(net: Any, encoding: TextEncoding, raw: Iterable[Any]) -> pd.DataFrame:
    """Return a row for each text: "text"; "prediction", the same with a word for each mask; and
    "probability", how likely these are together (empty where nothing is masked). net: of masked
    language modelling, in eval mode."""
    texts = as_texts(raw)
    rows = [_ids(text, encoding, net.mask_token) for text in texts]
    device = next(net.parameters()).device
    said = []
    for at in range(0, len(rows), BATCH):
        some = rows[at : at + BATCH]
        longest = max(map(len, some), default=1)
        tokens = torch.from_numpy(pad_rows(some, max(longest, 1))).long().to(device)
        asked = tokens == net.mask_token
        logits = net(tokens, asked).float()
        logits[:, :2] = -torch.inf  # padding and unknown are no words
        chances, ids = logits.softmax(-1).max(-1)
        words = iter(zip(ids.tolist(), chances.tolist(), strict=True))
        counts = asked.sum(1).tolist()
        said += [[next(words) for _ in range(count)] for count in counts]
    found = [_filled(text, words, encoding) for text, words in zip(texts, said, strict=True)]
    chance = [_product(words) for words in said]
    return pd.DataFrame({"text": texts, "prediction": found, "probability": chance})


def _ids(text: str, encoding: TextEncoding, mask: int) -> list[int]:
    """Return the ids of a text, cut at the encoding's length, `mask` where a word is missing."""
    ids: list[int] = []
    for number, piece in enumerate(MASK.split(text)):
        ids += [mask] * (number > 0) + encoding.ids_of(encoding.tokens_of(piece))
    return ids[: encoding.length]


def _filled(text: str, words: list[tuple[int, float]], encoding: TextEncoding) -> str:
    """Return the text with its masks replaced in turn; those beyond the encoding's length stay."""
    known = iter(words)

    def replaced(found: re.Match[str]) -> str:
        word = next(known, None)
        return found[0] if word is None else encoding.vocabulary[word[0] - 2]

    return MASK.sub(replaced, text)


def _product(words: list[tuple[int, float]]) -> float | None:
    total = 1.0
    for _, chance in words:
        total *= chance
    return total if words else None
