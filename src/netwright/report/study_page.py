"""study_to_html(study): the report of a search as one file that opens offline, in the style of a
run's."""

from collections.abc import Mapping, Sequence

from netwright.report.draw_study import (
    MOST_LINES,
    draw_coordinates,
    draw_curves,
    draw_search,
    has_far_scores,
)
from netwright.report.figure import to_svg
from netwright.report.html import page
from netwright.report.markup import Markup, el
from netwright.report.sections.parts import card, figure, section, table
from netwright.report.words import (
    capital,
    duration,
    metric_title,
    number,
    plural,
    shorten,
    spell,
)
from netwright.tune.importance import FEWEST_TRIALS
from netwright.tune.study import Study, Trial

__all__ = ["study_to_html"]

MOST_ROWS = 100  # of the leaderboard
METHODS = {
    "bayes": "Bayesian search",
    "random": "random search",
    "grid": "grid search",
    "hyperband": "Hyperband",
}


def study_to_html(
    study: Study,
    *,
    title: str,
    importance: Mapping[str, float],
    versions: Mapping[str, str],
    command: str = "netwright train SOURCE --plan plan.yaml",
) -> str:
    """Return the study's report as one HTML page. importance: each field's share, empty where too
    few trials tell. command: that trains the winner."""
    parts = [
        ("winner", "What the winner changed", _changed(study)),
        ("search", "The search", _search(study)),
        ("importance", "What matters", _importance(importance)),
        ("leaderboard", "Leaderboard", _leaderboard(study)),
        ("failed", "Failed trials", _failed(study)),
    ]
    shown = [(identity, name, part) for identity, name, part in parts if part is not None]
    links = [("answer", "The answer"), *((identity, name) for identity, name, _ in shown)]
    facts = [*(f"{k} {v}" for k, v in versions.items()), f"seed {study.seed}"]
    facts.append(f"{duration(study.seconds)} in all")
    foot = el("footer", {}, el("p", {}, "Made by netwright. " + " · ".join(facts)))
    subtitle = f"{capital(METHODS[study.method])} over {plural(len(study.space), 'field')}"
    return page(title, subtitle, links, [_answer(study, command), *(p for *_, p in shown)], foot)


def _answer(study: Study, command: str) -> Markup:
    ranked = study.leaderboard()
    right = el("div", {"class": "against"}, _picture_of_search(study)) if ranked else Markup("")
    return el(
        "section",
        {"id": "answer", "class": "hero"},
        el("div", {"class": "split"}, _claim(study, ranked, command), right),
        _facts(study),
    )


def _claim(study: Study, ranked: Sequence[Trial], command: str) -> Markup:
    tried = plural(len(study.trials), "trial")
    stopped = " The search was interrupted; it can go on with --resume." * study.interrupted
    if not ranked:
        words = f"None of {tried} has a score.{stopped}"
        return el("div", {"class": "claim"}, el("p", {"class": "sentence"}, words))
    best = ranked[0]
    big = el(
        "div",
        {"class": "score"},
        el("span", {"class": "value"}, number(best.score)),
        el(
            "span",
            {"class": "about"},
            el("b", {}, metric_title(study.metric)),
            " on the validation rows",
            el("br"),
            f"trial {best.number}, {plural(best.epochs, 'epoch')}",
        ),
    )
    return el(
        "div",
        {"class": "claim"},
        el("p", {"class": "sentence"}, f"The best of {tried} of one plan.{stopped}"),
        big,
        _standing(study, best),
        el(
            "p",
            {"class": "quiet"},
            "The best of many on the same rows flatters itself. Test rows were not read: ",
            el("code", {}, command),
            " measures it on them.",
        ),
    )


def _standing(study: Study, best: Trial) -> Markup:
    own = study.own_trial
    if own is None:
        outside = ", ".join(study.outside()) or "its values"
        words = f"The plan as it was is none of the trials: the space does not hold its {outside}."
        return el("p", {"class": "verdict"}, words)
    if own.score is None:
        return el("p", {"class": "verdict ahead"}, "The plan as it was has no score: it failed.")
    if own is best:
        return el("p", {"class": "verdict level"}, "No trial is better than the plan as it was.")
    words = f"The plan as it was has {number(own.score)} (trial {own.number})."
    return el("p", {"class": "verdict ahead"}, words)


def _facts(study: Study) -> Markup:
    states = [t.state for t in study.trials]
    facts = {
        "trials": f"{len(states)} of {max(study.requested, len(states))}",
        "to their end": str(states.count("complete")),
        "dropped": str(states.count("pruned")),
        "failed": str(states.count("failed")),
        "epochs in all": f"{sum(t.epochs for t in study.trials):,}",
        "training": duration(sum(t.seconds for t in study.trials)),
    }
    shown = {name: value for name, value in facts.items() if value != "0"}
    return el(
        "dl",
        {"class": "facts"},
        *(el("div", {}, el("dt", {}, name), el("dd", {}, v)) for name, v in shown.items()),
    )


def _picture_of_search(study: Study) -> Markup:
    alt = f"{metric_title(study.metric)} of each trial, and the best so far"
    picture = to_svg(draw_search(study), alt=alt, name="search")
    if not has_far_scores(study):
        return picture
    return Markup(picture + el("p", {"class": "quiet"}, "Scores further off lie at the edge."))


def _changed(study: Study) -> Markup | None:
    ranked = study.leaderboard(1)
    if not ranked:
        return None
    before = study.plan.to_dict()
    rows = []
    for field, value in ranked[0].changes.items():
        part, _, name = field.partition(".")
        own = before[part].get(name)
        was = spell(own) if name in before[part] else "the net's default"
        now = spell(_short(value)) + (" (the same)" if own == value else "")
        rows.append([el("code", {}, field), was, now, study.plan.why.get(field, "")])
    body = table(["field", "plan as it was", "winner", "why it was so"], rows)
    return section(
        "winner",
        "What the winner changed",
        "Against the plan that was tuned. The whole plan is plan.yaml.",
        card(body),
    )


def _search(study: Study) -> Markup | None:
    if not study.leaderboard(1):
        return None
    lines = to_svg(
        draw_coordinates(study),
        alt="Every trial as a line through its values and its score",
        name="coordinates",
    )
    lines = el("div", {"style": "min-width:620px"}, lines)  # on a phone it scrolls, and is legible
    few = f" The best {MOST_LINES} are drawn." if len(study.trials) > MOST_LINES else ""
    parts = [
        figure(
            lines,
            "Parallel coordinates",
            "A line is a trial: the stronger its blue the better; orange is the best, red failed."
            + few,
        )
    ]
    if any(len(t.curve) > 1 for t in study.trials):
        alt = f"{metric_title(study.metric)} of each trial by epoch"
        note = "Grey ones were dropped early." if _pruned(study) else ""
        parts.append(figure(to_svg(draw_curves(study), alt=alt, name="curves"), "Learning", note))
    return section(
        "search", "The search", "Where it looked, and what it found there.",
        el("div", {"class": "stack"}, *parts),
    )  # fmt: skip


def _pruned(study: Study) -> bool:
    return any(t.state == "pruned" for t in study.trials)


def _importance(importance: Mapping[str, float]) -> Markup:
    if not importance:
        lead = (
            f"Too few trials say: at least {FEWEST_TRIALS} trained to their end, with different "
            "scores, are needed."
        )
        return section("importance", "What matters", lead)
    bars = [
        el(
            "div",
            {"class": "bar"},
            el("span", {"class": "name"}, field),
            el("span", {"class": "track"}, el("i", {"style": f"width:{100 * share:.1f}%"})),
            el("span", {"class": "num"}, f"{share:.0%}"),
        )
        for field, share in importance.items()
    ]
    return section(
        "importance",
        "What matters",
        "The share of the score's variance over this space that each field explains (fANOVA). A "
        "narrow range makes any field look unimportant.",
        card(*bars),
    )


def _leaderboard(study: Study) -> Markup | None:
    ranked = study.leaderboard(MOST_ROWS)
    if not ranked:
        return None
    fields = list(study.space)
    rows = [
        [
            str(place), str(t.number), number(t.score, 4), t.state, str(t.epochs),
            duration(t.seconds), *(shorten(spell(_short(t.changes[f])), 28) for f in fields),
        ]
        for place, t in enumerate(ranked, 1)
    ]  # fmt: skip
    head = ["", "trial", metric_title(study.metric), "state", "epochs", "time"]
    head += [field.partition(".")[2] for field in fields]
    body = table(head, rows, numeric=[0, 1, 2, 4, 5], sortable=True)
    more = len(study.leaderboard()) - len(ranked)
    lead = f"The first {len(ranked)}; {more} more are in leaderboard.csv." if more else ""
    return section("leaderboard", "Leaderboard", lead, card(body))


def _failed(study: Study) -> Markup | None:
    failed = [t for t in study.trials if t.state == "failed"][:MOST_ROWS]
    if not failed:
        return None
    rows = [
        [str(t.number), ", ".join(f"{f}={spell(_short(v))}" for f, v in t.changes.items()),
         shorten(t.reason, 200)]
        for t in failed
    ]  # fmt: skip
    return section(
        "failed", "Failed trials", "They took no part in the search.",
        card(table(["trial", "values", "because"], rows, numeric=[0])),
    )  # fmt: skip


def _short(value: object) -> object:
    return float(f"{value:.4g}") if isinstance(value, float) else value
