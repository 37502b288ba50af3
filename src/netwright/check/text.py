"""Checks as lines for a terminal: a mark, the check's name, what was seen, what to do."""

import textwrap

from netwright.check.result import Check, Checks, Status

__all__ = ["to_text"]

MARKS: dict[Status, str] = {
    "passed": "ok",
    "info": "note",
    "warning": "WARNING",
    "failed": "FAILED",
    "skipped": "-",
}
WIDTH = 100
INDENT = 30
MOST_ROWS = 3


def to_text(checks: Checks) -> str:
    """Return the lines, in the order in which the checks were made."""
    lines = [f"{checks.source}: {_summary(checks)}", ""]
    for check in checks:
        lines += _lines(check)
    for note in checks.notes:
        lines += textwrap.wrap(f"note: {note}", WIDTH, subsequent_indent="      ")
    return "\n".join(lines)


def _summary(checks: Checks) -> str:
    made = len(checks) - len(checks.of("skipped"))
    counts = [
        (len(checks.of("failed")), "failed"),
        (len(checks.of("warning")), "with a warning"),
        (len(checks.of("info")), "with a note"),
    ]
    well = "all is well" if made else "nothing could be checked"
    said = ", ".join(f"{count} {what}" for count, what in counts if count) or well
    after = "" if checks.steps is None else f", {checks.steps} steps"
    return f"{made} checks in {checks.seconds:.1f} s{after}: {said}"


def _lines(check: Check) -> list[str]:
    head = f"{MARKS[check.status]:<8} {check.name:<20} "
    said = check.words[:1].upper() + check.words[1:]
    lines = textwrap.wrap(said, WIDTH, initial_indent=head, subsequent_indent=" " * INDENT)
    if check.status in ("info", "warning", "failed"):
        shown = [f"{p.split} row {p.row}: {p.shown}" for p in check.rows[:MOST_ROWS]]
        if len(check.rows) > MOST_ROWS:
            shown.append(f"and {len(check.rows) - MOST_ROWS} more (--json lists them)")
        lines += [" " * INDENT + line[: WIDTH - INDENT] for line in shown]
        if check.where.get("file"):
            layer = f", layer {check.where['layer']}" if check.where.get("layer") else ""
            lines.append(f"{' ' * INDENT}at {check.where['file']}:{check.where['line']}{layer}")
        if check.advice:
            lines += textwrap.wrap(
                f"-> {check.advice}",
                WIDTH,
                initial_indent=" " * INDENT,
                subsequent_indent=" " * (INDENT + 3),
            )
        lines += [" " * 8 + line for line in (check.patch or "").splitlines()]
    return lines
