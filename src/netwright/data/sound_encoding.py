"""AudioEncoding: sounds become samples at one rate, padded at their end, with the length of each.

Stored as int16, the loudest sample of each sound at full scale: nets look at no loudness. A net is
called with samples float32 (batch, samples) and lengths int64 (batch,), its batch's own longest.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from netwright.data.data import Kind
from netwright.data.formats.wav import Sound, Unheard, as_sound, read_wav, resample
from netwright.data.image_encoding import name_of
from netwright.data.ledger import Ledger
from netwright.data.memory import data_budget
from netwright.errors import DataError

__all__ = ["AudioEncoding", "Heard", "fit_audio_encoding", "hear"]

# Speech and most of what tells sounds apart lies below half of this; more costs time for little.
HIGHEST_RATE = 16_000
LONGEST_SECONDS = 30.0
FULL = 32_767  # of int16
SHOWN = 20  # names of files that cannot be read
BYTES = 2  # a sample


@dataclass(frozen=True, eq=False)
class Heard:
    """sounds: of the rows that can be read. kept: their positions. refused: position -> why."""

    sounds: Sequence[Sound]
    kept: tuple[int, ...]
    refused: Mapping[int, str]

    def note(self, raw: Sequence[Any], ledger: Ledger | None) -> None:
        """Note what was left out and what was converted."""
        if ledger is None:
            return
        if self.refused:
            what = "files that cannot be used, left out"
            ledger.note("dropped", "sounds", what, len(self.refused))
        for at, why in sorted(self.refused.items())[:SHOWN]:
            ledger.note("dropped", name_of(raw[at], at), why, 1)
        several = sum(sound.channels > 1 for sound in self.sounds)
        if several:
            ledger.note("encoded", "sounds", "channels averaged into one", several)
        early = sum(sound.ends_early for sound in self.sounds)
        if early:
            what = "files end before their header says: read as far as they go"
            ledger.note("warned", "sounds", what, early)
        silent = sum(not sound.samples.any() for sound in self.sounds)
        if silent:
            ledger.note("warned", "sounds", "are silence throughout", silent)


def hear(raw: Sequence[Any]) -> Heard:
    """Read sounds: paths of WAV files, or (rate, samples) as scipy gives them."""
    sounds, kept, refused = [], [], {}
    for at, item in enumerate(raw):
        try:
            sound = read_wav(Path(item)) if isinstance(item, str | Path) else _given(item)
        except Unheard as why:
            refused[at] = str(why)
            continue
        sounds.append(sound)
        kept.append(at)
    return Heard(sounds, tuple(kept), refused)


def _given(item: Any) -> Sound:
    rate, samples = item
    return as_sound(np.asarray(samples), int(rate))


@dataclass(frozen=True, kw_only=True)
class AudioEncoding:
    """rate: samples a second. length: samples of the longest training sound."""

    rate: int
    length: int

    @property
    def kind(self) -> Kind:
        return "audio"

    def encode(self, raw: Any, ledger: Ledger | None = None) -> tuple[Tensor, ...]:
        """Turn paths of WAV files, or (rate, samples), into samples int16 (rows, samples) and
        lengths int64 (rows,); a DataError names what cannot be read."""
        heard = hear(raw)
        if heard.refused:
            named = [f"{name_of(raw[at], at)} ({why})" for at, why in heard.refused.items()]
            more = f" and {len(named) - 5:,} more" if len(named) > 5 else ""
            raise DataError(
                f"{len(named):,} of {len(raw):,} sounds cannot be read: {'; '.join(named[:5])}"
                f"{more}. Repair them or take them out."
            )
        heard.note(raw, ledger)
        return self.store(heard.sounds, ledger)

    def encode_some(
        self, raw: Any, ledger: Ledger | None = None
    ) -> tuple[tuple[Tensor, ...], Tensor]:
        """Return the encoded rows that can be read and their positions; the others are noted."""
        heard = hear(raw)
        heard.note(raw, ledger)
        return self.store(heard.sounds, ledger), torch.tensor(heard.kept, dtype=torch.int64)

    def store(self, sounds: Sequence[Sound], ledger: Ledger | None = None) -> tuple[Tensor, ...]:
        """Return samples int16 (rows, samples) and lengths int64 (rows,)."""
        most = int(LONGEST_SECONDS * self.rate)
        lengths = [min(max(_samples_at(sound, self.rate), 1), most) for sound in sounds]
        longest = max([self.length, *lengths])
        _check_memory(len(sounds), longest, self.rate)
        out = np.zeros((len(sounds), longest), dtype=np.int16)
        for at, (sound, length) in enumerate(zip(sounds, lengths, strict=True)):
            found = resample(sound.samples, sound.rate, self.rate)[:length]
            out[at, : len(found)] = np.round(found.clip(-1, 1) * FULL)
        if ledger is not None:
            self._note(sounds, most, ledger)
        return torch.from_numpy(out), torch.tensor(lengths, dtype=torch.int64)

    def _note(self, sounds: Sequence[Sound], most: int, ledger: Ledger) -> None:
        rates = Counter(sound.rate for sound in sounds if sound.rate != self.rate)
        for rate, count in sorted(rates.items()):
            what = f"resampled from {rate:,} to {self.rate:,} samples a second"
            ledger.note("encoded", "sounds", what, count)
        cut = sum(_samples_at(sound, self.rate) > most for sound in sounds)
        if cut:
            what = f"longer than {LONGEST_SECONDS:.0f} s, end cut off"
            ledger.note("clipped", "sounds", what, cut)

    def prepare(self, inputs: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        """Cut the padding that no row of the batch needs; samples from -1 to 1."""
        samples, lengths = inputs
        longest = int(lengths.max()) if len(lengths) else 0
        return samples[:, : max(longest, 1)].to(torch.float32) / FULL, lengths

    def shapes(self) -> Mapping[str, Any]:
        return {"sample_rate": self.rate, "length": self.length}

    def to_dict(self) -> dict[str, Any]:
        return {"type": "audio", "kind": "audio", "rate": self.rate, "length": self.length}

    def tensors(self) -> dict[str, Tensor]:
        return {}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any], tensors: Mapping[str, Tensor]) -> "AudioEncoding":
        """Read the JSON form."""
        return cls(rate=values["rate"], length=values["length"])


def fit_audio_encoding(sounds: Sequence[Sound], ledger: Ledger) -> AudioEncoding:
    """Choose the rate that most training sounds have, at most HIGHEST_RATE, and the length of the
    longest, at most LONGEST_SECONDS."""
    rates = Counter(sound.rate for sound in sounds)
    common = max(rates, key=lambda rate: (rates[rate], rate))
    rate = min(common, HIGHEST_RATE)
    why = f"as most of the files ({rates[common]:,})" if rate == common else "enough for speech"
    ledger.note("guessed", "sounds", f"{rate:,} samples a second: {why}")
    seconds = [len(sound.samples) / sound.rate for sound in sounds]
    if max(seconds) > min(seconds):
        what = f"last {min(seconds):.2f} to {max(seconds):.2f} s: padded at the end, and masked"
        ledger.note("encoded", "sounds", what)
    longest = max(_samples_at(sound, rate) for sound in sounds)
    return AudioEncoding(rate=rate, length=min(longest, int(LONGEST_SECONDS * rate)))


def _samples_at(sound: Sound, rate: int) -> int:
    return round(len(sound.samples) * rate / sound.rate)


def _check_memory(rows: int, longest: int, rate: int) -> None:
    size, limit = rows * longest * BYTES, data_budget()
    if size > limit:
        raise DataError(
            f"{rows:,} sounds of up to {longest / rate:.1f} s take {size / 1e6:,.0f} MB, more than "
            f"the {limit / 1e6:,.0f} MB of memory allowed. Give fewer sounds, or cut the longest."
        )
