"""read(source): a file, a folder, an archive or a built-in name becomes Data."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from netwright.data.arrays import Arrays, arrays_as_frames, read_arrays
from netwright.data.boxes import read_boxes
from netwright.data.builtin import load_builtin
from netwright.data.data import Data, Source
from netwright.data.environments import environment_data
from netwright.data.forecasting import forecasting_data
from netwright.data.graph_data import read_graph_data
from netwright.data.images import image_data, read_images
from netwright.data.kept_encoding import KEPT
from netwright.data.labelled import join_labelled
from netwright.data.ledger import Ledger
from netwright.data.masked_texts import FORM as MASKED
from netwright.data.masks import read_masks
from netwright.data.options import ReadOptions
from netwright.data.read_rows import note_found, read_labelled, read_rows
from netwright.data.self_tables import self_table
from netwright.data.series import read_series, series_data
from netwright.data.set_aside import SELF, WITHOUT_LABELS
from netwright.data.sounds import read_sounds
from netwright.data.sources import KINDS, Found, locate, sha256_of
from netwright.data.stream_tables import memory_limit, must_stream, streamed_data
from netwright.data.tables import read_parts, table_data
from netwright.data.tagging import read_tagging
from netwright.data.task import parse_task
from netwright.data.texts import read_texts
from netwright.data.transcripts import read_transcribed
from netwright.data.translation import read_translation
from netwright.data.unlabelled import check_unlabelled
from netwright.data.videos import holds_clips, looks_like_frames, read_videos
from netwright.errors import DataError, UsageError

TEXTS = ("text-folder", "text-lines", "corpus")

__all__ = ["ReadOptions", "read", "read_labelled", "read_rows"]


OF_PICTURES = {
    "segmentation": "image/ and label/",
    "detection": "pictures with annotations.json or boxes.csv",
    "similarity": "pictures for each class",
    "contrastive": "pictures",
}


def read(
    source: str | Path | pd.DataFrame,
    *,
    target: str | None = None,
    task: str | None = None,
    test: str | Path | None = None,
    seed: int = 0,
    time_column: str | None = None,
    group: str | None = None,
    horizon: int | None = None,
    split: str | None = None,
    unlabelled: bool = False,
    order: str | None = None,
    encoding_of: str | None = None,
    memory_limit_mb: float | None = None,
) -> Data:
    """Read `source` (see `netwright data`, or a DataFrame) as Data. What is not said is inferred
    and noted in the ledger.

    memory_limit_mb: a table that would take more is trained on from disk; by default a share of the
    free memory, at most 300 MB.
    """
    options = ReadOptions(
        target=target,
        task=task,
        test=test,
        seed=seed,
        time_column=time_column,
        group=group,
        horizon=horizon,
        split=split,
        unlabelled=unlabelled,
        order=order,
        encoding_of=encoding_of,
    )
    if task is not None:
        parse_task(task)
    if horizon is not None and horizon < 1:
        raise UsageError(f"horizon is {horizon}; expected at least 1 step ahead.")
    data = _read(source, options, Ledger(), memory_limit_mb)
    if order is not None and data.task.form != "ordinal":
        raise UsageError(
            f"--order is of the grades in a table's column, but this is {data.task.name} of "
            f"{data.kind} data. Leave it out."
        )
    if encoding_of is not None and data.kind not in KEPT:
        raise UsageError(
            f"A net that was trained before is trained on with texts or pictures; {data.kind} data "
            "has columns of its own. Train a net for it with `netwright train`."
        )
    return check_unlabelled(data, options)


def _read(
    source: str | Path | pd.DataFrame,
    options: ReadOptions,
    ledger: Ledger,
    memory_limit_mb: float | None,
) -> Data:
    task = options.task
    learns_rows = task in WITHOUT_LABELS
    if isinstance(source, pd.DataFrame):
        frame = source.rename(columns=str).reset_index(drop=True)
        return _from_frames({"all": frame}, Source("table"), options, ledger)
    # Word vectors may be tested on a table of pairs, which is no second corpus.
    found = locate(source, test=None if task == "embedding" else options.test)
    note_found(found, ledger)
    if found.kind == "table":
        limit = memory_limit(memory_limit_mb)
        if not learns_rows and not options.unlabelled and must_stream(found, limit):
            return streamed_data(found, _origin(found), options, ledger, limit=limit)
        return _from_frames(read_parts(found, ledger), _origin(found), options, ledger)
    if found.kind == "builtin":
        return _from_builtin(found, options, ledger)
    if found.kind == "npz":
        return _from_arrays(read_arrays(found, ledger), _origin(found), options, ledger)
    if holds_clips(found, task):
        return read_videos(found, options, ledger)
    if task is None and looks_like_frames(found):
        ledger.note(
            "warned",
            found.name,
            "each folder of pictures is taken for a class; where it is a clip and they are its "
            "frames, as their numbers say, add --task video-classification",
        )
    if found.kind in ("image-folder", "idx") or (found.kind == "flat-images" and learns_rows):
        return read_images(found, options, ledger)
    if found.kind == "audio-transcripts":
        return read_transcribed(found, options, ledger)
    if found.kind == "audio-folder":
        return read_sounds(found, options, ledger)
    if found.kind == "image-masks":
        return read_masks(found, options, ledger)
    if found.kind == "image-boxes":
        return read_boxes(found, options, ledger)
    if found.kind in TEXTS and learns_rows:
        raise DataError(
            f"{found.name!r} holds texts, and --task {task} is for tables or pictures. For texts "
            "use --task language-modelling or masked-language-modelling."
        )
    if found.kind in TEXTS:
        return read_texts(found, options, ledger)
    if found.kind == "graph":
        return read_graph_data(found, options, ledger)
    if found.kind == "conll":
        return read_tagging(found, options, ledger)
    if found.kind == "line-pair":
        return read_translation(found, options, ledger)
    if found.kind == "gym":
        return environment_data(found, options, ledger)
    if found.kind == "ts":
        return read_series(found, options, ledger)
    raise _unsupported(found)


def _origin(found: Found) -> Source:
    return Source(found.name, tuple(str(p) for p in found.paths), sha256_of(found.paths))


def _unsupported(found: Found) -> DataError:
    advice = {
        "flat-images": "or use --task reconstruction or generation",
        "flat-audio": "or give a table of files and their texts beside them (transcripts.csv)",
    }[found.kind]
    return DataError(
        f"{found.name!r} holds {found.kind} ({KINDS[found.kind]}), which cannot be trained on. Put "
        f"them into a folder for each class, {advice}."
    )


def _from_frames(
    parts: dict[str, pd.DataFrame], source: Source, options: ReadOptions, ledger: Ledger
) -> Data:
    if options.task in SELF:
        return self_table(parts, source=source, options=options, ledger=ledger)
    if options.task in OF_PICTURES:
        raise UsageError(
            f"--task {options.task} is learned from pictures, but {source.name} is a table. Give a "
            f"folder of {OF_PICTURES[options.task]}."
        )
    if options.task == MASKED:
        raise UsageError(
            f"--task {MASKED} is learned from texts, but {source.name} is a table. Give a .txt "
            "with a text a line, or a folder of such files."
        )
    if options.task == "forecasting" or options.horizon is not None:
        return forecasting_data(parts, source=source, options=options, ledger=ledger)
    return table_data(parts, source=source, options=options, ledger=ledger)


def _from_builtin(found: Found, options: ReadOptions, ledger: Ledger) -> Data:
    """Read a data set that says itself what is to be learned; what the user says comes first."""
    builtin = load_builtin(found.name, options.seed)
    ledger.note("read", found.name, builtin.description)
    if builtin.frame is None:
        return read_images(found, options, ledger)
    task = options.task or builtin.task
    # Numbers are learned like other columns where no column is asked for; classes are set aside.
    named = "" if task in SELF else ",".join(builtin.target_columns)
    classes = builtin.target if task not in SELF or builtin.task == "classification" else ""
    told = replace(
        options,
        target=options.target or named or classes or None,
        task=task,
        time_column=options.time_column or builtin.time_column,
    )
    return _from_frames({"all": builtin.frame}, Source(found.name), told, ledger)


def _from_arrays(arrays: Arrays, source: Source, options: ReadOptions, ledger: Ledger) -> Data:
    for name, part in arrays.parts.items():
        if part.targets is None and options.task not in WITHOUT_LABELS:
            raise DataError(
                f"{source.name} has no targets for its {name} inputs; expected an array called y "
                "or "
                f"y_{name}. Without targets the rows can only be predicted."
            )
    if arrays.kind == "table":
        frames = arrays_as_frames(arrays)
        several = [c for c in next(iter(frames.values())).columns if str(c).startswith("target_")]
        several = [] if options.task in SELF else several
        told = replace(options, target=options.target or ",".join(several) or None)
        return _from_frames(frames, source, told, ledger)
    labels, given = join_labelled(
        {
            name: [""] * len(part.inputs)
            if part.targets is None
            else _labels_of(part.targets, options)
            for name, part in arrays.parts.items()
        }
    )
    raw = np.concatenate([part.inputs for part in arrays.parts.values()])
    build = image_data if arrays.kind == "image" else series_data
    return build(raw, labels, given=given, source=source, options=options, ledger=ledger)


def _labels_of(targets: NDArray[Any], options: ReadOptions) -> list[str]:
    """Return the labels as words; where rows without a class are learned from too, "" of those that
    have -1 (as scikit-learn says) or NaN."""
    words = [str(value) for value in targets.reshape(-1)]
    return ["" if options.unlabelled and word in ("-1", "-1.0", "nan") else word for word in words]
