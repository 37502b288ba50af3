"""Write docs/catalogue.md: a row for every system, from catalogue/systems.yaml and the results.

.venv/bin/python benchmarks/document_catalogue.py
"""

import json
import statistics
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml

HERE = Path(__file__).resolve().parent
OUT = HERE.parent / "docs" / "catalogue.md"
SYSTEMS = HERE / "catalogue" / "systems.yaml"
RESULTS = HERE / "results"

HEAD = """\
# The catalogue

Every system that netwright is to have, where it is, how it is used, and what was measured of it.
Figures come from `benchmarks/results/`; `benchmarks/document_catalogue.py` makes this page of
them. "asked" is the goal that stood before the measurement. Where no data set is the measure, the
test is named that shows it. Commands that begin with `--` follow `netwright train SOURCE`.
"""
TABLE = """
| system | where | use | measured | asked |
|---|---|---|---|---|
"""
NOT_MEASURED = "not measured yet"
Row = tuple[str, str]  # what was measured, what was asked


def _read(name: str) -> dict[str, Any]:
    path = RESULTS / f"{name}.json"
    found: dict[str, Any] = json.loads(path.read_text()) if path.is_file() else {}
    return found


def _values(values: list[float], digits: int = 3) -> str:
    each = ", ".join(f"{value:.{digits}f}" for value in values)
    return each if len(values) == 1 else f"{statistics.fmean(values):.{digits}f} ({each})"


def _reach(name: str, what: str) -> Row | None:
    """A row of `benchmarks/reach.py`: the defaults, over seeds."""
    found = _read("reach").get(name)
    if not found:
        return None
    return f"{what} {_values(found['values'])}", str(found["asked"])


def _pictures() -> Row | None:
    """What the designer chooses for pictures, of both sizes."""
    rows = [_reach("digits", "accuracy on digits"), _reach("fashion_mnist", "on Fashion-MNIST")]
    found = [row for row in rows if row is not None]
    both = ", ".join(row[0] for row in found), ", ".join(row[1] for row in found)
    return both if found else None


def _first_nets(*names: str) -> Row | None:
    table = _read("catalogue_first_nets")
    found = {name: table[name] for name in names if name in table}
    if not found:
        return None
    said = [f"{name}: {one.get('mean', statistics.fmean(one['values'])):.3f}"
            for name, one in found.items()]  # fmt: skip
    return "accuracy, " + ", ".join(said), ", ".join(one["asked"] for one in found.values())


def _graphs() -> Row | None:
    found = _read("catalogue_graphs")
    said = [f"{net} {one['accuracy']:.4f}, {len(one['tests'])} {one['cells']}"
            for net, one in found.items()]  # fmt: skip
    asked = ", ".join(f"{net} {one['asked']}" for net, one in found.items())
    return (f"accuracy on Cora and MUTAG: {'; '.join(said)}", asked) if found else None


def _membrane() -> Row | None:
    found = _read("catalogue_segmentation")
    if not found:
        return None
    beside = f"best grey threshold {found['threshold']:.3f}, trees {found['trees']:.3f}"
    return f"Dice {_values(found['values'])}; {beside}", str(found["asked"])


def _scenes() -> Row | None:
    found = _read("catalogue_detection")
    if not found:
        return None
    beside = f"the mean box of the commonest class {found['trivial']:.3f}"
    return f"mAP@.5 {_values(found['values'])}; {beside}", f"{found['asked']:.2f}"


def _moving() -> Row | None:
    found = _read("catalogue_video")
    if not found:
        return None
    beside = f"on the mean frame at most {found['mean_frame']:.3f}"
    return f"accuracy {_values(found['values'])}; {beside}", f"{found['asked']:.2f}"


def _omniglot() -> Row | None:
    found = _read("catalogue_similarity")
    said = [f"{name} {_values(one['values'])}" for name, one in found.items()]
    pixels = next((one["nearest_pixels"] for one in found.values()), 0.0)
    words = f"20-way one-shot accuracy: {', '.join(said)}; nearest pixels {pixels:.3f}"
    return (words, "0.70") if found else None


def _drawn() -> Row | None:
    table = _read("catalogue_generation")
    points, garments = table.get("8-gaussians", {}), table.get("fashion_mnist", {})
    if not points:
        return None
    modes = ", ".join(str(one["modes_covered"]) for _, one in sorted(points.items()))
    said, asked = f"modes covered {modes} of 8", "8 of 8"
    if garments:
        values = [one["classifier_agreement"]["value"] for _, one in sorted(garments.items())]
        said += f"; a classifier agrees with the class asked of drawn garments {_values(values)}"
        known = [one["variety"] for _, one in sorted(garments.items()) if "variety" in one]
        said += f", which vary {_values(known, 2)} as much as real ones" if known else ""
        asked += "; 0.85"
    return said, asked


def _mammography() -> Row | None:
    found = _read("catalogue_reconstruction").get("mammography", {})
    seeds = [one for _, one in sorted(found.items())]
    values = [one["test"]["roc_auc"]["value"] for one in seeds]
    beside = [one["baselines"]["linear"]["roc_auc"]["value"] for one in seeds]
    said = f"ROC-AUC {_values(values)}; PCA of equal width {_values(beside)}" if found else ""
    return (said, "0.85") if found else None


def _rebuilt() -> Row | None:
    found = _read("catalogue_reconstruction").get("fashion_mnist", {})
    pairs = [
        (one["test"]["mse"]["value"], one["baselines"]["linear"]["mse"]["value"])
        for _, one in sorted(found.items())
    ]
    said = [f"{ours:.5f} against {theirs:.5f}" for ours, theirs in pairs]
    return (f"mse against PCA of equal width: {', '.join(said)}", "less") if found else None


def _recall() -> Row | None:
    found = _read("catalogue_memory")
    said = [f"{net} {one['solved']:.2f}" for net, one in found.items()]
    asked = ", ".join(f"{net} {one['asked']}" for net, one in found.items())
    if not found:
        return None
    return f"share solved of recall over 100 steps: {', '.join(said)}{_surnames()}", asked


def _surnames() -> str:
    table = _read("catalogue_sequences")
    said = [
        f"{name.removeprefix('surnames-')} {one['values'][0]:.3f} "
        f"({one['intervals'][0][0]:.3f} to {one['intervals'][0][1]:.3f})"
        for name, one in table.items()
        if name.startswith("surnames-")
    ]
    return f"; macro F1 of surnames in 18 languages: {', '.join(said)}" if said else ""


def _sequences(*names: str) -> Row | None:
    table = _read("catalogue_sequences")
    found = {name: one for name, one in table.items() if any(part in name for part in names)}
    said = [f"{name}: {one['measure']} {_values(one['values'])}" for name, one in found.items()]
    asked = ", ".join(str(one["asked"]) for one in found.values())
    return ("; ".join(said), asked) if found else None


def _forecasts() -> Row | None:
    said = []
    for net, seeds in _read("catalogue_forecasting").items():
        cells = [cell for _, cell in sorted(seeds.items())]
        ratios = [
            f"{_values([cell['ratio'][name] for cell in cells])} of {name}'s"
            for name in cells[0]["ratio"]
        ]
        held = _values([cell["test"]["interval_coverage"]["value"] for cell in cells], 2)
        said.append(f"{net}, error over 2014 {', '.join(ratios)}, 90 % intervals held {held}")
    default = _reach("pm25", "defaults, MASE on Beijing's PM2.5")
    if default is not None:
        said.append(default[0])
    return ("; ".join(said), "below 1") if said else None


def _together() -> Row | None:
    said = []
    for table, seeds in _read("catalogue_multi_task").items():
        cells = [cell for _, cell in sorted(seeds.items())]
        for name in cells[0]["together"]["skills"]:
            ours = [cell["together"]["skills"][name] for cell in cells]
            alone = [
                one["skills"][name] for c in cells for one in c["alone"] if name in one["skills"]
            ]
            said.append(f"{table} {name} {_values(ours)}, alone {_values(alone)}")
    return (f"skill: {'; '.join(said)}", "beside single nets") if said else None


def _words() -> Row | None:
    found = _read("catalogue_words")
    said = [f"{name} {one['rho']['value']:.3f}, {one['cpu_seconds']:.0f} CPU s"
            for name, one in found.items()]  # fmt: skip
    asked = "gensim's, no slower than 3x gensim"
    return (f"rho on WordSim-353: {'; '.join(said)}", asked) if found else None


def _cartpole() -> Row | None:
    found = _read("catalogue_control")
    said = [
        f"{name}: {one['test']['value']:.1f}, {one['steps_to_475'] or 'never'} steps to 475"
        for name, one in found.items()
    ]
    asked = "475; PPO within stable-baselines3's steps"
    return (f"mean return of 100 episodes, {'; '.join(said)}", asked) if found else None


def _sound(name: str, what: str) -> Row | None:
    found = _read("catalogue_sound").get(name)
    if not found:
        return None
    beside = found["baselines"].items()
    others = ", ".join(f"{kind} {value:.3f}" for kind, value in beside if kind != "trivial")
    return f"{what} {_values(found['values'])}; {others}", str(found["asked"])


def _sst2() -> Row | None:
    found = _read("catalogue_pretraining")
    if not found:
        return None
    said = [f"{start} {_values(found[start]['values'])}" for start in ("scratch", "pre-trained")]
    gain = {name: 100 * value for name, value in found["difference"].items()}
    words = f"difference {gain['value']:.1f} points, {gain['low']:.1f} to {gain['high']:.1f}"
    return f"accuracy on SST-2: {', '.join(said)}; {words}", "+ 2 points"


def _ten_labels() -> Row | None:
    found = _read("catalogue_semi_supervised")
    said = [f"{method} {_values(one['values'])}" for method, one in found.items()]
    return (f"accuracy on digits: {', '.join(said)}", "above alone") if found else None


FIGURES: dict[str, Callable[[], Row | None]] = {
    "adult": lambda: _reach("adult", "accuracy on adult"),
    "cartpole": _cartpole,
    "pictures": _pictures,
    "drawn": _drawn,
    "forecasts": _forecasts,
    "garments": lambda: _reach("fashion_mnist, ResNet", "accuracy on Fashion-MNIST"),
    "graphs": _graphs,
    "mammography": _mammography,
    "membrane": _membrane,
    "moving": _moving,
    "multi30k": lambda: _sequences("seq2seq", "transformer"),
    "omniglot": _omniglot,
    "rebuilt": _rebuilt,
    "recall": _recall,
    "sst2": _sst2,
    "ten-labels": _ten_labels,
    "scenes": _scenes,
    "sonar": lambda: _first_nets("xor mlp", "sonar"),
    "together": _together,
    "spoken_digits": lambda: _sound("digits", "token error rate of digit strings in noise"),
    "spoken_words": lambda: _sound("words", "accuracy of ten spoken words in noise"),
    "tagger": lambda: _sequences("tagger"),
    "tinyshakespeare": lambda: _sequences("gpt"),
    "words": _words,
    "xor": lambda: _first_nets("xor perceptron"),
}


def main() -> None:
    """Rewrite the page."""
    OUT.write_text(page(), encoding="utf-8")


def page() -> str:
    """Return the page's text."""
    parts = [HEAD]
    for chapter, systems in yaml.safe_load(SYSTEMS.read_text()).items():
        rows = [_row(name, system) for name, system in systems.items()]
        parts.append(f"\n## {chapter[0].upper()}{chapter[1:]}\n{TABLE}" + "".join(rows))
    return "".join(parts)


def _row(name: str, system: dict[str, str]) -> str:
    if "missing" in system:
        return f"| {name} | not there yet: `{system['missing']}` | | | |\n"
    measured, asked = f"[its test](../{system.get('shown', '')})", ""
    if "figure" in system:
        measured, asked = FIGURES[system["figure"]]() or (NOT_MEASURED, "")
    where = f"[{system['source']}](../src/netwright/{system['source']})"
    return f"| {name} | {where} | `{system['use']}` | {measured} | {asked} |\n"


if __name__ == "__main__":
    main()
