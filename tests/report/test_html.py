"""The page: whole, self-contained, escaped, quick and not too large."""

import base64
import hashlib
import re
from html.parser import HTMLParser

import pytest

from netwright.report.html import to_html
from netwright.report.report import Baseline, Choice, Headline, Report
from netwright.report.sections.answer import standing, worries
from netwright.report.sections.training import tidy_layers

VOID = {"meta", "img", "br", "hr", "link", "input", "col"}


class Reader(HTMLParser):
    """Collects tags, ids and attributes, and fails on tags that do not nest."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open and self.open[-1] == tag, f"</{tag}> inside {self.open[-3:]}"
        self.open.pop()


def read(page: str) -> Reader:
    reader = Reader()
    reader.feed(page)
    reader.close()
    assert reader.open == []
    return reader


@pytest.fixture(
    scope="module", params=["digits_report", "table_report", "forecast_report", "hostile_report"]
)
def page(request: pytest.FixtureRequest) -> str:
    return to_html(request.getfixturevalue(request.param))


@pytest.fixture(scope="module")
def digits_page(digits_report: Report) -> str:
    return to_html(digits_report)


def test_page_is_well_formed_and_ids_are_unique(page: str) -> None:
    ids = [attributes["id"] for _, attributes in read(page).tags if "id" in attributes]
    assert len(ids) == len(set(ids))


def test_page_fetches_nothing(page: str) -> None:
    for tag, attributes in read(page).tags:
        assert tag not in ("link", "iframe", "object", "embed", "base")
        for key in ("src", "href", "xlink:href", "action", "srcset"):
            value = attributes.get(key) or ""
            assert value == "" or value.startswith(("#", "data:image/png;base64,")), (
                tag,
                key,
                value,
            )
    assert "@import" not in page
    assert all(target.startswith("#") for target in re.findall(r"url\(([^)]*)\)", page))


def test_page_is_small(page: str) -> None:
    assert len(page) < 2_000_000


def test_every_picture_says_what_it_shows(page: str) -> None:
    pictures = [(t, a) for t, a in read(page).tags if t in ("svg", "img")]
    assert pictures
    for tag, attributes in pictures:
        assert attributes.get("alt") if tag == "img" else attributes.get("aria-label"), attributes


def test_links_of_the_navigation_lead_somewhere(page: str) -> None:
    tags = read(page).tags
    ids = {a.get("id") for _, a in tags}
    links = [a["href"] for t, a in tags if t == "a"]
    assert links and all((href or "")[1:] in ids for href in links)


def test_hostile_names_stay_text(hostile_report: Report) -> None:
    page = to_html(hostile_report)
    scripts = [a for t, a in read(page).tags if t == "script"]
    assert len(scripts) == 1  # ours
    assert "<script>alert" not in page
    assert not any("onerror" in a for _, a in read(page).tags)
    assert "&lt;script&gt;alert(&quot;x&quot;)&lt;/script&gt;" in page


def test_only_our_script_may_run(digits_page: str) -> None:
    script = re.findall(r"<script>(.*?)</script>", digits_page, flags=re.S)[0]
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert f"script-src &#x27;sha256-{digest}&#x27;" in digits_page
    assert "default-src &#x27;none&#x27;" in digits_page


def test_same_report_gives_the_same_page(table_report: Report) -> None:
    assert to_html(table_report) == to_html(table_report)


def test_page_begins_with_the_answer(table_report: Report) -> None:
    page = to_html(table_report)
    start = page.index("<main>")
    for words in (table_report.headline.sentence, "0.869", table_report.verdict):
        place = page.index(words.replace("<", "&lt;").replace(">", "&gt;"), start)
        assert place < page.index('id="scores"')
    assert 'class="verdict level"' in page  # the trees win, but within the interval


def test_colours_are_variables(digits_page: str) -> None:
    pictures = re.findall(r"<svg.*?</svg>", digits_page, flags=re.S)
    assert len(pictures) >= 10
    for picture in pictures:
        assert not re.findall(r"#[0-9a-f]{6}\b", picture)


def test_bare_report_is_a_page() -> None:
    head = Headline(metric="accuracy", value=0.5)
    read(to_html(Report(title="x", task="t", headline=head, verdict="")))


@pytest.mark.parametrize(
    ("value", "low", "high", "lead", "expected"),
    [
        (0.9, 0.88, 0.92, None, "ahead"),
        (0.8, 0.78, 0.82, None, "behind"),
        (0.85, 0.83, 0.87, None, "level"),
        (0.85, 0.83, 0.87, {"value": 0.01, "low": 0.001, "high": 0.02}, "ahead"),  # in pairs
        (0.84, 0.82, 0.86, {"value": -0.01, "low": -0.02, "high": -0.001}, "behind"),
    ],
)
def test_standing_against_the_best_baseline(
    value: float,
    low: float,
    high: float,
    lead: dict[str, float | None] | None,
    expected: str,
) -> None:
    trees = Baseline(model="trees", scores={"f1": {"value": 0.85, "low": 0.8, "high": 0.9}})
    head = Headline(metric="f1", value=value, low=low, high=high)
    report = Report(
        title="x", task="t", headline=head, verdict="", lead=lead, baselines={"trees": trees}
    )
    assert standing(report) == expected


def test_strips_show_layers_in_order_and_leave_out_biases() -> None:
    row: tuple[list[int], list[float]] = ([0], [1.0])
    places = ["head.bias", "head.weight", "alone.bias", "stem.weight", "whole net"]
    tidy = tidy_layers(dict.fromkeys(places, row), ["stem", "alone", "head"])
    assert list(tidy) == ["stem", "alone.bias", "head"]


def test_plan_folds_what_has_no_reason() -> None:
    choices = [
        Choice(field="net.name", value="mlp", why="a table"),
        Choice(field="recipe.eps", value=1e-8),
    ]
    head = Headline(metric="accuracy", value=0.5)
    page = to_html(Report(title="x", task="t", headline=head, verdict="", choices=choices))
    assert "1 field at the usual value" in page
    assert page.index("recipe.eps") > page.index("<details><summary>1 field")


def test_scores_that_say_nothing_was_learned_are_worried_about() -> None:
    def report(value: float, low: float, *, stopped: str = "") -> Report:
        return Report(
            title="x",
            task="t",
            headline=Headline(metric="accuracy", value=value, low=low, high=value + 0.05),
            verdict="",
            stopped=stopped,
            best_epoch=1,
            history={"train_loss": [1.0]},
            baselines={
                "trivial": Baseline(model="most common class", scores={"accuracy": {"value": 0.5}}),
                "trees": Baseline(model="trees", scores={"accuracy": {"value": 0.9}}),
            },
        )

    poor = [words for _, words in worries(report(0.52, 0.47, stopped="out of time"))]
    assert [words.partition(":")[0].partition(" on ")[0] for words in poor] == [
        "Hardly learned anything",
        "A simpler model is better",
        "Cut short",
    ]
    assert worries(report(0.91, 0.89)) == []
