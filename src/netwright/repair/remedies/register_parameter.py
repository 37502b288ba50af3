"""Parameters where the net finds them."""

from collections.abc import Iterator

from netwright.plan.plan import Plan
from netwright.repair.remedy import always, remedy
from netwright.watch.trace import Trace

__all__ = ["register_parameter"]


@remedy(
    "register-parameter",
    advice=(
        "Make a tensor that is to learn an nn.Parameter that is an attribute of the "
        "module, or hold several in nn.ParameterList."
    ),
    intervention=always("hold-all"),
)
def register_parameter(plan: Plan, trace: Trace) -> Iterator[Plan]:
    """Lets parameters(), to() and state_dict() find the tensor. The nets of the catalogue do; in a
    net of one's own it is a change of code.

    PyTorch, torch.nn.parameter.Parameter.
    """
    yield from ()
