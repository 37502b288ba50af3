"""netwright: neural networks made, watched, mended and explained. The front door; everything behind
it loads lazily."""

import importlib
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

_WHERE = {
    "Classifier": "netwright.estimators.estimators",
    "Regressor": "netwright.estimators.estimators",
    "Data": "netwright.data.data",
    "Model": "netwright.model.model",
    "NetwrightError": "netwright.errors",
    "Plan": "netwright.plan.plan",
    "Probe": "netwright.watch.probe",
    "Recipe": "netwright.plan.plan",
    "Run": "netwright.train.run",
    "Trace": "netwright.watch.trace",
    "design": "netwright.plan.design",
    "diagnose": "netwright.diagnose.diagnose",
    "evaluate": "netwright.evaluate.evaluate",
    "fit": "netwright.train.fit",
    "load": "netwright.model.model",
    "read": "netwright.data.read",
}

__all__ = [
    "Classifier",
    "Data",
    "Model",
    "NetwrightError",
    "Plan",
    "Probe",
    "Recipe",
    "Regressor",
    "Run",
    "Trace",
    "__version__",
    "design",
    "diagnose",
    "evaluate",
    "fit",
    "load",
    "read",
]

if TYPE_CHECKING:
    from netwright.data.data import Data
    from netwright.data.read import read
    from netwright.diagnose.diagnose import diagnose
    from netwright.errors import NetwrightError
    from netwright.estimators.estimators import Classifier, Regressor
    from netwright.evaluate.evaluate import evaluate
    from netwright.model.model import Model, load
    from netwright.plan.design import design
    from netwright.plan.plan import Plan, Recipe
    from netwright.train.fit import fit
    from netwright.train.run import Run
    from netwright.watch.probe import Probe
    from netwright.watch.trace import Trace


def __getattr__(name: str) -> Any:
    if name not in _WHERE:
        raise AttributeError(f"module 'netwright' has no attribute {name!r}")
    return getattr(importlib.import_module(_WHERE[name]), name)


def __dir__() -> list[str]:
    return __all__
