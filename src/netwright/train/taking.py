"""Weights of a saved model taken into a net: those whose names and shapes agree.

What answers for other classes is left: the tensors whose shape depends on the number of outputs,
unless both were trained for the same classes. Yosinski et al. 2014, arXiv:1411.1792, on what early
layers carry over.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import safetensors
import torch
from safetensors.torch import load_file
from torch import Tensor, nn

from netwright import catalogue
from netwright.data.task import Task
from netwright.errors import DataError, UsageError

__all__ = ["Taken", "take_weights_"]

MOST_NAMES = 6  # of tensors, in a sentence


@dataclass(frozen=True)
class Taken:
    """Names of tensors. taken: found in the saved model; new: of the net alone, or of another shape
    or other classes there; left: of the saved model alone; head: of the net's that answer for
    classes, new or not."""

    source: str
    taken: tuple[str, ...]
    new: tuple[str, ...]
    left: tuple[str, ...]
    head: tuple[str, ...] = ()

    def __str__(self) -> str:
        said = f"{len(self.taken)} tensors taken from {self.source}"
        said += f"; new: {_named(self.new)}" if self.new else "; none is new"
        return said + (f"; not taken: {_named(self.left)}" if self.left else "")


def take_weights_(net: nn.Module, spec: Mapping[str, Any], task: Task, path: str) -> Taken:
    """Copy the weights of the model or run folder `path` into `net`, built as `spec` says for
    `task`; return what was taken. Raises UsageError where nothing fits."""
    saved, saved_task = _open(path)
    own = net.state_dict()
    same_classes = bool(task.classes) and saved_task.classes == task.classes
    head = _head(spec, own)
    other = set() if same_classes else head
    alike = [n for n, x in own.items() if n in saved and saved[n].shape == x.shape]
    fits = [name for name in alike if name not in other]
    if not fits:
        raise UsageError(
            f"No tensor of the net {spec['name']!r} has the name and shape of one in {path!r}. "
            "Give the model of a net of the same name and sizes."
        )
    with torch.no_grad():
        for name in fits:
            own[name].copy_(saved[name])
    new = tuple(name for name in own if name not in fits)
    left = tuple(name for name in saved if name not in own)
    return Taken(path, tuple(fits), new, left, tuple(name for name in own if name in head))


def _open(path: str) -> tuple[dict[str, Tensor], Task]:
    """Return the tensors of the saved net and what it was trained for."""
    folder = Path(path)
    folder = folder / "model" if (folder / "model").is_dir() else folder
    try:
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        tensors = load_file(folder / "model.safetensors")
    except FileNotFoundError as error:
        raise UsageError(
            f"recipe.init_from is {path!r}, where there is no model. Give a run folder or its "
            "model/ folder."
        ) from error
    except (json.JSONDecodeError, UnicodeDecodeError, safetensors.SafetensorError) as error:
        raise DataError(
            f"The model in {path!r} cannot be read ({error}). Train it again or restore the folder."
        ) from error
    weights = {k.removeprefix("net."): x for k, x in tensors.items() if k.startswith("net.")}
    return weights, Task.from_dict(config["task"])


def _head(spec: Mapping[str, Any], own: Mapping[str, Tensor]) -> set[str]:
    """Return the names of the tensors whose shape depends on the number of outputs."""
    outputs = spec.get("outputs")
    if not outputs:
        return set()
    arguments = {k: v for k, v in spec.items() if k != "name"} | {"outputs": outputs + 1}
    with torch.random.fork_rng(devices=()):  # no stream is to change by it
        wider = catalogue.build("netwright.nets", spec["name"], arguments, what="net").state_dict()
    return {name for name, x in own.items() if wider[name].shape != x.shape}


def _named(names: tuple[str, ...]) -> str:
    shown = ", ".join(names[:MOST_NAMES])
    return shown + (f" and {len(names) - MOST_NAMES} more" if len(names) > MOST_NAMES else "")
