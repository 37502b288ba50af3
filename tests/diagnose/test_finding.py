import json
import math

from netwright.diagnose.finding import Finding, Severity, verdict


def finding(severity: Severity, **changes: object) -> Finding:
    values: dict[str, object] = {
        "fault": "dying-relu",
        "severity": severity,
        "confidence": 0.87654,
        "where": {"layer": "act1"},
        "step": 40,
        "evidence": {"dead share": 0.9, "loss last": math.inf},
        "explanation": "Ninety of a hundred units are off.",
        "remedies": ("lower-lr",),
        **changes,
    }
    return Finding(**values)  # type: ignore[arg-type]


def test_its_dictionary_is_what_findings_json_holds() -> None:
    values = finding("error").to_dict()
    assert json.loads(json.dumps(values, allow_nan=False)) == {
        "fault": "dying-relu",
        "severity": "error",
        "confidence": 0.877,
        "where": {"layer": "act1", "file": None, "line": None},
        "step": 40,
        "evidence": {"dead share": 0.9, "loss last": "inf"},
        "explanation": "Ninety of a hundred units are off.",
        "remedies": ["lower-lr"],
        "patch": None,
    }
    assert Finding.from_dict(values).to_dict() == values


def test_notes_alone_are_healthy() -> None:
    assert verdict([]) == verdict([finding("info")]) == "healthy"
    assert verdict([finding("info"), finding("warning")]) == "faulty"
    assert verdict([finding("error")]) == "faulty"


def test_it_reads_as_a_sentence() -> None:
    assert str(finding("error")).startswith("error: dying-relu at act1: Ninety")
    assert finding("error", where={}).layer == ""
