"""Which programs carry which fault: all wordings tried over paired seeds, the effective ones kept.

    python benchmarks/doctor/seeds.py [--fault ID ...] [--jobs 1] [--quick]

A fault counts only if the program is worse than its healthy twin on each of five paired seeds
(exact one-sided sign-flip test, p = 1/32), with an effect size (Cohen's d) of at least .5 and a
difference that matters (2 points, or 2 % of the twin's score). `data-leakage` must make the
reported score better than its honest twin's, `wrong-metric` must make it another one than the same
net's true score: both mislead, and are judged by the same test on that difference. What is kept
goes to `effective.json`; no cell is run twice. A twin that was changed too, so that the fault may
be seeded, must have finished learning: twice the epochs gain it 3 points at most, over two seeds.
`--quick` looks at the first seed alone, for those who write seeds: what it keeps has no p.
"""

import argparse
import json
import math
import statistics
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any, get_type_hints

import seed_data
import seed_loop
import seed_optimisation
import seed_output
from carriers import CARRIERS
from programs import Program, write
from trying import HERE, digest, outcome, run_all

EFFECTIVE = HERE / "effective.json"
SEEDS = (0, 1, 2, 3, 4)
ENOUGH = 12  # carriers a fault, spread over the kinds of nets
GAIN = 0.03  # of the score, by twice the epochs
MISLEADING = {"data-leakage": "better", "wrong-metric": "other"}


def faults() -> dict[str, Callable[[Program], Iterator[Any]]]:
    """What seeds each fault, by its id."""
    found = {}
    for room in (seed_loop, seed_output, seed_data, seed_optimisation):
        for name, value in vars(room).items():
            made_there = getattr(value, "__module__", "") == room.__name__
            if made_there and get_type_hints(value).get("return") == Iterator[seed_loop.Seeded]:
                found[name.replace("_", "-")] = value
    return found


def pairs(fault: str, carrier: Program) -> list[tuple[Program, Program]]:
    """(faulty, healthy twin), a pair for each wording that this carrier can take."""
    made = faults()[fault](carrier)
    return [made if isinstance(made, tuple) else (made, carrier) for made in made]


def scores(text: str, tried: Sequence[int]) -> list[float]:
    """The metric for each seed; a crash or a non-finite score is the worst there is."""
    values = []
    for seed in tried:
        result = outcome(text, seed)
        value = float(result["metric"] if result.get("metric") is not None else math.nan)
        values.append(value if math.isfinite(value) else -math.inf)
    return values


def judged(faulty: list[float], twin: list[float], fault: str) -> dict[str, Any]:
    """How much worse (or more misleading) the faulty runs are, pair by pair. A twin that ends
    without a score is no healthy one."""
    if not all(map(math.isfinite, twin)):
        return {"kept": False}
    floor = min(0.0, *twin) - 1.0  # a score for runs that ended without one
    faulty = [value if math.isfinite(value) else floor for value in faulty]
    differences = [healthy - ill for healthy, ill in zip(twin, faulty, strict=True)]
    way = MISLEADING.get(fault)
    if way == "better" or (way == "other" and sum(differences) < 0):
        differences = [-value for value in differences]
    mean = statistics.fmean(differences)
    variances = [statistics.variance(v) if len(v) > 1 else 0.0 for v in (faulty, twin)]
    spread = math.sqrt(sum(variances) / 2)
    size = mean / spread if spread else (math.inf if mean > 0 else 0.0)
    matters = mean >= max(0.02, 0.02 * abs(statistics.fmean(twin)))
    return {
        "kept": all(d > 0 for d in differences) and size >= 0.5 and matters,
        "faulty": round(statistics.fmean(faulty), 4),
        "twin": round(statistics.fmean(twin), 4),
        "effect": round(min(size, 999.0), 2),
        "p": 1 / 2 ** len(differences) if len(differences) >= 5 else None,
    }


def hopeless(texts: tuple[str, str], fault: str) -> bool:
    """After one seed: no difference at all, or the script does not run."""
    ill, healthy = (outcome(text, 0) for text in texts)
    if "error" in ill or "error" in healthy:
        print("   ", ill.get("name"), ill.get("error"), "|", healthy.get("error"))
        return True
    drop = healthy["metric"] - ill["metric"]
    if fault in MISLEADING:
        drop = -drop if MISLEADING[fault] == "better" else abs(drop)
    return drop < 0.01


def finished(twin: Program, jobs: int) -> bool:
    """Whether twice as long a training would not do clearly better: else it is no healthy one."""
    text, longer = write(twin), write(replace(twin, epochs=2 * twin.epochs))
    names = [f"{kind}.{digest(one)}" for kind, one in (("twin", text), ("longer", longer))]
    run_all([(n, t, s) for s in SEEDS[:2] for n, t in zip(names, (text, longer), strict=True)],
            at_once=jobs)  # fmt: skip
    gains = [b - a for a, b in zip(*(scores(t, SEEDS[:2]) for t in (text, longer)), strict=True)]
    return statistics.fmean(gains) <= GAIN


def ordered(fault: str) -> list[Program]:
    """Carriers so that the first dozen holds every kind of net."""
    kinds: dict[str, list[Program]] = {}
    for carrier in CARRIERS:
        kinds.setdefault(carrier.family, []).append(carrier)
    turns = [kinds[kind][k] for k in range(len(CARRIERS)) for kind in kinds if k < len(kinds[kind])]
    return turns


def seed(fault: str, tried: Sequence[int], jobs: int, enough: int = ENOUGH) -> dict[str, Any]:
    """Try carriers until enough are ill; the wording goes round."""
    kept: dict[str, Any] = {}
    for turn, carrier in enumerate(ordered(fault)):
        if len(kept) == enough:
            break
        wordings = pairs(fault, carrier)
        for number in range(len(wordings)):
            which = (turn + number) % len(wordings)
            texts = tuple(write(p) for p in wordings[which])
            name = f"{fault}.{carrier.name}.{which}"
            twin = f"twin.{digest(texts[1])}"
            jobs_now = [(name, texts[0], 0), (twin, texts[1], 0)]
            run_all(jobs_now, at_once=jobs)
            if hopeless(texts, fault):
                continue
            run_all([(n, t, s) for s in tried for n, t in ((name, texts[0]), (twin, texts[1]))],
                    at_once=jobs)  # fmt: skip
            if wordings[which][1] != carrier and not finished(wordings[which][1], jobs):
                continue
            result = judged(scores(texts[0], tried), scores(texts[1], tried), fault)
            if result.pop("kept"):
                digests = {"digest": digest(texts[0]), "twin_digest": digest(texts[1])}
                kept[name] = {"fault": fault, **digests, **result}
                break
    return kept


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--fault", nargs="*", default=[])
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--enough", type=int, default=ENOUGH)
    parser.add_argument("--quick", action="store_true")
    given = parser.parse_args()
    tried = SEEDS[:1] if given.quick else SEEDS
    for fault in given.fault or faults():
        kept = seed(fault, tried, given.jobs, given.enough)
        held = json.loads(EFFECTIVE.read_text()) if EFFECTIVE.is_file() else {}
        held = {name: row for name, row in held.items() if row["fault"] != fault} | kept
        EFFECTIVE.write_text(json.dumps(dict(sorted(held.items())), indent=1) + "\n")
        print(f"{fault:30s} {len(kept):2d} effective", flush=True)


if __name__ == "__main__":
    main()
