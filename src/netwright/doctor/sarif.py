"""An Examination as SARIF 2.1.0, which code hosts show beside the lines of a change.

OASIS, Static Analysis Results Interchange Format 2.1.0.
"""

from pathlib import Path
from typing import Any

from netwright import __version__
from netwright.diagnose.diagnose import faults
from netwright.doctor.examine import Examination

_LEVEL = {"error": "error", "warning": "warning", "info": "note"}


def sarif(result: Examination) -> dict[str, Any]:
    """Return the log as a JSON object."""
    named = {finding.fault for finding in result.findings}
    rules = [
        {"id": fault.name, "shortDescription": {"text": " ".join(fault.about.split())}}
        for fault in faults()
        if fault.name in named
    ]
    return {
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [
            {
                "tool": {"driver": {"name": "netwright", "version": __version__, "rules": rules}},
                "results": [_result(finding, result.script) for finding in result.findings],
            }
        ],
    }


def _result(finding: Any, script: str) -> dict[str, Any]:
    file, line = finding.where.get("file") or script, finding.where.get("line") or 1
    path = Path(file)
    if path.is_absolute() and path.is_relative_to(Path.cwd()):
        path = path.relative_to(Path.cwd())
    return {
        "ruleId": finding.fault,
        "level": _LEVEL[finding.severity],
        "message": {"text": finding.explanation},
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": {"uri": path.as_posix()},
                    "region": {"startLine": int(line)},
                }
            }
        ],
    }
