"""ensemble(models) -> Model: several models of one task that answer as one."""

from collections.abc import Sequence

from netwright import catalogue
from netwright.model.model import Model

__all__ = ["ensemble"]


def ensemble(models: Sequence[Model], weights: Sequence[float] | None = None) -> Model:
    """Return one Model of the models' nets, whose weights are copied. weights: one a model, above
    zero; equal when left out. All must have the first one's task and encoding; the result is not
    calibrated.
    """
    first = models[0]
    arguments = {
        "nets": [dict(model.spec) for model in models],
        "weights": [1] * len(models) if weights is None else list(weights),
    }
    net = catalogue.build("netwright.nets", "ensemble", arguments, what="net")
    for place, model in zip(net.nets, models, strict=True):
        place.load_state_dict(model.net.state_dict())
    net.to(next(first.net.parameters()).device).eval()
    spec = {"name": "ensemble", **arguments}
    return Model(
        net=net, spec=spec, encoding=first.encoding, task=first.task, quantiles=first.quantiles
    )
