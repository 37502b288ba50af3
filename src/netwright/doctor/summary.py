"""An Examination in words, for a person at a terminal."""

import textwrap

from netwright.doctor.examine import Examination


def summary(result: Examination) -> str:
    """Return the text that the doctor prints on stderr."""
    alarms = [f for f in result.findings if f.severity != "info"]
    lines = [
        f"netwright doctor: {result.script}: "
        + (f"{len(alarms)} finding(s)" if alarms else "healthy")
        + (_when_trained(result) if result.kept else _while_run(result))
    ]
    for number, finding in enumerate(result.findings, 1):
        where = finding.where
        place = f"{where['file']}:{where['line']}" if where.get("file") else ""
        layer = f"layer {finding.layer}" if finding.layer else ""
        at = ", ".join(part for part in (place, layer) if part)
        lines.append(
            f"\n{number}. {finding.severity}: {finding.fault}" + (f" ({at})" if at else "")
        )
        lines += textwrap.wrap(
            finding.explanation, 96, initial_indent="   ", subsequent_indent="   "
        )
        if finding.patch:
            lines += ["", *(f"   {line}" for line in finding.patch.splitlines())]
    lines += [f"note: {note}" for note in result.notes]
    return "\n".join(lines)


def _while_run(result: Examination) -> str:
    return (
        f" after {result.steps} steps, {result.seconds:.1f} s (watching cost {result.overhead:.1%})"
    )


def _when_trained(result: Examination) -> str:
    steps = f" ({result.steps:,} steps)" if result.steps else ""
    return f", as it was watched in training{steps}; nothing was run"
