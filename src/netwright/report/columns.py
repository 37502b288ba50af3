"""describe_columns: what a table's columns were read as, and what of them reaches the net."""

from netwright.data.column_features import CategoryFeatures, DateFeatures, NumberFeatures
from netwright.data.data import Encoding
from netwright.data.graph_encoding import GraphEncoding
from netwright.data.node_encoding import NodeEncoding
from netwright.data.table_encoding import TableEncoding
from netwright.data.text_features import TextFeatures
from netwright.report.report import Column
from netwright.report.words import number, plural

__all__ = ["describe_columns"]


def describe_columns(encoding: Encoding) -> list[Column]:
    """Return the used columns of a table, or of the nodes of graphs, in its order; nothing for
    other kinds of data."""
    if isinstance(encoding, NodeEncoding | GraphEncoding):
        nodes = encoding.nodes
        listed = [
            Column(name=name, kind="list of numbers", note=f"{plural(size, 'thing')} told apart")
            for name, size in nodes.lists
        ]
        return (describe_columns(nodes.table) if nodes.table else []) + listed
    if not isinstance(encoding, TableEncoding):
        return []
    kinds: dict[str, str] = {}
    notes: dict[str, list[str]] = {}
    for one in encoding.features:
        kinds[one.column.name] = one.column.kind
        notes.setdefault(one.column.name, []).append(_note(one))
    return [
        Column(name=name, kind=kind, note="; ".join(notes[name])) for name, kind in kinds.items()
    ]


def _note(one: NumberFeatures | DateFeatures | CategoryFeatures | TextFeatures) -> str:
    match one:
        case NumberFeatures():
            missing = ", and whether it is missing" if one.indicated else ""
            if not len(one.knots):
                return f"brought to about -3 to 3 around {number(one.center)}{missing}"
            ends = f"{number(float(one.knots[0]))} to {number(float(one.knots[-1]))} in training"
            return f"its rank among the training rows ({ends}){missing}"
        case CategoryFeatures():
            often = ", and how common it is" if one.counts else ""
            return f"{plural(len(one.words), 'value')} known, others are 'unknown'{often}"
        case DateFeatures():
            parts = [*(["time elapsed"] if one.std > 0 else []), *one.cycles]
            return ", ".join([*parts, *(["whether it is missing"] if one.indicated else [])])
        case TextFeatures():
            terms = "words" if one.level == "word" else "runs of characters"
            return f"{plural(len(one.mean), 'direction')} of {len(one.terms):,} {terms}"
