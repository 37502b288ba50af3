"""What is said of a table's columns."""

from pathlib import Path

import pandas as pd

from netwright.data.columns import infer_columns
from netwright.data.ledger import Ledger
from netwright.data.read import read
from netwright.data.table_encoding import TableEncoding
from netwright.report.columns import describe_columns


def test_every_used_column_is_described() -> None:
    rows = range(60)
    frame = pd.DataFrame(
        {
            "age": [None if i == 3 else 20 + i / 2 for i in rows],
            "town": [["Bern", "Basel", "Chur"][i % 3] for i in rows],
            "seen": [f"2024-{1 + i % 12:02}-{1 + i % 28:02}" for i in rows],
        }
    )
    ledger = Ledger()
    encoding = TableEncoding.fit(frame, infer_columns(frame, ledger), ledger)
    age, town, seen = describe_columns(encoding)
    assert (age.name, age.kind) == ("age", "numeric")
    assert "-3 to 3 around 35.00" in age.note  # the median of 20, 20.5, ... without row 3
    assert "whether it is missing" in age.note
    assert town.kind == "categorical" and town.note.startswith("3 values known")
    assert seen.kind == "date" and "weekday" in seen.note


def test_columns_of_nodes_are_described(one_graph: Path) -> None:
    lines = (one_graph / "nodes.csv").read_text().splitlines()
    more = ["words", *(f"{i} {i + 1}" for i in range(60))]
    (one_graph / "nodes.csv").write_text(
        "\n".join(f"{line},{word}" for line, word in zip(lines, more, strict=True)) + "\n"
    )
    height, colour, words = describe_columns(read(one_graph, target="club").encoding)
    assert (height.name, height.kind) == ("height", "numeric")
    assert colour.note.startswith("2 values known")
    assert (words.kind, words.note) == ("list of numbers", "61 things told apart")
