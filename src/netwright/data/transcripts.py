"""Sounds that a table speaks of become Data: what is said in them is recognised, or their class."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from netwright.data.data import Data, Rows, Source
from netwright.data.labelled import Given, note_splits, refuse_columns, renumbered
from netwright.data.ledger import Ledger
from netwright.data.options import ReadOptions
from netwright.data.sound_encoding import LONGEST_SECONDS, Heard
from netwright.data.sound_table import Listed, holds_speech, list_sounds
from netwright.data.sounds import hear_all, note_repeats, sound_data
from netwright.data.sources import Found, sha256_of
from netwright.data.speech_encoding import SpeechEncoding, fit_speech_encoding, plain_text
from netwright.data.splits import split_rows
from netwright.data.table_splits import told_splits
from netwright.data.task import Task, parse_task
from netwright.errors import DataError, UsageError, did_you_mean

__all__ = ["read_transcribed", "speech_rows"]

FEWEST = 10  # sounds, to train, validate and test
FASTEST = 40  # letters a second; the fastest speakers say about 30


def read_transcribed(found: Found, options: ReadOptions, ledger: Ledger) -> Data:
    """Read a table of sound files and words, or one for each split."""
    refuse_columns(replace(options, target=None, group=None), found.name)
    parts = {name: list_sounds(found, name, ledger, told=options.target) for name in found.parts}
    named: Given = {}
    start = 0
    for name, part in parts.items():
        if name != "all":
            rows = np.arange(start, start + len(part.files), dtype=np.int64)
            named = {**named, name: rows}
        start += len(part.files)
    listed = _joined(list(parts.values()))
    if len(listed.files) < FEWEST:
        raise DataError(
            f"{found.name} has {len(listed.files)} sounds with words; at least {FEWEST} are needed "
            "to train, validate and test. Add sounds."
        )
    speech = _is_speech(listed, options, ledger)
    splits = _divided(listed, named, options, ledger, always=speech)
    source = Source(found.name, tuple(map(str, found.paths)), sha256_of(found.paths))
    if not speech:
        return sound_data(
            listed.files, listed.words, given=splits, target=listed.column, source=source,
            options=replace(options, target=None, split=None, group=None), ledger=ledger,
        )  # fmt: skip
    return _speech_data(listed, splits, source, ledger)


def speech_rows(
    name: str, found: Found, encoding: SpeechEncoding, ledger: Ledger, *, target: str | None
) -> Rows:
    """Return all sounds of a source that can be read, with their texts, to score a model."""
    parts = [list_sounds(found, part, ledger, told=target) for part in found.parts]
    listed = _joined(parts)
    heard = _short_enough(hear_all(listed.files, found.name, ledger), ledger)
    texts = [plain_text(listed.words[at]) for at in heard.kept]
    _note_texts(texts, heard, ledger)
    inputs = encoding.sounds.store(heard.sounds, ledger)
    raw = [(listed.files[at], text) for at, text in zip(heard.kept, texts, strict=True)]
    rows = torch.tensor(heard.kept, dtype=torch.int64)
    return Rows(name, inputs, encoding.targets(texts, ledger), raw, rows)


def _joined(parts: list[Listed]) -> Listed:
    return Listed(
        [file for part in parts for file in part.files],
        [word for part in parts for word in part.words],
        parts[0].column,
        pd.concat([part.frame for part in parts], ignore_index=True),
    )


def _is_speech(listed: Listed, options: ReadOptions, ledger: Ledger) -> bool:
    if options.task is not None:
        name, form = parse_task(options.task)
        if name not in ("speech-recognition", "audio-classification", "classification") or (
            form not in (None, "binary", "multiclass", "speech-recognition")
        ):
            raise UsageError(
                f"--task {options.task} does not fit sounds and their words. Use --task "
                "speech-recognition or audio-classification."
            )
        return name == "speech-recognition"
    speech = holds_speech(listed)
    if speech:
        what = f"speech-recognition: {listed.column!r} holds what is said"
        ledger.note("guessed", "task", f"{what} (--task audio-classification takes it for classes)")
    return speech


def _divided(
    listed: Listed, named: Given, options: ReadOptions, ledger: Ledger, *, always: bool
) -> Given:
    """Divide the rows as told, by group or at random; where nothing is told only if `always`."""
    given = told_splits(listed.frame, options, dict(named), ledger)
    groups = None
    if options.group is not None:
        columns = [str(name) for name in listed.frame.columns]
        if options.group not in columns:
            raise UsageError(
                f"--group {options.group!r} is no column of the table."
                f"{did_you_mean(options.group, columns)}"
            )
        groups = listed.frame[options.group].astype(str).to_numpy(object)
    elif not given and not always:
        return {}
    index = split_rows(
        len(listed.files), groups=groups, given=given, seed=options.seed, ledger=ledger
    )
    how = "at random" if groups is None else f"at random, rows of one {options.group!r} together"
    note_splits(index, named, given, options.seed, ledger, how=how)
    return index


def _speech_data(listed: Listed, given: Given, source: Source, ledger: Ledger) -> Data:
    heard = _short_enough(hear_all(listed.files, source.name, ledger), ledger)
    files = [listed.files[at] for at in heard.kept]
    texts = [plain_text(listed.words[at]) for at in heard.kept]
    index = renumbered(given, heard.kept) or {}
    for name, rows in index.items():
        if not len(rows):
            raise DataError(f"No sound of the {name} part of {source.name} can be used.")
    train = index["train"].tolist()
    if not any(texts[at] for at in train):
        raise DataError(
            f"No training sound of {source.name} has a word in {listed.column!r}, such as "
            f"{listed.words[0]!r}. Expected what is said; name another column with --target."
        )
    _note_texts(texts, heard, ledger)
    encoding = fit_speech_encoding(
        [heard.sounds[at] for at in train], [texts[at] for at in train], ledger
    )
    samples, lengths = encoding.sounds.store(heard.sounds, ledger)
    targets = encoding.targets(texts, ledger)
    places = {name: torch.from_numpy(np.sort(rows)) for name, rows in index.items()}
    note_repeats(samples, places, ledger)
    raw: list[tuple[Path, str]] = list(zip(files, texts, strict=True))
    splits = {
        name: Rows(
            name, (samples[rows], lengths[rows]), targets[rows],
            [raw[at] for at in rows.tolist()], rows, lengths[rows],
        )
        for name, rows in places.items()
    }  # fmt: skip
    return Data(
        kind="audio",
        task=Task(
            name="speech-recognition", form="speech-recognition", target=listed.column,
            outputs=encoding.outputs,
        ),
        encoding=encoding,
        train=splits["train"],
        validation=splits["validation"],
        test=splits["test"],
        source=source,
        ledger=ledger,
    )  # fmt: skip


def _note_texts(texts: Sequence[str], heard: Heard, ledger: Ledger) -> None:
    """Say which texts have no word in them, and which cannot be what is said in their sound."""
    silent = sum(not text for text in texts)
    if silent:
        ledger.note("warned", "transcripts", "without a word: read as silence", silent)
    fast = sum(
        len(text) > FASTEST * len(sound.samples) / sound.rate
        for text, sound in zip(texts, heard.sounds, strict=True)
    )
    if fast:
        what = f"more than {FASTEST} letters a second: they may be of another sound, or cut off"
        ledger.note("warned", "transcripts", what, fast)


def _short_enough(heard: Heard, ledger: Ledger) -> Heard:
    """Leave out what is longer than can be read: its end is said, but would not be heard."""
    fits = [len(sound.samples) <= LONGEST_SECONDS * sound.rate for sound in heard.sounds]
    if all(fits):
        return heard
    what = f"longer than {LONGEST_SECONDS:.0f} s, left out: cut them at pauses"
    ledger.note("dropped", "sounds", what, len(fits) - sum(fits))
    kept = [
        (sound, at) for sound, at, fit in zip(heard.sounds, heard.kept, fits, strict=True) if fit
    ]
    return Heard([sound for sound, _ in kept], tuple(at for _, at in kept), heard.refused)
