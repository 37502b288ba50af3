"""The benchmarks compare equal work, and the documents quote what was measured."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest
import torch

BENCHMARKS = Path(__file__).resolve().parents[1] / "benchmarks"
sys.path.insert(0, str(BENCHMARKS))

import augmentation  # noqa: E402 (benchmarks are scripts, no package)
import document  # noqa: E402
import netwright_worker  # noqa: E402
import speed  # noqa: E402
from workloads import WORKLOADS  # noqa: E402

from netwright import catalogue  # noqa: E402


@pytest.mark.parametrize("letter", WORKLOADS)
def test_netwright_trains_the_same_net(letter: str) -> None:
    w = WORKLOADS[letter]
    spec = {k: v for k, v in netwright_worker.plan_of(w).net.items() if k != "name"}
    ours = catalogue.build("netwright.nets", w.net_spec["name"], spec, what="net")
    theirs = w.make_net()
    assert sorted(p.numel() for p in ours.parameters()) == sorted(
        p.numel() for p in theirs.parameters()
    )
    x, _ = w.make_data(2)
    inputs = torch.from_numpy(x)
    assert ours.eval()(inputs).shape == theirs.eval()(inputs).shape


def test_the_same_weights_give_the_same_outputs_where_only_the_order_of_relu_and_pool_differs() -> (
    None
):
    w = WORKLOADS["c"]
    spec = {k: v for k, v in netwright_worker.plan_of(w).net.items() if k != "name"}
    ours = catalogue.build("netwright.nets", w.net_spec["name"], spec, what="net")
    theirs = w.make_net()
    with torch.no_grad():
        for mine, other in zip(ours.parameters(), theirs.parameters(), strict=True):
            mine.copy_(other)
    images = torch.from_numpy(w.make_data(4)[0])
    torch.testing.assert_close(ours(images), theirs(images), rtol=1e-5, atol=1e-5)


def _results(**ratios: float) -> dict[str, Any]:
    return {w: {"plain": {"ratio": 1.0}, "netwright": {"ratio": r}} for w, r in ratios.items()}


def test_table_has_a_row_a_contestant_and_the_bar() -> None:
    lines = speed.table(_results(a=1.5, e=1.04)).splitlines()
    assert lines[0] == "| x plain loop | a | e |"
    assert "| netwright | 1.50 | 1.04 |" in lines
    assert lines[-1] == "| *bar for netwright* | 1.35 | 1.00 |"


def test_unknown_contestants_and_workloads_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    for arguments in (["a", "--contestants", "plain,tensorflow"], ["az"]):
        with pytest.raises(SystemExit, match="2"):
            speed.main(arguments)
        assert "contestants are plain" in capsys.readouterr().err


def test_saving_keeps_the_workloads_of_other_runs(tmp_path: Path) -> None:
    out = tmp_path / "speed.json"
    speed.save(out, _results(a=1.5), 1, 7, with_peers=False)
    speed.save(out, _results(b=3.5), 1, 7, with_peers=False)
    saved = json.loads(out.read_text())["1 thread"]
    assert saved["a"]["contestants"]["netwright"]["ratio"] == 1.5
    assert saved["b"]["bar"] == 3.0


def test_batches_are_augmented_faster_than_pictures() -> None:
    found = augmentation.compare((28, 28, 1), rows=256, rounds=1)
    assert found["ratio"] > 3  # the bar is 15, measured by the benchmark itself


@pytest.mark.slow
def test_a_worker_answers_every_go() -> None:
    found = speed.measure(["plain", "netwright"], "b", threads=1, rounds=2)
    assert found["plain"]["ratio"] == 1.0
    assert found["netwright"]["ratio"] > 1.0


def test_the_page_says_what_was_measured() -> None:
    text = (BENCHMARKS.parent / "docs" / "benchmarks.md").read_text(encoding="utf-8")
    assert text == document.page(), "run benchmarks/document.py"


@pytest.mark.parametrize("letter", WORKLOADS)
def test_a_missed_bar_is_said(letter: str) -> None:
    result = json.loads(speed.RESULTS.read_text())["1 thread"][letter]
    ours = result["contestants"]["netwright"]["ratio"]
    said = document.page().partition("Bars missed: ")[2].partition("\n")[0]
    assert (f"{letter} (" in said) == (ours < result["bar"])
