"""SpeechEncoding: sounds as samples, and what is said in them as ids of words or letters.

Id 0 is the blank of CTC, 1 what training never heard; symbols follow.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import torch
from torch import Tensor

from netwright.data.data import Kind
from netwright.data.formats.wav import Sound
from netwright.data.ledger import Ledger
from netwright.data.sentence_encoding import IGNORED
from netwright.data.sound_encoding import AudioEncoding, fit_audio_encoding
from netwright.data.text_encoding import FIRST, UNKNOWN, pad_rows

__all__ = ["SpeechEncoding", "fit_speech_encoding", "plain_text"]

# So few words, each heard so often, are learned whole; more are spelled.
MOST_WORDS, HEARD_OFTEN = 100, 10
STRANGE = "\ufffd"  # how an unknown symbol is written
_NOT_SAID = re.compile(r"[^\w']|_")


@dataclass(frozen=True, kw_only=True)
class SpeechEncoding:
    """symbols: of ids 2, 3, ...: words, or letters and the blank between words."""

    sounds: AudioEncoding
    symbols: tuple[str, ...]
    by_word: bool

    @property
    def kind(self) -> Kind:
        return "audio"

    @property
    def outputs(self) -> int:
        """How many symbols a net tells apart, the blank among them."""
        return len(self.symbols) + FIRST

    @cached_property
    def ids(self) -> dict[str, int]:
        """Symbol -> id."""
        return {symbol: at for at, symbol in enumerate(self.symbols, FIRST)}

    def encode(self, raw: Any, ledger: Ledger | None = None) -> tuple[Tensor, ...]:
        """Turn paths of WAV files, or (rate, samples), into samples int16 (rows, samples) and
        lengths int64 (rows,)."""
        return self.sounds.encode(raw, ledger)

    def encode_some(
        self, raw: Any, ledger: Ledger | None = None
    ) -> tuple[tuple[Tensor, ...], Tensor]:
        """Return the encoded rows that can be read and their positions; the others are noted."""
        return self.sounds.encode_some(raw, ledger)

    def targets(self, texts: Sequence[str], ledger: Ledger | None = None) -> Tensor:
        """Return the symbols of plain texts, int64 (rows, symbols), -100 beyond each text's end."""
        rows = [[self.ids.get(one, UNKNOWN) for one in self.split(text)] for text in texts]
        strange = sum(row.count(UNKNOWN) for row in rows)
        if strange and ledger is not None:
            what = f"{self.units} that training lacks cannot be recognised"
            ledger.note("warned", "transcripts", what, strange)
        padded = torch.from_numpy(pad_rows(rows, max([1, *map(len, rows)]))).long()
        return padded.masked_fill(padded == 0, IGNORED)

    def split(self, text: str) -> list[str]:
        """Return the symbols of a plain text."""
        return text.split() if self.by_word else list(text)

    def text_of(self, ids: Sequence[int]) -> str:
        """Return the text that ids spell."""
        symbols = [STRANGE if at < FIRST else self.symbols[at - FIRST] for at in ids]
        return (" " if self.by_word else "").join(symbols).strip()

    @property
    def units(self) -> str:
        """What symbols are called."""
        return "words" if self.by_word else "letters"

    def prepare(self, inputs: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        """Cut the padding that no row of the batch needs; samples from -1 to 1."""
        return self.sounds.prepare(inputs)

    def shapes(self) -> Mapping[str, Any]:
        return self.sounds.shapes()

    def to_dict(self) -> dict[str, Any]:
        return {
            "type": "speech",
            "kind": "audio",
            "sounds": self.sounds.to_dict(),
            "symbols": list(self.symbols),
            "by_word": self.by_word,
        }

    def tensors(self) -> dict[str, Tensor]:
        return {}

    @classmethod
    def from_dict(
        cls, values: Mapping[str, Any], tensors: Mapping[str, Tensor]
    ) -> "SpeechEncoding":
        """Read the JSON form."""
        return cls(
            sounds=AudioEncoding.from_dict(values["sounds"], tensors),
            symbols=tuple(values["symbols"]),
            by_word=values["by_word"],
        )


def plain_text(text: str) -> str:
    """Return what is said, not how it is written: lower case, letters, digits and apostrophes, one
    blank between words."""
    spelled = unicodedata.normalize("NFKC", str(text)).replace("\u2019", "'").lower()
    return " ".join(_NOT_SAID.sub(" ", spelled).split())


def fit_speech_encoding(
    sounds: Sequence[Sound], texts: Sequence[str], ledger: Ledger
) -> SpeechEncoding:
    """Choose rate and symbols from training sounds and their plain texts."""
    words = Counter(word for text in texts for word in text.split())
    by_word = bool(words) and len(words) <= MOST_WORDS and min(words.values()) >= HEARD_OFTEN
    letters = sorted({letter for text in texts for letter in text})
    symbols = tuple(sorted(words) if by_word else letters)
    found = SpeechEncoding(
        sounds=fit_audio_encoding(sounds, ledger), symbols=symbols, by_word=by_word
    )
    why = (
        f"each of {len(words)} words is heard at least {HEARD_OFTEN} times"
        if by_word
        else f"{len(words):,} words are too many, or too rare, to be learned whole"
    )
    what = f"recognised by {len(symbols)} {found.units}: {why}; lower case, without punctuation"
    ledger.note("encoded", "transcripts", what, len(texts))
    return found
