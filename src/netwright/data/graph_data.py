"""Graphs become Data: of one graph the nodes have classes, of many graphs each has one."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray

from netwright.data.cells import MARKERS, distinct
from netwright.data.data import Data, Encoding, Rows, Source
from netwright.data.formats.graph_tables import read_graph_tables
from netwright.data.formats.graph_text import read_graph_text
from netwright.data.graph_encoding import fit_graph_encoding
from netwright.data.graphs import Graphs, Index, describe
from netwright.data.labelled import Labels, label_rows, labelled_data
from netwright.data.labels import unquoted, whole_label
from netwright.data.ledger import Ledger
from netwright.data.node_encoding import fit_node_encoding
from netwright.data.options import ReadOptions
from netwright.data.sources import Found, sha256_of
from netwright.data.table_splits import SPLIT_WORDS, told_splits
from netwright.data.targets import choose_targets
from netwright.errors import DataError, UsageError

__all__ = ["graph_rows", "read_graph", "read_graph_data"]

NO_SPLIT = ("", "none", "rest", "unlabeled", "unlabelled", "unused")
MOST_CLASSES = 0.5  # of the rows; more different labels are no classes


def read_graph(paths: Sequence[Path], ledger: Ledger) -> Graphs:
    """Read the files of a graph source: a text of graphs, or tables of nodes, edges and graphs."""
    if len(paths) == 1:
        graphs = read_graph_text(paths[0], ledger)
    else:
        graphs = read_graph_tables(paths, ledger)
    describe(graphs, ledger, paths[0].parent.name or paths[0].name)
    return graphs


def read_graph_data(found: Found, options: ReadOptions, ledger: Ledger) -> Data:
    """Read one graph (its nodes are learned about) or many (each is)."""
    for name in ("time_column", "group", "horizon"):
        if getattr(options, name) is not None:
            raise UsageError(
                f"--{name.replace('_', '-')} is not read for graphs, which {found.name} holds. "
                "Leave it out."
            )
    if len(found.parts) > 1:
        raise UsageError(
            f"--test {options.test}: a second source of graphs cannot be the test. Put all into "
            "one source and say in a column 'split' (or --split FILE) which rows are the test."
        )
    source = Source(found.name, tuple(str(p) for p in found.paths), sha256_of(found.paths))
    graphs = read_graph(found.parts["all"], ledger)
    build = node_data if graphs.table is None else graph_data
    return build(graphs, source=source, options=options, ledger=ledger)


def node_data(graphs: Graphs, *, source: Source, options: ReadOptions, ledger: Ledger) -> Data:
    """Build Data of one graph: a row a node that has a class and a place in a split."""
    cells = graphs.nodes.copy()
    cells.insert(0, "node", graphs.names)
    target, labels, labelled = _labelled(cells, "node", options, ledger)
    features = [str(c) for c in graphs.nodes.columns if c not in (target, _split_name(cells))]
    raw = cells[["node", *features]]
    encoding = fit_node_encoding(graphs.cells(features), ledger)
    ids = torch.arange(len(graphs.names))
    return _data(encoding, (ids,), labels, labelled, raw, source, ledger)


def graph_data(graphs: Graphs, *, source: Source, options: ReadOptions, ledger: Ledger) -> Data:
    """Build Data of many graphs: a row a graph."""
    assert graphs.table is not None
    _, labels, labelled = _labelled(graphs.table, "graph", options, ledger)
    train = labelled[labels.train.numpy()]
    if not np.isin(graphs.of, train).any():
        raise DataError(f"No training graph of {source.name} has a node. Check its graph column.")
    encoding = fit_graph_encoding(graphs, train, ledger)
    return _data(
        encoding, encoding.encode(graphs, ledger), labels, labelled, graph_rows(graphs), source,
        ledger,
    )  # fmt: skip


def graph_rows(graphs: Graphs) -> pd.DataFrame:
    """Return what can be shown of each graph: its name, how many nodes and edges it has."""
    assert graphs.table is not None
    return pd.DataFrame(
        {
            "graph": graphs.table["graph"],
            "nodes": np.bincount(graphs.of, minlength=len(graphs)),
            "edges": np.bincount(graphs.of[graphs.edges[0]], minlength=len(graphs)),
        }
    )


def _split_name(cells: pd.DataFrame) -> str | None:
    """Return the column that says which split a row is of: one called "split", of such words."""
    for name in cells.columns:
        words = {str(word).casefold() for word in distinct(cells[name]).words}
        split = words - set(NO_SPLIT)
        if str(name).strip().casefold() == "split" and split and split <= set(SPLIT_WORDS):
            return str(name)
    return None


def _labelled(
    cells: pd.DataFrame, what: str, options: ReadOptions, ledger: Ledger
) -> tuple[str, Labels, Index]:
    """Return the target's name, the labels of the rows that are asked about (positions among
    these), and the positions of these among all rows."""
    column = _split_name(cells)
    aside = [name for name in (column, options.split) if name in cells.columns]
    (target, *others) = choose_targets(cells.drop(columns=aside), options.target, ledger)
    if others or target == what:
        raise DataError(
            f"Of {what}s one column of classes is learned, beside the {what}'s name; the columns "
            f"are {', '.join(map(str, cells.columns[:8]))}. Add one, or name it with --target."
        )
    known = distinct(cells[target]).without(MARKERS)
    words = np.array([whole_label(word) for word in unquoted(known.words)], dtype=object)
    labels: NDArray[np.object_] = known.take(words, "")
    asked = known.codes >= 0
    _check_classes(target, len(words), int(asked.sum()), what)
    given: dict[str, Index] = {}
    if column is not None and options.split in (None, column):
        given = _column_splits(cells[column])
    elif options.split is not None:
        given = told_splits(cells, options, {}, ledger)
    if "train" in given and options.split in (None, column):  # the others are left out on purpose
        inside = np.zeros(len(cells), dtype=bool)
        inside[np.concatenate(list(given.values()))] = True
        _note_unasked(int((asked & ~inside).sum()), what, "in no split", ledger)
        asked &= inside
    _note_unasked(int((known.codes < 0).sum()), what, f"without a {target!r}", ledger)
    rows = np.flatnonzero(asked).astype(np.int64)
    place = np.cumsum(asked) - 1
    return (
        target,
        label_rows(
            labels[rows].tolist(),
            given={name: place[at[asked[at]]] for name, at in given.items()},
            target=target,
            name=f"{what}-classification",
            options=ReadOptions(task=options.task, seed=options.seed),
            ledger=ledger,
        ),
        rows,
    )


def _check_classes(target: str, classes: int, rows: int, what: str) -> None:
    if classes > max(2, MOST_CLASSES * rows):
        raise DataError(
            f"The target {target!r} holds {classes:,} different values for {rows:,} {what}s; "
            "expected classes, several of each. Choose another --target."
        )


def _column_splits(cells: pd.Series) -> dict[str, Index]:
    known = distinct(cells)
    meant = [SPLIT_WORDS.get(str(word).casefold(), "") for word in known.words]
    words = known.take(np.array(meant, dtype=object), "")
    return {
        name: np.flatnonzero(words == name).astype(np.int64)
        for name in dict.fromkeys(meant)
        if name
    }


def _note_unasked(count: int, what: str, why: str, ledger: Ledger) -> None:
    if count:
        role = ": they pass messages, and are not asked about" if what == "node" else ""
        ledger.note("read" if role else "dropped", f"{what}s", f"{what}s {why}{role}", count)


def _data(
    encoding: Encoding,
    inputs: tuple[torch.Tensor, ...],
    labels: Labels,
    labelled: Index,
    raw: pd.DataFrame,
    source: Source,
    ledger: Ledger,
) -> Data:
    splits = {}
    for name, index in labels.splits().items():
        rows = torch.from_numpy(labelled)[index]
        splits[name] = Rows(
            name,
            tuple(x[rows] for x in inputs),
            labels.ids[index],
            raw.iloc[rows.numpy()],
            rows,
        )
    return labelled_data("graph", labels, splits, encoding, source=source, ledger=ledger)
