"""The summary of tables.py: means over the seeds, ranks over the tables, and what is missing.

Models with every cell are ranked among each other. A model that lacks cells is ranked beside them
on what it has: on its tables, all by the mean over its seeds. "ranking" goes by accuracy, or RMSE
for regression; "ranking_roc_auc" by ROC-AUC, or RMSE, as TabArena does (Erickson et al. 2025).
"""

from collections.abc import Mapping, Sequence
from statistics import fmean
from typing import Any

Cells = Mapping[tuple[str, str, int], dict[str, Any]]
LOWER = ("rmse", "mae", "log_loss")


def ranks(values: Mapping[str, float], *, lower: bool) -> dict[str, float]:
    """Return each name's rank, 1 the best; equal values share the mean of their ranks."""
    worth = {name: value if lower else -value for name, value in values.items()}
    found = {}
    for name, one in worth.items():
        before = sum(other < one for other in worth.values())
        same = sum(other == one for other in worth.values())
        found[name] = before + (same + 1) / 2
    return found


def measure_of(cells: Cells, table: str) -> str:
    """Return the metric that decides on a table."""
    scores = next(cell["test"] for key, cell in cells.items() if key[0] == table)
    return "accuracy" if "accuracy" in scores else "rmse"


def summarise(cells: Cells, *, tables: Sequence[str], models: Sequence[str], seeds: int) -> Any:
    """Return what benchmarks/results/tables.json holds. Capped cells have no scores: missing."""
    scored = {key: cell for key, cell in cells.items() if "test" in cell}
    asked = [(table, seed) for table in tables for seed in range(seeds)]
    missing = {
        model: [f"{t}-{s}" for t, s in asked if (t, model, s) not in scored] for model in models
    }
    complete = [model for model in models if not missing[model]]
    return {
        "seeds": seeds,
        "tables": {table: _table(scored, table, models, seeds) for table in tables},
        "ranking": _ranking(scored, tables, complete, models, seeds, None),
        "ranking_roc_auc": _ranking(scored, tables, complete, models, seeds, "roc_auc"),
        "missing": {model: left for model, left in missing.items() if left},
        "capped": sorted(f"{t} {m} {s}" for (t, m, s), c in cells.items() if c.get("capped")),
    }


def _table(cells: Cells, table: str, models: Sequence[str], seeds: int) -> dict[str, Any]:
    found: dict[str, Any] = {"models": {}}
    for model in models:
        mine = [cells[key] for s in range(seeds) if (key := (table, model, s)) in cells]
        if not mine:
            continue
        found["measure"] = measure_of(cells, table)
        names = mine[0]["test"]
        found["models"][model] = {
            "seeds": [cell["seed"] for cell in mine],
            "values": [cell["test"][found["measure"]] for cell in mine],
            "mean": {name: fmean(cell["test"][name] for cell in mine) for name in names},
            "cpu_seconds": round(fmean(cell["cpu_seconds"] for cell in mine), 1),
            "peak_mb": max((c["peak_mb"] for c in mine if c["peak_mb"]), default=None),
        }
    return found


def _ranking(
    cells: Cells,
    tables: Sequence[str],
    complete: Sequence[str],
    models: Sequence[str],
    seeds: int,
    metric: str | None,
) -> dict[str, Any]:
    """Return {model: {"rank", "wins", "tables", "complete"}}, the best first."""
    found = {}
    for model in models:
        compared = list(dict.fromkeys([*complete, model]))
        placed, wins = [], 0
        for table in tables:
            mine = [s for s in range(seeds) if (table, model, s) in cells]
            if not mine:
                continue
            name = metric or measure_of(cells, table)
            if name not in cells[table, model, mine[0]]["test"]:
                name = measure_of(cells, table)  # a regression has no ROC-AUC
            means = {
                one: fmean(cells[table, one, s]["test"][name] for s in mine) for one in compared
            }
            placed.append(ranks(means, lower=name in LOWER)[model])
            best = (min if name in LOWER else max)(means.values())
            wins += means[model] == best
        if placed:
            found[model] = {
                "rank": round(fmean(placed), 3),
                "wins": wins,
                "tables": len(placed),
                "complete": model in complete,
                "of": len(compared),
            }
    return dict(sorted(found.items(), key=lambda pair: (not pair[1]["complete"], pair[1]["rank"])))
