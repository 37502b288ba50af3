"""Graphs from the command line: trained, reported, predicted, judged, refused."""

import json
from pathlib import Path

import pandas as pd
import pytest
from test_cli import run


@pytest.mark.slow
def test_from_a_folder_of_nodes_to_predictions(one_graph: Path) -> None:
    home = one_graph.parent
    trained = run("train", "people", "--out", "run", "--epochs", "40", "--json", cwd=home)
    metrics = json.loads(trained.stdout)
    assert metrics["task"] == "node-classification"
    assert (
        metrics["test"]["accuracy"]["value"] > metrics["baselines"]["trivial"]["accuracy"]["value"]
    )
    page = (home / "run" / "report.html").read_text()
    assert "given a node and its neighbours" in page and "each is read both ways" in page
    ledger = json.loads((home / "run" / "ledger.json").read_text())
    assert any("60 nodes" in entry["what"] for entry in ledger)
    run("predict", "run", "people", "--out", "said.csv", cwd=home)
    said = pd.read_csv(home / "said.csv")
    assert len(said) == 60 and {"prediction", "probability_a"} <= set(said.columns)
    scored = json.loads(run("evaluate", "run", "people", "--json", cwd=home).stdout)
    truth = pd.read_csv(one_graph / "nodes.csv")["club"]
    assert scored["scores"]["accuracy"]["value"] == pytest.approx(
        (said["prediction"] == truth).mean()
    )


@pytest.mark.slow
def test_from_a_folder_of_graphs_to_predictions(many_graphs: Path) -> None:
    home = many_graphs.parent
    run(
        "train",
        "shapes",
        "--out",
        "run",
        "--epochs",
        "25",
        "--set",
        "recipe.batch_size=8",
        cwd=home,
    )
    run("predict", "run", "shapes", "--out", "said.csv", cwd=home)
    said = pd.read_csv(home / "said.csv")["prediction"]
    truth = pd.read_csv(many_graphs / "graphs.csv")["label"]
    assert (said == truth).mean() > 0.9


def test_an_edge_to_nowhere_is_refused_with_its_row(one_graph: Path) -> None:
    with (one_graph / "edges.csv").open("a") as file:
        file.write("p0,nobody\n")
    done = run("train", "people", cwd=one_graph.parent, check=3)
    rows = len((one_graph / "edges.csv").read_text().splitlines()) - 1
    assert f"edges.csv, row {rows}: the edge 'p0' - 'nobody' names the node 'nobody'" in done.stderr
