"""Write docs/benchmarks.md from benchmarks/results/*.json.

.venv/bin/python benchmarks/document.py
"""

import json
from typing import Any

import document_doctor
import document_tables
import pack
import speed
from speed import HERE

OUT = HERE.parent / "docs" / "benchmarks.md"

HEAD = """\
# Benchmarks

Every figure here comes from a script in `benchmarks/`, which writes what it measured to
`benchmarks/results/`; `benchmarks/document.py` makes this page of them. Run them on your own
machine; the ratios carry over better than the speeds. These were taken on 2 cores (AMD EPYC, a
shared machine whose speed wavers), torch 2.13 for the CPU.

## Speed of training

    benchmarks/peers.sh                     # once: the other libraries, into benchmarks/.peers
    .venv/bin/python benchmarks/speed.py    # --quick needs no peers

Samples a second of CPU time as a multiple of a plain hand-written PyTorch loop on tensors in
memory, with the same net, batches, AdamW and epochs, on one thread. Each contestant is a process
of its own; they take turns, an epoch each; median of the rounds' ratios. netwright is
`netwright.fit` as users call it: watched, with schedule, validation and best weights kept.
`lightning-lean` is Lightning with logging, progress bar and checkpoints switched off.

- **a** MLP 64-256-256-256-10, batch 256 · **b** MLP 64-32-32-10, batch 32: the overhead shows ·
  **c** CNN with two convolutions on 28x28 images, batch 128 · **d** LSTM with 128 units, 64
  steps, batch 64 · **e** causal Transformer 4x128 on 128 tokens, batch 32
"""

WHY = """\
What makes the difference: the optimiser's fused kernel everywhere; for plain ReLU nets a step
without autograd, its gradients written into one buffer (`train/mlp_step.py`, equal to autograd by
test); for images `channels_last` and the activation after the pool; losses that stay on the
device until the epoch ends. `torch.compile` is used only where a trial shows that it repays its
compilation within the steps that are left; none of these figures uses it.
"""

NOT_MEASURED = "Not measured yet.\n"

PACK = """\
## Many members as one

    .venv/bin/python benchmarks/pack.py

K nets of one shape with other seeds, trained by `fit_pack`, beside K runs of the plain loop and K
runs of `netwright.fit`: CPU seconds on one thread, median of the rounds, taking turns. Each member
has its own order of batches; in the last but one column all share their batches.
"""

PACK_TABLE = """\
| workload | K | ms a step | x plain loop | low to high | x our solo runs | shared | bar |
|---|---|---|---|---|---|---|---|
"""

TUNING = """\
## Tuning

    benchmarks/peers.sh
    .venv/bin/python benchmarks/tuning.py

Random search for learning rate, weight decay and dropout of the nets of workloads a and b; a trial
is 5 epochs over 10,000 rows, judged on 2,000 others. netwright tries 128 settings on 2 cores; each
of the others then searches as long as that took, with both cores. Best: the highest validation
accuracy found by then. Medians of the rounds. scikit-learn's MLP has no dropout.
"""

TUNING_TABLE = """\
| workload | tuner | trials a second | low to high | best |
|---|---|---|---|---|
"""

ACCURACY = """\
## Accuracy with defaults

    .venv/bin/python benchmarks/reach.py [NAME ...] --seeds 3

`netwright train` with its defaults; the mean over the seeds (values in brackets), beside what was
asked. "trees": not below scikit-learn's HistGradientBoosting beyond the interval; "trivial":
below 1 and below the better of the last value and the seasonal naive forecast. Baselines are
those of the same runs, under their time bound. The runs but fashion_mnist's were taken on one
core each.

| data | measure | netwright | asked | reached | trivial | linear | trees |
|---|---|---|---|---|---|---|---|
"""


def main() -> None:
    """Rewrite the page."""
    OUT.write_text(page(), encoding="utf-8")


def page() -> str:
    """Return the page's text."""
    parts = [HEAD, *_speed(), WHY, *_pack(), *_tuning(), *_watching(), *_augmentation()]
    parts += [*_startup(), ACCURACY + _accuracy()]
    parts += document_tables.section(_results("tables"))
    parts += document_tables.small(_results("small_tables"))
    if found := _results("doctor"):
        parts += document_doctor.section(found, _results("doctor_peers"))
    parts += document_doctor.fresh(_results("doctor_fresh"))
    parts += document_doctor.overhead(_results("doctor_overhead"))
    repaired, drawn = _results("doctor_repairs"), _results("doctor_random_repairs")
    parts += document_doctor.repairs(repaired, drawn)
    return "\n".join(parts)


def _results(name: str) -> dict[str, Any]:
    """Return what was measured; nothing where the file is not there."""
    path = HERE / "results" / f"{name}.json"
    found: dict[str, Any] = json.loads(path.read_text()) if path.is_file() else {}
    return found


def _parts(name: str) -> list[tuple[str, dict[str, Any]]]:
    """Return what was measured, by name, without what it was measured on."""
    beside = ("machine", "versions")
    return [(part, one) for part, one in _results(name).items() if part not in beside]


def _speed() -> list[str]:
    found = _results("speed")
    measured = found["1 thread"]
    spread = " · ".join(
        f"{letter} {ours['low']:.2f} to {ours['high']:.2f}"
        for letter, one in measured.items()
        for ours in [one["contestants"]["netwright"]]
    )
    missed = [
        f"{letter} ({one['contestants']['netwright']['ratio']:.2f} of {one['bar']:.2f})"
        for letter, one in measured.items()
        if one["contestants"]["netwright"]["ratio"] < one["bar"]
    ]
    rounds = ", ".join(f"{letter} {one['rounds']}" for letter, one in measured.items())
    versions = found.get("versions", {})
    named = ", ".join(f"{name} {version}" for name, version in versions.items())
    return [
        speed.table({letter: one["contestants"] for letter, one in measured.items()}) + "\n",
        f"Bars missed: {', '.join(missed) or 'none'}.\n",
        f"Lowest and highest round of netwright: {spread} (rounds: {rounds}). Versions: {named}.\n",
    ]


def _pack() -> list[str]:
    rows = [
        f"| {letter} | {count} | {one['seconds_per_step'] * 1000:.3g} | {one['over_plain']:.1f} "
        f"| {one['low']:.1f} to {one['high']:.1f} | {one['over_solo']:.1f} "
        f"| {shared['over_plain']:.1f} | {_bar(pack.BARS[letter].get(int(count)))} |"
        for letter, found in _parts("pack")
        for count, one in found["own"].items()
        for shared in [found["shared"][count]]
    ]
    return [PACK, PACK_TABLE + "\n".join(rows) + "\n" if rows else NOT_MEASURED]


def _tuning() -> list[str]:
    rows = [
        f"| {letter} | {name} | {one['trials_per_second']:.2f} | {one['low']:.2f} to "
        f"{one['high']:.2f} | {_number(one['best'])} |"
        for letter, found in _parts("tuning")
        for name, one in found["contestants"].items()
    ]
    if not rows:
        return [TUNING, NOT_MEASURED]
    over = " · ".join(
        f"{letter} {found['over_fastest']:.1f}x (bar {found['bar']:.1f}x)"
        for letter, found in _parts("tuning")
        if found["over_fastest"] is not None
    )
    said = f"Trials a second of netwright over the fastest other: {over}.\n"
    return [TUNING, TUNING_TABLE + "\n".join(rows) + "\n", said]


def _bar(value: float | None) -> str:
    return "–" if value is None else f"{value:g}"


def _watching() -> list[str]:
    rows = "\n".join(
        f"| {letter} | {one['cost']:.1%} | {one['low']:.1%} to {one['high']:.1%} "
        f"| {one['bar']:.0%} |"
        for letter, one in _parts("watching")
    )
    return [
        "## What watching costs\n\n    .venv/bin/python benchmarks/watching.py\n",
        "CPU seconds of a watched epoch over an unwatched one, minus 1, median of the rounds:\n",
        f"| workload | cost | quartiles | bar |\n|---|---|---|---|\n{rows}\n",
    ]


def _augmentation() -> list[str]:
    ratios = " · ".join(
        f"{size} {one['ratio']:.1f}x (bar {one['bar']:.0f}x)"
        for size, one in _parts("augmentation")
    )
    what = (
        "Pictures a second of CPU time, mirrored, shifted by up to 4 pixels and normalised, over a "
        f"DataLoader with PIL per item, on one thread: {ratios}.\n"
    )
    return ["## Augmentation\n\n    .venv/bin/python benchmarks/augmentation.py\n", what]


def _startup() -> list[str]:
    lines = [
        f"- {what}: {one['median']:.2f} s (least {one['least']:.2f} s, bar {one['bar']} s)\n"
        for what, one in _parts("startup")
    ]
    said = "Wall time of fresh processes, median. Importing torch is 2 s of the second.\n\n"
    return ["## Start-up\n\n    .venv/bin/python benchmarks/startup.py\n", said + "".join(lines)]


def _accuracy() -> str:
    lines = []
    for name, row in _results("reach").items():
        values = ", ".join(map(_number, row["values"]))
        asked = row["asked"] if isinstance(row["asked"], str) else _number(row["asked"])
        beside = [_number(row["baselines"].get(kind)) for kind in ("trivial", "linear", "trees")]
        cells = [
            name,
            row["measure"],
            f"{_number(row['mean'])} ({values})",
            asked,
            "yes" if row["reached"] else "**no**",
            *beside,
        ]
        lines.append(f"| {' | '.join(cells)} |\n")
    return "".join(lines)


def _number(value: float | None) -> str:
    if value is None:
        return "–"
    return f"{value:,.0f}" if abs(value) > 100 else f"{value:.4f}"


if __name__ == "__main__":
    main()
