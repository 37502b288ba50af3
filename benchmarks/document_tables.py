"""The section of docs/benchmarks.md on tables, from what tables.py wrote."""

from statistics import fmean
from typing import Any

HEAD = """\
## Tables beside boosted trees and other nets

    benchmarks/peers.sh                      # once: the other libraries
    .venv/bin/python benchmarks/tables.py    # runs resume; --models, --data, --seeds, --budget

Twelve open tables, {seeds} seeds. Everybody gets the same rows (those of `netwright.read`), stops
early on the same validation rows and is scored on the same test rows; one fit has at most 10
minutes on 2 cores. netwright is `netwright train --time 5m`. The trees' defaults are their
libraries' but for the number of rounds, which early stopping chooses; "tuned" is the best of up to
30 random trials by validation loss within 5 minutes on 2 cores, in the spaces that
`benchmarks/table_trees.py` cites. AutoGluon has its default preset and 5 minutes, without its
fastai nets, which do not install here. Words that fewer than 5 rows have are one word to XGBoost,
RealMLP and TabM, which would learn names by heart. wine_quality is its white wines, graded as
values. Columns that only number the rows are left out for all but netwright, which sees them and
drops them itself. The cells were taken on {threads}.
"""

SMALL = """\
## Small tables

    .venv/bin/python benchmarks/small_tables.py

What the default for classes of fewer than 1,000 training rows was chosen by, on rows that no split
of `tables.py` tests: members on folds (each a net a fold, judged on the rows that it did not train
on) beside one TabM that sets a fifth of the rows aside to stop by. Means over the splits; the
interval is that of the mean over the tables. Below 0 the log loss of the folds is lower.

| table | rows | splits | accuracy, one | folds | log loss, one | folds | CPU s, one | folds |
|---|---|---|---|---|---|---|---|---|
"""

TITLES = {"accuracy": "Accuracy", "roc_auc": "ROC-AUC", "rmse": "RMSE"}
TREES = ("catboost", "lightgbm", "xgboost", "hist-gradient-boosting")

RANKS = """\
Mean rank over the tables by the mean over the seeds: accuracy, or RMSE for regression; then by
ROC-AUC in place of accuracy, as TabArena ranks (Erickson et al. 2025): on a few hundred test rows
accuracies a point apart are hardly told from chance. Ranked among each other are the models that
have every cell; "beside" says that a model lacks cells and stands beside those on what it has.
Wins: tables on which nobody is better. CPU seconds of a fit with all it imports: mean. Its largest
memory in MB: most over the cells.

| model | rank | wins | tables | rank by ROC-AUC | CPU s | MB | |
|---|---|---|---|---|---|---|---|
"""


def section(found: dict[str, Any]) -> list[str]:
    """Return the paragraphs. found: what tables.py wrote."""
    threads = " or ".join(f"{n} thread" + "s" * (n > 1) for n in found["threads"])
    parts = [HEAD.format(seeds=found["seeds"], threads=threads), RANKS + _ranks(found)]
    return [
        *parts,
        _scores(found, "accuracy"),
        _scores(found, "roc_auc"),
        _scores(found, "rmse"),
        _lost(found),
        _missing(found),
    ]


def small(found: dict[str, Any]) -> list[str]:
    """Return the section on small tables. found: what small_tables.py wrote."""
    if not found:
        return []
    lines = []
    for name, one in found["tables"].items():
        cells = [name, str(one["rows"]), str(one["splits"])]
        for metric in ("accuracy", "log_loss"):
            cells += [f"{one[metric][plan]:.3f}" for plan in ("one", "folds")]
        lines.append(f"| {' | '.join(cells + [f'{s:.0f}' for s in one['cpu_seconds']])} |")
    over = " · ".join(
        f"{metric.replace('_', ' ')} {one['mean']:+.3f} ({one['low']:+.3f} to {one['high']:+.3f})"
        for metric, one in found["over"].items()
    )
    return [SMALL + "\n".join(lines) + "\n", f"Folds less one net, mean over the tables: {over}.\n"]


def _ranks(found: dict[str, Any]) -> str:
    lines = []
    for model, one in found["ranking"].items():
        area = found["ranking_roc_auc"].get(model)
        cells = [model, f"{one['rank']:.2f}", str(one["wins"]), str(one["tables"])]
        cells.append(f"{area['rank']:.2f}" if area else "–")
        mine = [t["models"][model] for t in found["tables"].values() if model in t["models"]]
        cells.append(f"{fmean(row['cpu_seconds'] for row in mine):.1f}")
        peak = max((row["peak_mb"] for row in mine if row["peak_mb"]), default=None)
        cells.append("–" if peak is None else f"{peak:,}")
        cells.append("" if one["complete"] else "beside")
        lines.append(f"| {' | '.join(cells)} |\n")
    return "".join(lines)


def _scores(found: dict[str, Any], measure: str) -> str:
    """Return the mean test metric, a row a model; a mean over fewer seeds says over how many."""
    tables = [
        t for t, one in found["tables"].items()
        if any(measure in model["mean"] for model in one["models"].values())
    ]  # fmt: skip
    models = list(dict.fromkeys(m for t in tables for m in found["tables"][t]["models"]))
    lines = [f"| {TITLES[measure]} | {' | '.join(tables)} |", "|---" * (len(tables) + 1) + "|"]
    for model in models:
        cells = []
        for table in tables:
            one = found["tables"][table]["models"].get(model)
            if one is None:
                cells.append("–")
                continue
            mean, few = one["mean"][measure], len(one["seeds"])
            value = f"{mean:,.0f}" if mean > 100 else f"{mean:.4f}"
            cells.append(value if few == found["seeds"] else f"{value} ({few} of {found['seeds']})")
        lines.append(f"| {model} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def _lost(found: dict[str, Any]) -> str:
    """Say which trees at their defaults are better than netwright, on the tables it has whole."""
    lost, compared = [], 0
    for table, one in found["tables"].items():
        means = {
            model: row["mean"][one["measure"]]
            for model, row in one["models"].items()
            if model in ("netwright", *TREES) and len(row["seeds"]) == found["seeds"]
        }
        if "netwright" not in means:
            continue
        compared += 1
        sign = -1 if one["measure"] == "rmse" else 1
        better = [m for m in TREES if m in means and sign * (means[m] - means["netwright"]) > 0]
        lost += [f"{table} ({', '.join(better)})"] if better else []
    if not compared:
        return "netwright has no table whole yet.\n"
    return f"Of {compared} tables, trees at their defaults win: {', '.join(lost) or 'none'}.\n"


def _missing(found: dict[str, Any]) -> str:
    whole = found["seeds"] * len(found["tables"])
    left = [f"{model} {len(cells)} of {whole}" for model, cells in found["missing"].items()]
    capped = ", ".join(found["capped"]) or "none"
    return f"Cells that are missing: {', '.join(left) or 'none'}. Stopped by the cap: {capped}.\n"
