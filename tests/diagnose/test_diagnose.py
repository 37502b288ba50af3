from netwright.diagnose.diagnose import _ordered, diagnose, faults
from netwright.diagnose.finding import Finding, Severity
from netwright.watch.trace import Trace


def finding(fault: str, severity: Severity, confidence: float) -> Finding:
    return Finding(fault=fault, severity=severity, confidence=confidence, explanation="")


def order(findings: list[Finding], explains: dict[str, tuple[str, ...]]) -> list[str]:
    known = {f.fault: explains.get(f.fault, ()) for f in findings}
    return [f.fault for f in _ordered(findings, known)]


def test_severity_then_confidence_then_causes_before_effects() -> None:
    a, b = finding("a", "warning", 0.9), finding("b", "error", 0.5)
    c, d = finding("c", "error", 0.9), finding("d", "info", 1.0)
    assert order([a, b, c, d], {}) == ["c", "b", "a", "d"]
    assert order([a, b, c, d], {"b": ("c",)}) == ["b", "c", "a", "d"]
    assert order([a, b, c, d], {"d": ("c",), "a": ("b",)}) == ["c", "b", "a", "d"]
    assert order([b, c], {"b": ("c",), "c": ("b",)}) == ["c", "b"]


def test_every_fault_has_a_rule_that_is_quiet_on_an_empty_trace() -> None:
    assert diagnose(Trace()) == []
    names = [fault.name for fault in faults()]
    assert len(set(names)) == len(names) >= 12
    for fault in faults():
        assert fault.about and fault.remedies
        assert set(fault.explains) <= set(names), fault.name
