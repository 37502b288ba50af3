"""`netwright doctor --fix` from outside: one script, rerun in a copy, proved, its patch applied."""

import json
import os
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from netwright.diagnose.finding import Finding
from netwright.doctor.rerun import Rerun
from netwright.doctor.score import Score
from netwright.doctor.script import Script
from netwright.doctor.seeding import shifted
from netwright.doctor.working_copy import working_copy
from netwright.repair import scripts
from netwright.repair.script_patch import script_patch
from netwright.watch.intervene import Intervention
from netwright.watch.trace import Trace

SICK = """
import json, random, sys
import numpy as np
assert not sys.stdin.read()
open("written.txt", "w").write("in the copy")
a = np.random.default_rng(1).integers(1000), random.random(), np.random.RandomState(3).rand()
import torch
torch.manual_seed(0)
b = torch.rand(1).item(), torch.rand(1, generator=torch.Generator().manual_seed(4)).item()
weight = torch.nn.Parameter(torch.ones(1))
optimizer = torch.optim.SGD([weight], lr=0.1)
for step in range(4):
    (weight * 3).sum().backward()
    optimizer.step()
print(json.dumps({"metric": weight.item(), "random": [int(a[0]), *a[1:], *b], "name": "w"}))
"""


def again(folder: Path, *, seed: int, dose: tuple[Intervention, ...] = ()) -> Rerun:
    place = scripts.Place(folder, os.environ | {"OMP_NUM_THREADS": "1"})
    script = Script(str(folder / "train.py"))
    done = [one.to_dict() for one in dose]
    return scripts.rerun(script, place, interventions=done, seed=seed, seconds=200)


@pytest.mark.slow
def test_a_rerun_is_elsewhere_with_other_seeds_and_does_what_it_is_told(tmp_path: Path) -> None:
    (tmp_path / "train.py").write_text(SICK)
    plain = again(tmp_path, seed=1)
    other = again(tmp_path, seed=2, dose=(Intervention("zero-grad"),))
    assert plain.exit == other.exit == 0, plain.stderr + other.stderr
    first, second = (json.loads(run.stdout) for run in (plain, other))
    assert all(x != y for x, y in zip(first["random"], second["random"], strict=True))
    assert first["metric"] == pytest.approx(1 - 0.3 * (1 + 2 + 3 + 4))
    assert second["metric"] == pytest.approx(1 - 0.3 * 4)
    assert plain.steps == 4 and plain.training is not None
    assert [p.name for p in tmp_path.iterdir()] == ["train.py"]


def test_a_rerun_cannot_write_to_the_users_folder(tmp_path: Path) -> None:
    (tmp_path / "train.py").write_text(f"open({str(tmp_path / 'mine.txt')!r}, 'w')")
    run = again(tmp_path, seed=1)
    assert run.exit == 1 and "temporary copy" in run.stderr
    assert not (tmp_path / "mine.txt").exists()


def test_a_copy_links_what_is_large(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("netwright.doctor.working_copy.LARGEST_FILE", 10)
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "big.bin").write_bytes(b"0" * 11)
    (tmp_path / "small.txt").write_text("a")
    with working_copy(tmp_path) as copy:
        assert copy.linked + copy.left == [str(Path("data") / "big.bin")]
        assert (copy.folder / "small.txt").read_text() == "a"
        assert copy.place(tmp_path / "small.txt") == copy.folder / "small.txt"
    assert not copy.folder.exists()


def test_seeds_are_shifted_only_where_they_are_numbers() -> None:
    assert shifted(3, 2) == 5 and shifted("a", 2) == "a" and shifted(2**32 - 1, 2) == 2
    assert random.Random.__module__ == "random"  # this process keeps its own


def test_runs_without_a_score_are_worse_than_any_with_one() -> None:
    case = scripts.ScriptCase(
        script=Script("x.py"), place=scripts.Place(Path(), {}), findings=(), trace=Trace(),
        seconds=1.0, exit=0,
    )  # fmt: skip
    trainer = scripts._Trainer(case, settled=Score("json", "rmse", 1.0, False), steps=10)
    for dose, values in (((), ("NaN", "NaN")), ((Intervention("zero-grad"),), ("2.0", "3.0"))):
        for seed, value in enumerate(values):
            line = f'{{"metric": {value}, "higher_is_better": false, "name": "rmse"}}'
            trainer.done.append((dose, seed, None, Rerun(0, 10, 1.0, line, "")))
    control, mended = trainer([(), (Intervention("zero-grad"),)], [0, 1], 1.0)
    assert mended.scores == (2.0, 3.0) and mended.failed == 0
    assert control.failed == 2 and min(control.scores) > 3.0


def test_a_proof_ends_where_it_cannot_be_won() -> None:
    case = scripts.ScriptCase(
        script=Script("x.py"), place=scripts.Place(Path(), {}), findings=(), trace=Trace(),
        seconds=1.0, exit=0,
    )  # fmt: skip
    seeds = (3, 4, 5, 6, 7)
    settled = Score("json", "x", 1.0, True)
    trainer = scripts._Trainer(case, settled=settled, proof=seeds, steps=10)
    dose = (Intervention("zero-grad"),)
    for subject, values in ((dose, (2, 1)), ((), (1, 2))):
        for seed, value in zip(seeds, values, strict=False):
            line = f'{{"metric": {value}, "higher_is_better": true, "name": "x"}}'
            trainer.done.append((subject, seed, None, Rerun(0, 10, 1.0, line, "")))
    mended, control = trainer([dose, ()], seeds, 1.0)
    assert mended.scores == (2.0, 1.0) and control.scores == (1.0, 2.0)


def test_what_is_put_to_the_proof_is_watched_on_its_first_seed_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    watched: list[tuple[int, bool, int | None]] = []  # seed, whether it had a dose, steps

    def run(
        *_: Any, seed: int, max_steps: int | None, interventions: Any, watch: bool, **__: Any
    ) -> Rerun:
        line = f'{{"metric": {len(interventions)}, "higher_is_better": true, "name": "x"}}'
        if not watch:
            return Rerun(0, 10, 1.0, line, "")
        watched.append((seed, bool(interventions), max_steps))
        return Rerun(0, 10, 1.0, line, "", findings=[found("left", "a")], trace=trace)

    monkeypatch.setattr(scripts, "rerun", run)
    trace = Trace()
    case = scripts.ScriptCase(
        script=Script("x.py"), place=scripts.Place(Path(), {}), findings=(), trace=Trace(),
        seconds=1.0, exit=0,
    )  # fmt: skip
    seeds, dose = (3, 4, 5, 6, 7), (Intervention("zero-grad"),)
    settled = Score("json", "x", 1.0, True)
    trainer = scripts._Trainer(case, settled=settled, proof=seeds, steps=10)
    assert trainer.trace_of(dose) is case.trace
    trainer([dose, ()], (1, 2), 0.5)
    mended, control = trainer([dose, ()], seeds, 1.0)
    assert watched == [(3, True, None)]
    assert [f.fault for f in mended.findings] == ["left"] and not control.findings
    assert trainer.trace_of(dose) is trace and trainer.trace_of(()) is case.trace


def test_the_patch_applies(tmp_path: Path) -> None:
    file = tmp_path / "train.py"
    file.write_text("import torch\nopt = torch.optim.SGD(net.parameters(), lr=0.1)\n")
    trace = Trace()
    trace.note("line", f"{file}:2", place="optimizer")
    trace.record("lr", "", 0, 0.1)
    done = (Intervention("scale-lr", {"factor": 0.1}),)
    text = script_patch(["lower-lr"], done, [], trace, root=tmp_path)
    assert text.startswith("# lower-lr") and "\n--- a/train.py\n+++ b/train.py\n" in text
    assert "+opt = torch.optim.SGD(net.parameters(), lr=0.01)" in text
    words = script_patch(["standardize-inputs"], done, [], trace, root=tmp_path)
    assert all(line.startswith("# ") for line in words.splitlines())


def test_the_command_refuses_too_few_seeds(tmp_path: Path) -> None:
    (tmp_path / "train.py").write_text("raise SystemExit('it ran')")
    done = subprocess.run(
        [sys.executable, "-m", "netwright.cli.main", "doctor", "--fix", "--seeds", "2", "train.py"],
        cwd=tmp_path, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 2 and "--seeds" in done.stderr and "it ran" not in done.stderr


def found(fault: str, *remedies: str) -> Finding:
    return Finding(fault=fault, severity="error", confidence=0.9, explanation="", remedies=remedies)


@pytest.mark.parametrize(
    ("alarm", "words"),
    [
        (found("data-leakage", "split-first"), "the score itself"),
        (found("wrong-metric", "compare-like-the-loss", "lower-lr"), "the score itself"),
        (found("corrupted-labels", "realign-labels"), "from outside"),
    ],
)
def test_what_no_rerun_can_prove_is_said_and_nothing_is_run(
    alarm: Finding, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scripts, "rerun", lambda *a, **k: pytest.fail("it was rerun"))
    case = scripts.ScriptCase(
        script=Script("x.py"), place=scripts.Place(Path(), {}), findings=[alarm], trace=Trace(),
        seconds=1.0, exit=0,
    )  # fmt: skip
    tested = scripts.prove_script(case, say=lambda text: None)
    assert (
        tested.proof is None and words in tested.notes[0] and "by hand" in tested.notes[0].lower()
    )


def test_a_rerun_that_is_watched_says_what_is_wrong(tmp_path: Path) -> None:
    (tmp_path / "train.py").write_text(SICK)
    place = scripts.Place(tmp_path, os.environ | {"OMP_NUM_THREADS": "1"})
    script = Script(str(tmp_path / "train.py"))
    run = scripts.rerun(script, place, seed=1, seconds=200, watch=True)
    assert run.exit == 0 and run.trace is not None and len(run.trace.values("loss")) == 4
    assert all(isinstance(one, Finding) for one in run.findings)
