"""Skills in the trace: what a state tells of rows, with its standard error."""

import math

from netwright.watch.kept import Kept
from netwright.watch.rows import Rows, ask
from netwright.watch.skill import answers, skill
from netwright.watch.snapshot import Snapshot

STEPS = 150  # of a short training, at most
FEWEST = 48  # rows: fewer tell nothing


def record(kept: Kept, name: str, state: Snapshot, rows: Rows) -> float | None:
    """Record the skill of a state as "skill.<name>"; None where there is none."""
    return write(kept, name, skill_of(state, rows))


def skill_of(state: Snapshot, rows: Rows) -> tuple[float, float] | None:
    """Return the skill of a state on rows, and its standard error."""
    output = ask(state, rows.inputs)
    answer = None if output is None else answers(rows.goal, output)
    return None if answer is None else skill(rows.goal, answer)


def write(kept: Kept, name: str, found: tuple[float, float] | None) -> float | None:
    """Record a skill that is known; return it where it is a number."""
    if found is None or not all(map(math.isfinite, found)):
        return None
    kept.trace.record(f"skill.{name}", "", kept.steps, found[0])
    kept.trace.record(f"skill.{name}.noise", "", kept.steps, found[1])
    return found[0]
