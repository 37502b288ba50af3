"""Clips become Data: class folders of them, one number of frames and one size chosen, unreadable
ones named.
"""

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from netwright.data.clips import frame_header, read_clip
from netwright.data.data import Data, Source
from netwright.data.image_decoding import Header, Unreadable, quiet_pillow, read_header
from netwright.data.image_encoding import ImageEncoding, in_threads, name_of
from netwright.data.image_rules import choose_shape, with_statistics
from netwright.data.labelled import (
    Given,
    join_labelled,
    label_rows,
    labelled_data,
    labelled_rows,
    refuse_columns,
)
from netwright.data.ledger import Ledger
from netwright.data.listing import list_folder
from netwright.data.memory import data_budget
from netwright.data.options import ReadOptions
from netwright.data.sources import Found, labelled_files, sha256_of
from netwright.data.video_encoding import VideoEncoding
from netwright.errors import DataError

__all__ = ["holds_clips", "labelled_clips", "looks_like_frames", "read_videos", "video_data"]

# A net sees every frame of every clip: more than these and two CPU cores need hours.
LONGEST_SIDE = {"L": 64, "RGB": 64}
MOST_FRAMES = 32
LOOKED_AT = 8  # pictures, to tell whether they are animated
ARRAYS = ("npy", "npz")
FEWEST_FRAMES = 3
NUMBER = re.compile(r"(\d+)$")  # of a frame, at the end of its name


def holds_clips(found: Found, task: str | None) -> bool:
    """Whether class folders hold clips: arrays, animated GIFs, or folders of frames where the task
    says so."""
    if found.kind == "video-folder":
        return True
    if found.kind != "image-folder" or task not in (None, "classification", "video-classification"):
        return False
    return task == "video-classification" or _are_animated(found)


def _are_animated(found: Found) -> bool:
    files = [e.path for part in found.parts.values() for e in list_folder(part[0]).of("image")]
    some = files[:: max(len(files) // LOOKED_AT, 1)]
    if any(file.suffix.lower() != ".gif" for file in some):
        return False
    try:
        return all(any("several frames" in q for q in read_header(file).quirks) for file in some)
    except Unreadable:
        return False


def looks_like_frames(found: Found) -> bool:
    """Whether folders of folders hold pictures numbered without a gap, CLASS/CLIP/0.png and on."""
    if found.kind != "image-folder":
        return False
    numbers: dict[str, list[int]] = {}
    for path, label in (pair for part in found.parts for pair in labelled_files(found, part)):
        digits = NUMBER.search(path.stem)
        if "/" not in label or digits is None:
            return False
        numbers.setdefault(label, []).append(int(digits[1]))
    above = {label.rpartition("/")[0] for label in numbers}
    return len(numbers) >= 2 * len(above) > 0 and all(
        len(one) >= FEWEST_FRAMES and min(one) <= 1 and max(one) - min(one) + 1 == len(one)
        for one in numbers.values()
    )


def labelled_clips(found: Found, part: str) -> list[tuple[Path, str]]:
    """Return (clip, class) of each clip of a part, sorted by class and name; the class is "" where
    clips lie in no folder of one."""
    clips: dict[Path, str] = {}
    for folder in found.parts[part]:
        entries = list_folder(folder).of("npy", "npz", "image")
        arrays = [entry for entry in entries if entry.role in ARRAYS]
        for entry in arrays or entries:
            if entry.role in ARRAYS or entry.path.suffix.lower() == ".gif":
                clips[entry.path] = "/".join(entry.below)
            elif entry.below:
                clips[entry.path.parent] = "/".join(entry.below[:-1])
    return sorted(clips.items(), key=lambda pair: (pair[1], pair[0].name))


def read_videos(found: Found, options: ReadOptions, ledger: Ledger) -> Data:
    """Read class folders of clips."""
    refuse_columns(options, found.name)
    source = Source(found.name, tuple(str(p) for p in found.paths), sha256_of(found.paths))
    named = {name: labelled_clips(found, name) for name in found.parts}
    if not any(label for part in named.values() for _, label in part):
        raise DataError(
            f"{found.name} has no folder of clips for each class; expected CLASS/CLIP.npy, "
            "CLASS/CLIP.gif, or CLASS/CLIP/ with a picture for each frame."
        )
    labels, given = join_labelled({n: [label for _, label in part] for n, part in named.items()})
    raw = [path for part in named.values() for path, _ in part]
    return video_data(raw, labels, given=given, source=source, options=options, ledger=ledger)


def video_data(
    raw: Sequence[Any],
    labels: Sequence[str],
    *,
    source: Source,
    options: ReadOptions,
    ledger: Ledger,
    given: Given | None = None,
) -> Data:
    """Build Data from clips (files, folders of frames or arrays) and one label each.

    given: rows of splits that the source itself names.
    """
    looked = _look(raw, ledger)
    if not looked:
        raise DataError(
            f"None of the {len(raw):,} clips in {source.name} can be read. Expected .npy, .npz or "
            ".gif files, or folders of frames, in a folder for each class."
        )
    kept = sorted(looked)
    place = {old: new for new, old in enumerate(kept)}
    given = {
        name: np.array([place[at] for at in rows.tolist() if at in place], dtype=np.int64)
        for name, rows in (given or {}).items()
    }
    rows = label_rows(
        [labels[at] for at in kept],
        given=given,
        target="class",
        name="video-classification",
        options=options,
        ledger=ledger,
    )
    learned = [looked[kept[at]] for at in torch.cat([rows.train, rows.validation]).tolist()]
    encoding = _fit(learned, ledger)
    _check_memory(encoding, len(kept))
    clips = [raw[at] for at in kept]
    (stored,) = encoding.encode(clips, ledger)
    pixels = stored[rows.train].flatten(0, 1)
    fitted = replace(encoding, pictures=with_statistics(encoding.pictures, pixels))
    splits = labelled_rows([stored], rows, clips)
    return labelled_data("video", rows, splits, fitted, source=source, ledger=ledger)


def _look(raw: Sequence[Any], ledger: Ledger) -> dict[int, tuple[Header, int]]:
    """Return the header and the length of each clip that can be read."""

    def look(at: int) -> tuple[Header, int] | Unreadable:
        try:
            frames = read_clip(raw[at])
            return frame_header(frames), len(frames)
        except Unreadable as error:
            return error

    found: dict[int, tuple[Header, int]] = {}
    with quiet_pillow():
        answers = in_threads(look, range(len(raw)))
    for at, answer in enumerate(answers):
        if isinstance(answer, Unreadable):
            ledger.note("dropped", name_of(raw[at], at), f"cannot be read: {answer}", 1)
        else:
            found[at] = answer
    return found


def _fit(learned: Sequence[tuple[Header, int]], ledger: Ledger) -> VideoEncoding:
    """Choose mode, size and number of frames by the clips that are learned from."""
    headers = [header for header, _ in learned]
    mode, height, width = choose_shape(headers, ledger, most=LONGEST_SIDE)
    channels = 1 if mode == "L" else 3
    pictures = ImageEncoding(
        mode=mode, height=height, width=width, mean=(0.0,) * channels, std=(1.0,) * channels
    )
    frames = min(int(np.median([length for _, length in learned])), MOST_FRAMES)
    return VideoEncoding(pictures=pictures, frames=frames)


def _check_memory(encoding: VideoEncoding, rows: int) -> None:
    size = encoding.pictures
    needed = rows * encoding.frames * size.in_channels * size.height * size.width
    if needed > (limit := data_budget()):
        raise DataError(
            f"{rows:,} clips of {encoding.frames} frames of {size.height} x {size.width} pixels "
            f"take {needed / 1e6:,.0f} MB of memory, more than the {limit / 1e6:,.0f} MB allowed. "
            "Give fewer or shorter ones."
        )
