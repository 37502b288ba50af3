"""The drawings: what they show, on odd values too, and matplotlib left as it was."""

import html
import json
import re

import matplotlib
import pytest

from netwright.report.draw_network import group_layers, network_svg
from netwright.report.draw_scores import (
    draw_confusion,
    draw_intervals,
    draw_pairs,
    draw_reliability,
    draw_residuals,
    draw_roc,
)
from netwright.report.draw_series import draw_forecast, draw_sample
from netwright.report.draw_training import draw_history, draw_strip, strip_scale
from netwright.report.figure import to_svg
from netwright.report.report import Forecast, Layer


def test_settings_of_matplotlib_are_left_alone() -> None:
    before = dict(matplotlib.rcParams)
    to_svg(draw_history({"a": [1.0, 2.0]}), alt="x", name="x")
    assert dict(matplotlib.rcParams) == before


def test_history_draws_one_line_a_column_and_skips_what_is_not_a_number() -> None:
    figure = draw_history({"training": [1.0, float("nan"), 0.5], "validation": [None, 2.0, 1.0]})
    lines = figure.axes[0].get_lines()
    assert [list(line.get_xdata()) for line in lines] == [[1, 3], [2, 3]]


def test_best_epoch_is_marked() -> None:
    figure = draw_history({"a": [1.0, 0.5, 0.7]}, best_epoch=2)
    assert any(list(line.get_xdata()) == [2, 2] for line in figure.axes[0].get_lines())


@pytest.mark.parametrize("columns", [{}, {"a": []}, {"a": [None]}, {"a": [float("inf")]}])
def test_history_of_nothing_is_a_figure(columns: dict[str, list[float | None]]) -> None:
    to_svg(draw_history(columns, log=True), alt="x", name="x")


def test_far_baseline_does_not_squeeze_the_others() -> None:
    rows = [("net", 0.99, 0.98, 1.0), ("trees", 0.97, 0.96, 0.98), ("trivial", 0.1, 0.09, 0.11)]
    low, high = draw_intervals(rows).axes[0].get_xlim()
    assert 0.9 < low < 0.96
    assert high < 1.05


@pytest.mark.parametrize("value", [0.0, 1.0, -5.0])
def test_interval_of_one_value_is_drawn(value: float) -> None:
    low, high = draw_intervals([("net", value, None, None)]).axes[0].get_xlim()
    assert low < value < high


@pytest.mark.parametrize("size", [1, 2, 10, 100, 500])
def test_confusion_of_any_size_is_drawn_small(size: int) -> None:
    matrix = [[int(i == j) * 5 for j in range(size)] for i in range(size)]
    svg = to_svg(draw_confusion(matrix, [f"class {i}" for i in range(size)]), alt="x", name="x")
    assert len(svg) < 1_000_000
    assert ("class 0" in svg) is True


def test_confusion_numbers_are_written_for_few_classes() -> None:
    svg = to_svg(draw_confusion([[1234, 7], [0, 8]], ["a", "b"]), alt="x", name="x")
    assert ">1,234<" in svg and ">7<" in svg and ">8<" in svg


def test_of_many_curves_the_lowest_are_named() -> None:
    curves = {str(i): {"fpr": [0.0, 0.5, 1.0], "tpr": [0.0, 0.5 + i / 20, 1.0]} for i in range(9)}
    labels = [t.get_text() for t in draw_roc(curves).axes[0].get_legend().get_texts()]
    assert labels == ["0", "1", "2"]


def test_reliability_dots_grow_with_their_rows() -> None:
    points = [{"confidence": c, "accuracy": c, "share": s} for c, s in ((0.6, 0.1), (0.9, 0.9))]
    small, large = draw_reliability(points).axes[0].collections[0].get_sizes()
    assert large > small


def test_pairs_and_residuals_of_equal_values() -> None:
    for figure in (draw_pairs([(1.0, 1.0)] * 3), draw_residuals([(1.0, 1.0)] * 3), draw_pairs([])):
        to_svg(figure, alt="x", name="x")


def test_forecast_goes_on_where_the_past_ends() -> None:
    figure = draw_forecast(Forecast(label="x", history=[1, 2], actual=[3, 4], predicted=[3, 5]))
    actual = figure.axes[0].get_lines()[1]
    assert list(actual.get_xdata()) == [0, 1, 2] and list(actual.get_ydata()) == [2, 3, 4]


def test_sample_draws_each_channel() -> None:
    assert len(draw_sample([[1, 2], [2, 1]]).axes[0].get_lines()) == 2


def test_strip_scale_follows_the_values() -> None:
    steps = list(range(4))
    assert strip_scale({"a": (steps, [1e-4, 1e-3, 1e-2, 1e-1])})[0] == "log"
    assert strip_scale({"a": (steps, [1.0, 1.1, 1.2, 1.3])})[0] == "linear"
    assert strip_scale({"a": (steps, [-1.0, 0.0, 1.0, 100.0])})[0] == "linear"
    assert strip_scale({}) == ("linear", 0.0, 1.0)


def test_strip_shows_non_finite_values_in_red() -> None:
    svg = to_svg(draw_strip({"a": ([0, 1], [1.0, float("nan")])}), alt="x", name="x")
    assert "var(--red)" in svg


def test_strip_merges_equal_neighbours() -> None:
    even = draw_strip({"a": (list(range(60)), [0.5] * 60)}, share=True)
    assert len(even.axes[0].patches) == 1
    assert len(even.axes[0].patches[0].get_path().vertices) == 5  # one box


def test_strip_of_many_steps_stays_small() -> None:
    trace = {
        f"layer{i}": (list(range(2000)), [(i * j) % 7 + 1.0 for j in range(2000)])
        for i in range(60)
    }
    assert len(to_svg(draw_strip(trace), alt="x", name="x")) < 200_000


def test_name_of_a_picture_cannot_come_from_data() -> None:
    with pytest.raises(AssertionError):
        to_svg(draw_sample([[1.0, 2.0]]), alt="x", name="<script>")


def test_followers_join_their_block() -> None:
    layers = [
        Layer(name="conv", type="Conv2d", output_shape=(8, 4, 4), parameters=9),
        Layer(name="norm", type="BatchNorm2d", output_shape=(8, 4, 4), parameters=16),
        Layer(name="act", type="ReLU", output_shape=(8, 4, 4)),
        Layer(name="pool", type="MaxPool2d", output_shape=(8, 2, 2)),
        Layer(name="head", type="Linear", output_shape=(3,), parameters=99),
        Layer(name="after", type="Linear", output_shape=(3,), parameters=12),
    ]
    assert [len(block) for block in group_layers(layers)] == [3, 1, 1, 1]


def test_network_widths_are_to_scale() -> None:
    layers = [
        Layer(name="a", type="Linear", output_shape=(64,), parameters=1),
        Layer(name="b", type="Linear", output_shape=(16,), parameters=1),
    ]
    svg = network_svg(layers)
    widths = [float(w) for w in re.findall(r'class="block weights"[^>]* width="([\d.]+)"', svg)]
    assert widths[0] / widths[1] == pytest.approx(2.0)  # square roots


def test_network_of_very_many_layers_stays_readable() -> None:
    layers = [
        Layer(name=f"l{i}", type="Linear", output_shape=(4,), parameters=2) for i in range(500)
    ]
    svg = network_svg(layers)
    assert "452 more blocks" in svg and len(svg) < 100_000


def test_values_under_the_pointer_are_those_of_the_lines() -> None:
    columns: dict[str, list[float | None]] = {
        "training": [1.0, 0.123456, 0.05],
        "validation": [2, 1, 0.5],
    }
    svg = to_svg(draw_history(columns, best_epoch=2), alt="x", name="x")
    values = json.loads(html.unescape(re.findall(r'data-hover="([^"]*)"', svg)[0]))
    assert [line["name"] for line in values["lines"]] == ["training", "validation"]  # not "kept"
    assert values["lines"][0]["x"] == [1, 2, 3]
    assert values["lines"][0]["y"] == [1, 0.1235, 0.05]
    assert values["what"] == "epoch" and values["span"] == [1, 3]
    assert values["lines"][0]["colour"] == "var(--blue)"
