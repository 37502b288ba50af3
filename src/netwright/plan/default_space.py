"""default_space(plan) -> Space: what is worth searching first, by the net: rate, decay, dropout,
width and depth."""

from netwright import catalogue
from netwright.plan.distributions import Distribution, choice, log, uniform, zero_or
from netwright.plan.plan import FIXED, Plan
from netwright.plan.space import Space

__all__ = ["default_space"]

# Optimisers that do not divide each gradient by its size take larger rates.
LARGE_STEPS = ("sgd", "momentum", "nesterov", "adagrad", "muon")


def default_space(plan: Plan) -> Space:
    """Return a space around the plan; fields that its net does not have are left out."""
    known = catalogue.parameters("netwright.nets", plan.net["name"], what="net")
    large = plan.recipe.optimizer in LARGE_STEPS
    found: dict[str, Distribution] = {
        "recipe.lr": log(1e-3, 0.3) if large else log(1e-4, 3e-2),
        "recipe.weight_decay": zero_or(log(1e-3, 0.3)),
    }
    if "dropout" in known:
        found["net.dropout"] = uniform(0.0, 0.5)
    own = {k: v for k, v in plan.net.items() if plan.why.get(f"net.{k}") != FIXED}
    width, depth = own.get("width"), own.get("depth")  # a picture's width is no choice
    if isinstance(width, int) and width > 1:
        found["net.width"] = choice([width // 2, width, 2 * width])
    if isinstance(depth, int):
        found["net.depth"] = choice([depth - 1, depth, depth + 1] if depth > 1 else [1, 2])
    return Space(found)
