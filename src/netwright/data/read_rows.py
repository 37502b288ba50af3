"""Rows for a model that is there already: to predict (`read_rows`) or to score it
(`read_labelled`)."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from torch import Tensor

from netwright.data.arrays import arrays_as_frames, read_arrays
from netwright.data.box_encoding import BoxEncoding
from netwright.data.boxes import labelled_boxes
from netwright.data.cells import MARKERS, distinct
from netwright.data.data import Encoding, Rows, Split
from netwright.data.environments import EnvironmentEncoding, episodes_for
from netwright.data.graph_data import graph_rows, read_graph
from netwright.data.graph_encoding import GraphEncoding
from netwright.data.graphs import Graphs
from netwright.data.known_targets import encode_known_targets, match_labels
from netwright.data.labelled import refuse_columns
from netwright.data.ledger import Ledger
from netwright.data.mask_encoding import MaskEncoding
from netwright.data.masks import labelled_masks
from netwright.data.node_encoding import NodeEncoding
from netwright.data.options import ReadOptions
from netwright.data.pair_encoding import PairEncoding
from netwright.data.samples import read_frame, read_samples
from netwright.data.sentence_encoding import SentenceEncoding
from netwright.data.set_aside import NOT_KNOWN
from netwright.data.sources import Found, locate
from netwright.data.speech_encoding import SpeechEncoding
from netwright.data.tagging import read_tagged, tagged_rows
from netwright.data.task import Task
from netwright.data.transcripts import speech_rows
from netwright.data.translation import pair_rows, read_pairs
from netwright.data.word_encoding import WordEncoding
from netwright.data.word_stream import word_pair_rows
from netwright.errors import DataError, UsageError, did_you_mean

__all__ = ["encoding_of", "note_found", "read_labelled", "read_labels", "read_rows"]

# Of which another source says nothing: they go on from a source's own end, or ask of it at random.
NOT_ANEW = (
    "contrastive", "forecasting", "language-modelling", "masked-language-modelling", "generation",
)  # fmt: skip


def note_found(found: Found, ledger: Ledger) -> None:
    """Note what `locate` left out or guessed."""
    if found.detail.get("ignored"):
        ledger.note("dropped", found.name, "hidden files left out", found.detail["ignored"])
    left = found.detail.get("left_out")
    if left:
        shown = ", ".join(left[:5]) + (", ..." if len(left) > 5 else "")
        what = f"files of another kind, or outside of the class folders, left out: {shown}"
        ledger.note("dropped", found.name, what, len(left))
    if found.detail.get("empty"):
        empty = found.detail["empty"]
        shown = ", ".join(empty[:5]) + (", ..." if len(empty) > 5 else "")
        ledger.note("warned", found.name, f"folders without a sample: {shown}", len(empty))
    if found.detail.get("not_read"):
        names = ", ".join(found.detail["not_read"])
        ledger.note("dropped", found.name, f"tables that are no split were not read: {names}")
    if found.detail.get("training_part"):
        part = found.detail["training_part"]
        ledger.note("guessed", found.name, f"nothing is called train: {part!r} is what there is")
    if found.detail.get("replaced_test"):
        ledger.note("dropped", found.name, "the source's own test part: --test replaces it")


def encoding_of(
    source: str | Path, encoding: Encoding, ledger: Ledger, *, target: str | None = None
) -> Encoding:
    """Return what the rows of `source` are encoded with: of nodes an encoding that holds the
    source's own graph, of all else `encoding` itself. target: a column that is no feature."""
    if not isinstance(encoding, NodeEncoding):
        return encoding
    graphs = _graphs(locate(source), encoding, ledger)
    return encoding.over(graphs.cells([c for c in graphs.nodes.columns if c != target]), ledger)


def _graphs(found: Found, encoding: NodeEncoding | GraphEncoding, ledger: Ledger) -> Graphs:
    """Read graphs of the kind that the model was trained on."""
    many = isinstance(encoding, GraphEncoding)
    if found.kind != "graph":
        raise DataError(
            f"{found.name!r} holds {found.kind}; the model was trained on graphs. Give a folder "
            f"with nodes.csv and edges.csv{' and graphs.csv' if many else ''}."
        )
    graphs = read_graph(next(iter(found.parts.values())), ledger)
    if many == (graphs.table is None):
        what = ("the nodes of one graph", "many graphs")
        raise DataError(
            f"{found.name!r} holds {what[not many]}, but the model was trained on {what[many]}. "
            f"{'Add graphs.csv, a row a graph' if many else 'Take graphs.csv away'}."
        )
    return graphs


def read_rows(source: str | Path, encoding: Encoding, ledger: Ledger) -> Any:
    """Read the rows of `source` as `encoding.encode` takes them, in the source's order."""
    found = locate(source)
    note_found(found, ledger)
    if isinstance(encoding, NodeEncoding | GraphEncoding):
        graphs = _graphs(found, encoding, ledger)
        return graphs if isinstance(encoding, GraphEncoding) else graphs.names
    if found.kind == "gym":
        raise UsageError(
            f"{found.name} is an environment; predictions are made for rows, such as a table of "
            "states. To see how well a model acts in it use `netwright evaluate`."
        )
    if _wants_frame(encoding, found):
        return _frame(found, encoding, ledger)
    return read_samples(found, encoding.kind, ledger)[0]


def read_labelled(
    source: str | Path, encoding: Encoding, task: Task, ledger: Ledger, *, target: str | None = None
) -> Split:
    """Read rows with their targets, encoded as the model's training rows were, to score it.

    target: the target's name in this source, where it is another one; UsageError where the source
    has no columns. Rows without a target, of a class that was not learned, or that cannot be
    decoded are left out and counted. What acts is scored on episodes.
    """
    if task.form in NOT_ANEW:
        raise UsageError(
            f"A {task.form} model cannot be scored on another source; its test scores are in the "
            "run's metrics.json."
        )
    found = locate(source)
    note_found(found, ledger)
    if task.form == "reconstruction":
        return _to_rebuild(found, encoding, task, ledger, target=target)
    if isinstance(encoding, NodeEncoding | GraphEncoding):
        return _labelled_graphs(found, encoding, task, ledger, target=target)
    if found.kind != "audio-transcripts" and not _wants_frame(encoding, found):
        refuse_columns(ReadOptions(target=target), found.name)
    if isinstance(encoding, SentenceEncoding):
        return _tagged(found, encoding, task, ledger)
    if isinstance(encoding, SpeechEncoding):
        if found.kind != "audio-transcripts":
            raise DataError(
                f"{found.name!r} holds {found.kind}, which says nothing of what is heard. To score "
                "a recogniser give a table of files and their texts beside the sounds; to "
                "recognise use `netwright predict`."
            )
        return speech_rows("evaluate", found, encoding, ledger, target=target)
    if isinstance(encoding, PairEncoding):
        return _pairs(found, encoding, task, ledger)
    if isinstance(encoding, MaskEncoding):
        return labelled_masks(found, encoding, ledger)
    if isinstance(encoding, BoxEncoding):
        return labelled_boxes(found, encoding, task, ledger)
    if task.form == "similarity":
        pictures, labels = read_labels(found, encoding, ledger)
        _, ids = np.unique(labels, return_inverse=True)
        rows = np.arange(len(pictures))
        return _decoded(encoding, pictures, torch.from_numpy(ids), rows, ledger)
    if isinstance(encoding, EnvironmentEncoding):
        return episodes_for(encoding, found, ledger)
    if isinstance(encoding, WordEncoding):
        return word_pair_rows(Path(source), encoding, ledger)
    if _wants_frame(encoding, found):
        frame = _frame(found, encoding, ledger)
        names = _target_names(frame, task, target)
        raw: Any = frame.drop(columns=list(names))
    else:
        raw, labels = read_labels(found, encoding, ledger, target=target)
        names = (task.target,)
        frame = pd.DataFrame({task.target: pd.Series(labels, dtype=object)})
    targets, kept = encode_known_targets(frame, names, task, ledger)
    _check_kept(kept, len(frame), task, ledger)
    raw = raw.iloc[kept] if isinstance(raw, pd.DataFrame) else _take(raw, kept)
    return _decoded(encoding, raw, targets, kept, ledger)


def _decoded(
    encoding: Encoding, raw: Any, targets: Tensor, numbers: NDArray[np.int64], ledger: Ledger
) -> Rows:
    """Encode rows with their targets; files that cannot be decoded are left out and noted by name.
    numbers: of the rows in the source."""
    some = getattr(encoding, "encode_some", None)
    if some is None:
        inputs = encoding.encode(raw, ledger)
        return Rows("evaluate", inputs, targets, raw, torch.from_numpy(numbers))
    inputs, kept = some(raw, ledger)
    if not len(kept):
        raise DataError("None of the rows can be decoded; the ledger names each. Check the files.")
    own = kept.numpy()
    return Rows("evaluate", inputs, targets[kept], _take(raw, own), torch.from_numpy(numbers[own]))


def _to_rebuild(
    found: Found, encoding: Encoding, task: Task, ledger: Ledger, *, target: str | None
) -> Rows:
    """Read rows that need no label; where they have one, errors are judged by how they rank it."""
    labels: pd.Series | None = None
    if _wants_frame(encoding, found):
        raw: Any = _frame(found, encoding, ledger)
        if target or (task.classes and task.target in raw.columns):
            (name,) = _target_names(raw, task, target)
            labels = raw.pop(name)
    else:
        refuse_columns(ReadOptions(target=target), found.name)
        raw, words = read_samples(found, encoding.kind, ledger)
        labels = None if words is None else pd.Series(words, dtype=object)
    ids = np.full(len(raw), NOT_KNOWN)
    if labels is not None and task.classes:  # normal, and what is none
        ids = match_labels(distinct(labels).without(MARKERS), task, ledger)
    rows = torch.arange(len(raw))
    return Rows("evaluate", encoding.encode(raw, ledger), torch.from_numpy(ids), raw, rows)


def _labelled_graphs(
    found: Found,
    encoding: NodeEncoding | GraphEncoding,
    task: Task,
    ledger: Ledger,
    *,
    target: str | None,
) -> Rows:
    """Read nodes, or graphs, with their classes. `encoding` is that of `encoding_of`."""
    graphs = _graphs(found, encoding, ledger)
    many = isinstance(encoding, GraphEncoding)
    frame = graphs.nodes if graphs.table is None else graphs.table
    targets, kept = encode_known_targets(frame, _target_names(frame, task, target), task, ledger)
    _check_kept(kept, len(frame), task, ledger)
    rows = torch.from_numpy(kept)
    inputs = encoding.encode(graphs if many else graphs.names, ledger)
    raw = graph_rows(graphs) if many else pd.DataFrame({"node": graphs.names})
    return Rows("evaluate", tuple(x[rows] for x in inputs), targets, raw.iloc[kept], rows)


def _tagged(found: Found, encoding: SentenceEncoding, task: Task, ledger: Ledger) -> Rows:
    if found.kind != "conll":
        raise DataError(
            f"{found.name!r} holds {found.kind}, which has no tags. To score a tagger give a token "
            "and its tag a line; to tag a text use `netwright predict`."
        )
    files = [path for part in found.parts.values() for path in part]
    sentences = [one for path in files for one in read_tagged(path, ledger)]
    return tagged_rows("evaluate", sentences, task.classes, encoding, ledger)


def _pairs(found: Found, encoding: PairEncoding, task: Task, ledger: Ledger) -> Rows:
    sides = (task.source, task.target)
    if found.kind != "line-pair" or set(found.detail["languages"]) != set(sides):
        raise DataError(
            f"{found.name!r} is no pair of texts in {task.source} and {task.target}. To score a "
            "translator give both, named so (test.en beside test.de); to translate a text use "
            "`netwright predict`."
        )
    pairs = [pair for part in found.parts for pair in read_pairs(found, part, *sides, ledger)]
    return pair_rows("evaluate", pairs, encoding, ledger)


def read_labels(
    found: Found, encoding: Encoding, ledger: Ledger, *, target: str | None = None
) -> tuple[Any, list[str]]:
    """Return raw rows and the label of each. target: the column of these, of sounds in a table."""
    raw, labels = read_samples(found, encoding.kind, ledger, target=target)
    if labels is None:
        raise DataError(
            f"{found.name!r} has no labels. To score a model give a folder for each class; to "
            "predict use `netwright predict`."
        )
    return raw, labels


def _take(raw: Any, kept: NDArray[np.int64]) -> Any:
    return raw[kept] if isinstance(raw, np.ndarray) else [raw[at] for at in kept]


def _wants_frame(encoding: Encoding, found: Found) -> bool:
    """Whether the rows are a table's: also texts in a column, series in time, arrays of columns."""
    if found.kind == "gym":
        return False
    if encoding.kind in ("table", "environment"):
        return True
    return encoding.kind in ("text", "series") and found.kind in ("table", "builtin")


def _frame(found: Found, encoding: Encoding, ledger: Ledger) -> pd.DataFrame:
    if found.kind == "npz":
        arrays = read_arrays(found, ledger)
        if arrays.kind == "table":
            return pd.concat(arrays_as_frames(arrays).values(), ignore_index=True)
    # A text's encoding knows one column, others several.
    expect = getattr(encoding, "columns", ()) or (getattr(encoding, "column", ""),)
    return read_frame(found, ledger, expect=[name for name in expect if name])


def _target_names(frame: pd.DataFrame, task: Task, target: str | None) -> tuple[str, ...]:
    names = tuple(target.split(",")) if target else task.target_names or (task.target,)
    known = [str(name) for name in frame.columns]
    for name in names:
        if name not in known:
            raise DataError(
                f"The rows have no column {name!r} to score against.{did_you_mean(name, known)} "
                "Name it with --target, "
                "or use `netwright predict` for rows without targets."
            )
    expected = len(task.target_names) or 1
    if len(names) != expected:
        raise UsageError(
            f"--target names {len(names)} columns, but the model learned {expected}: {task.target}."
        )
    return names


def _check_kept(kept: NDArray[np.int64], rows: int, task: Task, ledger: Ledger) -> None:
    if len(kept) < rows:
        ledger.note(
            "dropped", task.target, "rows without a known target are not scored", rows - len(kept)
        )
    if not len(kept):
        raise DataError(
            f"No row has a target {task.target!r} that the model knows, so there is nothing to "
            "score."
        )
