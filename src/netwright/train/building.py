"""From a plan to what is trained: the net, the objective, and weights for uneven classes."""

import inspect
from collections.abc import Mapping, Set
from typing import Any

import torch
from torch import Tensor, nn

from netwright import catalogue
from netwright.data.data import Data, Rows
from netwright.data.series_encoding import unequal_series
from netwright.data.word_encoding import WordEncoding
from netwright.errors import UsageError
from netwright.objectives._objective import Objective
from netwright.objectives.supervised import Supervised
from netwright.plan.plan import Plan, Recipe
from netwright.train.freezing import freeze_
from netwright.train.init import initialise_
from netwright.train.taking import take_weights_

__all__ = [
    "balanced_rows",
    "build_net",
    "build_objective",
    "completed",
    "learned_quantiles",
    "rows_of",
    "takes_lengths",
]

# Nets whose answers are means of training targets: these have no quantiles.
MEANS = ("modern-nca",)
# Nets for series that convolve over time, whose norms may look at all steps together.
NORMS_OVER_TIME = ("fcn", "inception-time", "series-resnet")
MOVED_IN_TIME = ("mixup", "cutmix", "warp", "shift")  # changes that need rows of one length


def build_net(plan: Plan, data: Data, seed: int, device: torch.device) -> tuple[nn.Module, str]:
    """Return the plan's net, initialised, on the device, and what initialisation did."""
    spec = {k: v for k, v in plan.net.items() if k != "name"}
    for member in plan.net.get("nets", [plan.net]):  # an ensemble's nets, or the net
        _check_kind(member, data, plan.objective["name"])
    net: nn.Module = catalogue.build("netwright.nets", plan.net["name"], spec, what="net")
    said = "the net's own"
    if plan.recipe.init != "default":
        activation = spec.get("activation", "relu")
        said = initialise_(net, plan.recipe.init, activation=activation, rng_seed=seed)
    if plan.recipe.init_from:
        taken = take_weights_(net, plan.net, data.task, plan.recipe.init_from)
        data.ledger.note("read", "weights", str(taken), len(taken.taken))
        said = f"{said}; {taken}"
        if plan.recipe.freeze != "none":
            resting = freeze_(net, taken, plan.recipe.freeze)
            data.ledger.note("trained", "weights", resting)
            said = f"{said}; {resting}"
    fit_bins = getattr(net, "fit_bins_", None)
    if fit_bins is not None:
        fit_bins(next(iter(data.train.batches(50_000))).inputs[0])
    net.to(device)
    remember = getattr(net, "remember_", None)
    if remember is not None:
        rows = _rows_of(plan.net["name"], data)
        remember(rows.inputs, rows.targets)
    if any(isinstance(m, nn.Conv2d) for m in net.modules()) and device.type != "mps":
        # Measured 1.4 times as fast on CPUs; the GPU's tensor cores ask for it too.
        net.to(memory_format=torch.channels_last)  # type: ignore[call-overload] # not in the stub
    return net, said


def _check_kind(net: Mapping[str, Any], data: Data, objective: str) -> None:
    """Refuse a net that cannot read this kind of data, or whose answers the objective cannot judge,
    with the names of those that will do."""
    takes = catalogue.find("netwright.objectives", objective, what="objective").takes
    name, shapes = net["name"], set(data.encoding.shapes())
    reader = net.get("trunk", net)  # of several tasks the trunk reads, and the heads answer
    reads = _reads(reader["name"], shapes, set(reader))
    if reads and _answers(name) in takes:
        _check_lengths(reader, data)
        return
    names = catalogue.names("netwright.nets")
    able = [other for other in names if _reads(other, shapes) and _answers(other) in takes]
    cannot = f"does not read this kind of data ({data.kind})"
    if reads:
        cannot = (
            f"answers with {_answers(name)}, and the objective {objective!r} judges "
            f"{' or '.join(takes)}"
        )
    raise UsageError(f"The net {name!r} {cannot}. Nets that do: {', '.join(able)}.")


def _check_lengths(net: Mapping[str, Any], data: Data) -> None:
    """Refuse a net, or a norm, that would take the padding of unequal series for the series."""
    if not unequal_series(data.encoding):
        return
    if not takes_lengths(net["name"]):
        names = catalogue.names("netwright.nets")
        shapes = set(data.encoding.shapes())
        able = [other for other in names if takes_lengths(other) and _reads(other, shapes)]
        raise UsageError(
            f"The net {net['name']!r} reads series of one length, and these have different ones. "
            f"Nets that do: {', '.join(able)}."
        )
    if net["name"] in NORMS_OVER_TIME and net.get("norm") in ("layer", "group"):
        raise UsageError(
            f"net.norm is {net['norm']!r}, which would look at the padding of series of unequal "
            "length. Give batch, rms or none."
        )


def takes_lengths(name: str) -> bool:
    """Say whether a net is given the length of each row as a second input."""
    net = catalogue.find("netwright.nets", name, what="net")
    forward = getattr(net, "forward", None)
    return forward is not None and "lengths" in inspect.signature(forward).parameters


def _reads(name: str, shapes: set[str], given: Set[str] = frozenset()) -> bool:
    """Say whether what the data fixes (and the plan gives) is what the net is built with; a net
    with a trunk reads what that does."""
    package = "netwright.nets"
    needed = set(catalogue.required(package, name, what="net")) - {"outputs"}
    known = set(catalogue.parameters(package, name, what="net"))
    return "trunk" in known or (shapes <= known and needed <= shapes | given)


def _answers(name: str) -> str:
    """Return what a net gives: "outputs", a row of numbers a row (or step), unless it says so."""
    net = catalogue.find("netwright.nets", name, what="net")
    return str(getattr(net, "answers", "outputs"))


def _rows_of(name: str, data: Data) -> Rows:
    """Return the training rows for a net that answers from them; refuse those that it cannot hold,
    or whose targets have no mean that is an answer."""
    forms = ("binary", "multiclass", "regression")
    if isinstance(data.train, Rows) and data.task.form in forms:
        return data.train
    raise UsageError(
        f"The net {name!r} answers from the training rows; it needs them in memory and one "
        f"class or numbers a row, but this is {data.task.form} of {data.kind} data"
        f"{'' if isinstance(data.train, Rows) else ' read as a stream'}. Use another net."
    )


def build_objective(plan: Plan, data: Data, *, fitting: bool = True) -> Objective:
    """Return the plan's objective with what its recipe says of losses and augmentation. fitting:
    refuse a loss that does not judge the data's form (UsageError)."""
    recipe = plan.recipe
    if data.kind == "graph" and recipe.accumulate > 1:
        raise UsageError(
            f"recipe.accumulate is {recipe.accumulate}, but a batch of a graph is one graph, which "
            "cannot be cut. Set it to 1, and recipe.batch_size lower where memory is short."
        )
    if data.kind == "graph" and recipe.augment:
        raise UsageError(
            f"recipe.augment is {', '.join(recipe.augment)}, but graphs have no augmentation. "
            "Leave it empty; net.dropout keeps a net from learning them by heart."
        )
    mixed = [change for change in recipe.augment if change in ("mixup", "cutmix")]
    if data.kind == "audio" and mixed:
        raise UsageError(
            f"recipe.augment is {', '.join(recipe.augment)}, but sounds of unequal lengths are not "
            f"mixed. Leave {' and '.join(mixed)} out; there are shift, noise and speed."
        )
    moved = [change for change in recipe.augment if change in MOVED_IN_TIME]
    if unequal_series(data.encoding) and moved:
        raise UsageError(
            f"recipe.augment is {', '.join(recipe.augment)}, but series of unequal length are not "
            f"mixed or moved in time. Leave {' and '.join(moved)} out; there are jitter, noise, "
            "scale and erase."
        )
    package, name = "netwright.objectives", plan.objective["name"]
    arguments = {k: v for k, v in plan.objective.items() if k != "name"}
    known = set(catalogue.parameters(package, name, what="objective"))
    if "augment" in known or recipe.augment:
        arguments |= {"augment": recipe.augment, "augment_strength": recipe.augment_strength}
    smooths = "label_smoothing" in known or recipe.label_smoothing
    if smooths and arguments.get("loss", "cross-entropy") == "cross-entropy":
        arguments["label_smoothing"] = recipe.label_smoothing
    if "form" in known and fitting:
        arguments["form"] = data.task.form
    if "tasks" in known:
        arguments["tasks"] = data.task.tasks
    if "stride" in known:  # the net's own says where its cells are
        arguments.setdefault("stride", plan.net.get("stride", 4))
    if recipe.class_weights == "balanced":
        arguments["class_weights"] = _balanced(data)
    objective: Objective = catalogue.build(package, name, arguments, what="objective")
    return objective


def completed(plan: Plan, data: Data) -> Plan:
    """Return the plan with what its net must have for its objective: the counts of words that a
    hierarchical softmax is built of, an output for each quantile of a target."""
    if plan.objective["name"] == "multi-task":
        learned = plan.objective.get("weighting", "uncertainty") == "uncertainty"
        why = "log sigma^2 of each task" if learned else "the tasks weigh alike"
        return plan.with_({"net.uncertainty": learned}, why=why)
    loss = plan.objective.get("loss")
    if loss == "quantile":
        return _with_quantiles(plan, data)
    hierarchical = loss == "hierarchical-softmax"
    if not hierarchical or not isinstance(data.encoding, WordEncoding) or plan.net.get("counts"):
        return plan
    counts = [0, *data.encoding.counts]
    return plan.with_({"net.counts": counts}, why="how often each word occurs: its tree")


def learned_quantiles(objective: Objective) -> tuple[float, ...]:
    """Return the quantiles that a net's outputs are, of each target; none of other losses."""
    if not isinstance(objective, Supervised) or objective.loss != "quantile":
        return ()
    return tuple(objective.quantiles)


def _with_quantiles(plan: Plan, data: Data) -> Plan:
    objective = build_objective(plan, data)
    assert isinstance(objective, Supervised)
    count = len(learned_quantiles(objective))
    changes: dict[str, Any] = {"net.outputs": data.task.outputs * count}
    why = f"{count} quantiles of each number predicted"
    if plan.members is not None:
        able = [kind for kind in plan.members.kinds if kind.get("net.name") not in MEANS]
        if len(able) < len(plan.members.kinds):
            changes["members.kinds"] = able
            if plan.members.count == len(plan.members.kinds):  # one of each
                changes["members.count"] = max(len(able), 1)
    elif plan.net["name"] in MEANS:
        raise UsageError(
            f"The net {plan.net['name']!r} answers with means of training targets, which have no "
            "quantiles. Use another net, or objective.loss mse or mae."
        )
    return plan.with_(changes, why=why)


def rows_of(objective: Objective, data: Data, recipe: Recipe) -> int:
    """Return how many rows an epoch has: those of the training split, unless the objective says."""
    own = getattr(objective, "rows", None)
    if own is None:
        return len(data.train)
    if recipe.batch_size == "full":
        raise UsageError(
            "recipe.batch_size is 'full', but how many rows an epoch has depends on it here: they "
            "come from acting, or some are drawn more often than others. Give a number."
        )
    rows: int = own(data, int(recipe.batch_size))
    return rows


def balanced_rows(data: Data) -> Tensor:
    """One weight a training row, so that every class is drawn as often."""
    one_class = data.task.form in ("binary", "multiclass", "ordinal")
    if not isinstance(data.train, Rows) or not one_class:
        raise UsageError(
            "recipe.sampling is 'balanced', but that needs one class a row and rows held in "
            "memory. Set it to 'none'."
        )
    counts = torch.tensor(data.class_counts, dtype=torch.float32).clamp_min(1)
    return (1 / counts)[data.train.targets.cpu()]


def _balanced(data: Data) -> tuple[float, ...]:
    counts = data.class_counts
    if not counts:
        raise UsageError(
            "recipe.class_weights is 'balanced', but the task has no classes. Set it to 'none'."
        )
    total = sum(counts)
    if data.task.form == "multilabel":
        return tuple((total - count) / max(count, 1) for count in counts)
    return tuple(total / (len(counts) * max(count, 1)) for count in counts)
