"""Sounds and their classes become Data."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from torch import Tensor

from netwright.data.data import Data, Source
from netwright.data.image_encoding import name_of
from netwright.data.labelled import (
    Given,
    join_labelled,
    label_rows,
    labelled_data,
    labelled_rows,
    refuse_columns,
    renumbered,
)
from netwright.data.ledger import Ledger
from netwright.data.memory import data_budget
from netwright.data.options import ReadOptions
from netwright.data.set_aside import SELF
from netwright.data.sound_encoding import Heard, fit_audio_encoding, hear
from netwright.data.sources import Found, labelled_files, sha256_of
from netwright.errors import DataError, UsageError

__all__ = ["hear_all", "note_repeats", "read_sounds", "sound_data"]

# Stored sounds take less than their files, unless those were packed or of 8 bits.
BYTES_A_BYTE = 2


def read_sounds(found: Found, options: ReadOptions, ledger: Ledger) -> Data:
    """Read a folder of WAV files for each class."""
    refuse_columns(options, found.name)
    source = Source(found.name, tuple(str(p) for p in found.paths), sha256_of(found.paths))
    named = {name: labelled_files(found, name) for name in found.parts}
    labels, given = join_labelled({n: [label for _, label in part] for n, part in named.items()})
    files = [path for part in named.values() for path, _ in part]
    return sound_data(files, labels, given=given, source=source, options=options, ledger=ledger)


def sound_data(
    files: Sequence[Path],
    labels: Sequence[str],
    *,
    given: Given | None = None,
    target: str = "class",
    source: Source,
    options: ReadOptions,
    ledger: Ledger,
) -> Data:
    """Build Data from sounds and one label each. given: rows of splits that the source itself
    names."""
    if options.task in SELF:
        raise UsageError(
            f"--task {options.task} is for tables and pictures, but {source.name} holds sounds. "
            "Leave --task out to tell their classes apart."
        )
    heard = hear_all(files, source.name, ledger)
    kept = [files[at] for at in heard.kept]
    rows = label_rows(
        [labels[at] for at in heard.kept],
        given=renumbered(given, heard.kept),
        target=target,
        name="audio-classification",
        options=options,
        ledger=ledger,
    )
    encoding = fit_audio_encoding([heard.sounds[at] for at in rows.train.tolist()], ledger)
    samples, lengths = encoding.store(heard.sounds, ledger)
    note_repeats(samples, rows.splits(), ledger)
    splits = labelled_rows([samples, lengths], rows, kept)
    return labelled_data("audio", rows, splits, encoding, source=source, ledger=ledger)


def hear_all(files: Sequence[Path], name: str, ledger: Ledger) -> Heard:
    """Read all sounds of a source, note those that cannot be used, and refuse a source of none."""
    size, limit = sum(path.stat().st_size for path in files), data_budget()
    if size > BYTES_A_BYTE * limit:
        raise DataError(
            f"The {len(files):,} sounds of {name} are {size / 1e6:,.0f} MB; they are held in "
            f"memory, where {limit / 1e6:,.0f} MB are allowed. Give fewer of them."
        )
    heard = hear(files)
    if not heard.sounds:
        at, why = next(iter(heard.refused.items()))
        raise DataError(
            f"None of the {len(files):,} sounds in {name} can be used: {name_of(files[at], at)}: "
            f"{why}. Expected WAV files."
        )
    heard.note(files, ledger)
    return heard


def note_repeats(samples: Tensor, places: Mapping[str, Tensor], ledger: Ledger) -> None:
    """Say how many test and validation sounds are, sample for sample, among the training ones.
    places: positions of each split's rows."""
    stored = samples.numpy()
    seen = {stored[at].tobytes() for at in places["train"].tolist()}
    for name in ("validation", "test"):
        count = sum(stored[at].tobytes() in seen for at in places[name].tolist())
        if count:
            ledger.note("warned", name, "sounds that are also among the training ones", count)
