"""Checkpoints: one safetensors file that holds everything bit-exact resumption needs, replaced
atomically.

Tensors (weights, optimiser moments, averages, best weights, random states) lie under dotted names;
everything else is JSON in the file's metadata, so both halves are always of one moment. Nothing is
pickled.
"""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import safetensors
import torch
from safetensors.torch import save_file
from torch import Tensor

from netwright.errors import DataError

__all__ = ["load_checkpoint", "optimizer_state", "restore_optimizer_", "save_checkpoint"]

FILE = "checkpoint.safetensors"


def save_checkpoint(folder: Path, tensors: Mapping[str, Tensor], state: Mapping[str, Any]) -> None:
    """Write tensors and JSON state to folder/checkpoint.safetensors; a crash leaves the former file
    whole."""
    folder.mkdir(parents=True, exist_ok=True)
    unfinished = folder / f"{FILE}.new"
    plain = {name: tensor.detach().cpu().contiguous().clone() for name, tensor in tensors.items()}
    save_file(plain, unfinished, metadata={"state": json.dumps(state)})
    with unfinished.open("rb+") as file:
        os.fsync(file.fileno())
    unfinished.replace(folder / FILE)


def load_checkpoint(folder: Path) -> tuple[dict[str, Tensor], dict[str, Any]] | None:
    """Return (tensors, state), or None where there is no checkpoint."""
    path = folder / FILE
    if not path.is_file():
        return None
    try:
        with safetensors.safe_open(path, framework="pt") as file:
            tensors = {name: file.get_tensor(name) for name in file.keys()}
            state = json.loads(file.metadata()["state"])
    except (safetensors.SafetensorError, KeyError, json.JSONDecodeError) as error:
        raise DataError(
            f"The checkpoint {path.name!r} cannot be read ({error}). Remove the folder and train "
            "again."
        ) from error
    return tensors, state


def optimizer_state(optimizer: torch.optim.Optimizer) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Split optimizer.state_dict() into tensors ("<parameter>.<name>") and plain values."""
    tensors: dict[str, Tensor] = {}
    plain: dict[str, Any] = {}
    for index, values in optimizer.state_dict()["state"].items():
        for name, value in values.items():
            if isinstance(value, Tensor):
                tensors[f"{index}.{name}"] = value
            else:
                plain[f"{index}.{name}"] = value
    return tensors, plain


def restore_optimizer_(
    optimizer: torch.optim.Optimizer, tensors: Mapping[str, Tensor], plain: Mapping[str, Any]
) -> None:
    """Put back what `optimizer_state` took."""
    state: dict[int, dict[str, Any]] = {}
    for name, value in {**tensors, **plain}.items():
        index, _, key = name.partition(".")
        state.setdefault(int(index), {})[key] = value
    optimizer.load_state_dict(
        {"state": state, "param_groups": optimizer.state_dict()["param_groups"]}
    )
