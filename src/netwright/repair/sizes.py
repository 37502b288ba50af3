"""How large a plan's net is, and what makes it wider, narrower or deeper, by the names that the
catalogue's nets use: `width` (units; of pictures it is theirs), `widths`, `hidden_size`,
`channels`, `depth`, `convs`, `blocks`.
"""

import inspect
from typing import Any

from netwright import catalogue
from netwright.plan.plan import Plan

__all__ = ["deepened", "setting", "widened"]

MULTIPLE = 4  # widths stay multiples of it: attention heads share them evenly


def setting(plan: Plan, name: str) -> Any:
    """Return the plan's value of a net's argument, or the net's default; None where it has none."""
    if name in plan.net:
        return plan.net[name]
    net = catalogue.find("netwright.nets", plan.net["name"], what="net")
    parameter = inspect.signature(net).parameters.get(name)
    if parameter is None or parameter.default is inspect.Parameter.empty:
        return None
    return parameter.default


def widened(plan: Plan, factor: float) -> dict[str, Any]:
    """Return the changes that make the hidden layers `factor` times as wide; none where the net has
    no width of its own."""
    picture = setting(plan, "height") is not None or "height" in plan.net
    names = ["widths"] if setting(plan, "widths") else ["width"]
    names += ["hidden_size", "channels"]
    changes: dict[str, Any] = {}
    for name in names:
        now = setting(plan, name)
        if not now or (name == "width" and picture):
            continue
        found = [_times(n, factor) for n in now] if isinstance(now, list | tuple) else None
        changes[f"net.{name}"] = found if found is not None else _times(now, factor)
    return changes


def deepened(plan: Plan, more: int) -> dict[str, Any]:
    """Return the changes that add `more` hidden layers (to each block, where a net has blocks);
    none where the net's depth is fixed."""
    widths = setting(plan, "widths")
    if widths:
        return {"net.widths": [*widths, *[widths[-1]] * more]}
    for name in ("depth", "convs", "blocks"):
        now = setting(plan, name)
        if isinstance(now, int):
            return {f"net.{name}": now + more}
        if now:
            return {f"net.{name}": [count + more for count in now]}
    return {}


def _times(size: int, factor: float) -> int:
    return max(MULTIPLE, round(size * factor / MULTIPLE) * MULTIPLE)
