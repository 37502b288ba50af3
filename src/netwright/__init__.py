"""netwright: neural networks made, watched, mended and explained. The front door; everything behind
it loads lazily."""

import importlib
import sys
from types import ModuleType
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

_WHERE = {
    "Checks": "netwright.check.result",
    "Classifier": "netwright.estimators.estimators",
    "Regressor": "netwright.estimators.estimators",
    "Data": "netwright.data.data",
    "FailedTraining": "netwright.train.run",
    "Model": "netwright.model.model",
    "NetwrightError": "netwright.errors",
    "Plan": "netwright.plan.plan",
    "Probe": "netwright.watch.probe",
    "Recipe": "netwright.plan.plan",
    "Run": "netwright.train.run",
    "Space": "netwright.plan.space",
    "Study": "netwright.tune.study",
    "Trace": "netwright.watch.trace",
    "check": "netwright.check.check",
    "choice": "netwright.plan.distributions",
    "design": "netwright.plan.design",
    "diagnose": "netwright.diagnose.diagnose",
    "evaluate": "netwright.evaluate.evaluate",
    "fit": "netwright.train.fit",
    "integers": "netwright.plan.distributions",
    "load": "netwright.model.loading",
    "log": "netwright.plan.distributions",
    "read": "netwright.data.read",
    "repair": "netwright.repair.repair",
    "tune": "netwright.tune.tune",
    "uniform": "netwright.plan.distributions",
    "zero_or": "netwright.plan.distributions",
}

__all__ = [
    "Checks",
    "Classifier",
    "Data",
    "FailedTraining",
    "Model",
    "NetwrightError",
    "Plan",
    "Probe",
    "Recipe",
    "Regressor",
    "Run",
    "Space",
    "Study",
    "Trace",
    "__version__",
    "check",
    "choice",
    "design",
    "diagnose",
    "evaluate",
    "fit",
    "integers",
    "load",
    "log",
    "read",
    "repair",
    "tune",
    "uniform",
    "zero_or",
]

if TYPE_CHECKING:
    from netwright.check.check import check
    from netwright.check.result import Checks
    from netwright.data.data import Data
    from netwright.data.read import read
    from netwright.diagnose.diagnose import diagnose
    from netwright.errors import NetwrightError
    from netwright.estimators.estimators import Classifier, Regressor
    from netwright.evaluate.evaluate import evaluate
    from netwright.model.loading import load
    from netwright.model.model import Model
    from netwright.plan.design import design
    from netwright.plan.distributions import choice, integers, log, uniform, zero_or
    from netwright.plan.plan import Plan, Recipe
    from netwright.plan.space import Space
    from netwright.repair.repair import repair
    from netwright.train.fit import fit
    from netwright.train.run import FailedTraining, Run
    from netwright.tune.study import Study
    from netwright.tune.tune import tune
    from netwright.watch.probe import Probe
    from netwright.watch.trace import Trace


class _FrontDoor(ModuleType):
    """Where a room is named as the function it is for (`nw.evaluate`), the function keeps the name:
    importing the room would put the room there."""

    def __setattr__(self, name: str, value: Any) -> None:
        if not (isinstance(value, ModuleType) and name in _WHERE):
            super().__setattr__(name, value)


sys.modules[__name__].__class__ = _FrontDoor


def load_ipython_extension(shell: Any) -> None:
    """`%load_ext netwright` in a notebook: adds the cell magic `%%doctor`."""
    from netwright.integrations import notebook

    notebook.load(shell)


def __getattr__(name: str) -> Any:
    if name not in _WHERE:
        raise AttributeError(f"module 'netwright' has no attribute {name!r}")
    return getattr(importlib.import_module(_WHERE[name]), name)


def __dir__() -> list[str]:
    return __all__
