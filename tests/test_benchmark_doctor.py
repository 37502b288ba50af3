"""The doctor's benchmark: its scripts are what they claim, and its figures count rightly."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "benchmarks"))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "benchmarks" / "doctor"))

# benchmarks are scripts, no package
import controls
import document_doctor
import peers
import real
import seeds
import suite
from programs import write
from suite import Case


def test_every_carrier_and_control_is_a_whole_script() -> None:
    scripts = dict(controls.healthy())
    for name, text in scripts.items():
        compile(text, name, "exec")
        assert "$" not in text, name
        assert '"metric"' in text, name
    assert len(set(scripts.values())) == len(scripts)


@pytest.mark.parametrize("fault", seeds.faults())
def test_a_seeded_script_is_whole_and_differs_from_its_twin(fault: str) -> None:
    carriers = 0
    for turn, carrier in enumerate(seeds.CARRIERS):
        pairs = seeds.pairs(fault, carrier)
        carriers += bool(pairs)
        for faulty, twin in pairs[turn % 4 : turn % 4 + 1]:
            ill, well = write(faulty), write(twin)
            compile(ill, carrier.name, "exec")
            compile(well, carrier.name, "exec")
            assert ill != well, (carrier.name, fault)
            assert "$" not in ill + well, (carrier.name, fault)
    assert carriers >= 10


def test_all_faults_of_the_list_can_be_seeded() -> None:
    assert len(seeds.faults()) == 32


def test_a_fault_counts_only_when_every_pair_is_worse() -> None:
    twin = [0.90, 0.92, 0.91, 0.93, 0.90]
    assert seeds.judged([0.5, 0.6, 0.55, 0.4, 0.5], twin, "dying-relu")["kept"]
    assert not seeds.judged([0.5, 0.6, 0.95, 0.4, 0.5], twin, "dying-relu")["kept"]
    assert not seeds.judged([0.895, 0.915, 0.905, 0.925, 0.895], twin, "dying-relu")["kept"]
    assert seeds.judged([0.99, 0.99, 0.99, 0.99, 0.99], twin, "data-leakage")["kept"]


def test_a_real_script_and_its_mended_twin_are_whole() -> None:
    for name in real.FIXES:
        ill, well = real.pair(name)
        compile(ill, name, "exec")
        compile(well, name, "exec")
    files = {path.stem for path in real.FOLDER.glob("*.py")}
    assert files == {*real.FIXES, *real.HEALTHY}


def test_other_tools_are_given_a_whole_script() -> None:
    for name, control, _ in controls.changed():
        text = peers.instrumented(control)
        compile(text, name, "exec")
        assert text.count("watched.start(") == text.count("watched.step(") == 1, name
        assert "$" not in text, name


def found(*named: tuple[str, str]) -> dict[str, Any]:
    findings = [{"fault": fault, "severity": severity, "step": 3} for fault, severity in named]
    return {"findings": findings, "overhead": 0.01}


def test_scores_count_alarms_and_first_causes() -> None:
    chosen = [
        Case("a", "", "healthy"),
        Case("b", "", "twin"),
        Case("c", "", "seeded", "missing-zero-grad"),
        Case("d", "", "seeded", "missing-zero-grad"),
        Case("e", "", "real", "undertrained", ("learning-rate-too-low",)),
    ]
    results = {
        "a": found(("overfitting", "info")),
        "b": found(("overfitting", "warning")),
        "c": found(("missing-zero-grad", "error")),
        "d": found(("dying-relu", "error"), ("missing-zero-grad", "warning")),
        "e": found(("learning-rate-too-low", "error")),
    }
    scores = suite.score(chosen, results)
    assert scores["healthy"] == {"runs": 2, "false_alarms": 1, "alarms": {"b": ["overfitting"]}}
    assert scores["seeded"]["noticed"] == 1.0
    assert scores["seeded"]["cause_first"] == pytest.approx(1 / 2)
    assert scores["real"]["cause_first"] == 1.0
    assert scores["real"]["exact_first"] == 0.0
    assert scores["faults"]["missing-zero-grad"]["missed"] == {
        "d": ["dying-relu", "missing-zero-grad"]
    }
    assert scores["named_within_20_steps"] == 1.0


def test_the_document_tells_what_was_missed() -> None:
    chosen = [Case("a", "", "healthy"), Case("b", "", "seeded", "undertrained")]
    results = {"a": found(), "b": found(("dying-relu", "error"))}
    text = "".join(document_doctor.section(suite.score(chosen, results), {}))
    assert "| netwright, seeded | 1 | 0 | 1 | 1.000 | 0.000 |" in text
    assert "| undertrained | 1 | 1 | 0 | – | dying-relu 1 |" in text


def test_the_document_tells_of_repairs_and_of_those_that_failed() -> None:
    assert document_doctor.repairs({}, {}) == []
    figures = {
        "cases": 2, "regained": {"repaired": 1, "of": 2}, "proved": 1, "worse": [],
        "finding_trainings_median": 1.5, "proof_trainings_median": 10.0,
    }  # fmt: skip
    row = {"case": "a", "fault": "undertrained", "remedies": ["more-epochs"], "before": 0.5}
    row |= {"after": 0.9, "twin": 0.91, "regained": 0.989}
    failed = row | {"case": "b", "remedies": [], "before": None, "after": None, "regained": 0.0}
    drawn = {"figures": {"cases": 2, "repaired": 0}}
    text = "".join(document_doctor.repairs({"figures": figures, "cases": [row, failed]}, drawn))
    assert "| netwright | 2 | 1 | 1 | 0 | 1.5 | 10.0 |" in text
    assert "| random | 2 | 0 |" in text
    assert "| a | undertrained | more-epochs | 0.5 | 0.9 | 0.91 | 99% |" in text
    assert "| b | undertrained | – | – | – | 0.91 | 0% |" in text


@pytest.mark.slow
def test_a_dozen_scripts_raise_no_false_alarm() -> None:
    script = Path(suite.__file__)
    said = subprocess.run(
        [sys.executable, str(script), "--subset"], capture_output=True, text=True, check=True
    ).stdout
    assert "false alarms 0" in said
    assert "broken" not in said
