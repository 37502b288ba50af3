"""A model's folder, opened again. Nothing in it is unpickled."""

import json
from collections.abc import Callable
from pathlib import Path

import safetensors
from safetensors.torch import load_file
from torch import nn

from netwright import catalogue
from netwright.data.encodings import load_encoding
from netwright.data.task import Task
from netwright.device import choose_device
from netwright.errors import DataError, UsageError
from netwright.model.gallery import Gallery
from netwright.model.intervals import Interval
from netwright.model.model import FORMAT, Model

__all__ = ["load"]


def load(
    path: str | Path, *, device: str = "cpu", net: Callable[[], nn.Module] | None = None
) -> Model:
    """Open a model folder, or a run folder that holds one. `net` builds a net that is not in the
    catalogue."""
    folder = Path(path)
    if not folder.exists():
        raise UsageError(
            f"There is no model folder {str(path)!r}. Give a run folder or its model/ folder."
        )
    if (folder / "model" / "config.json").is_file():
        folder = folder / "model"
    missing = [
        n
        for n in ("config.json", "preprocessing.json", "model.safetensors")
        if not (folder / n).is_file()
    ]
    if missing:
        raise UsageError(
            f"{str(path)!r} is no model folder: {', '.join(missing)} missing. Give the folder that "
            "`netwright train` wrote."
        )
    try:
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        preprocessing = json.loads((folder / "preprocessing.json").read_text(encoding="utf-8"))
        tensors = load_file(folder / "model.safetensors")
    except (json.JSONDecodeError, UnicodeDecodeError, safetensors.SafetensorError) as error:
        raise DataError(
            f"The model in {str(path)!r} cannot be read ({error}). Train it again or restore the "
            "folder."
        ) from error
    if config.get("format", 0) > FORMAT:
        raise UsageError(
            f"{str(path)!r} was written in format {config['format']}; this netwright reads up to "
            f"{FORMAT}. Upgrade netwright."
        )
    spec = config["net"]
    arguments = {k: v for k, v in spec.items() if k != "name"}
    built = net() if net else catalogue.build("netwright.nets", spec["name"], arguments, what="net")
    weights = {k.removeprefix("net."): v for k, v in tensors.items() if k.startswith("net.")}
    built.load_state_dict(weights)
    fitted = {
        k.removeprefix("encoding."): v for k, v in tensors.items() if k.startswith("encoding.")
    }
    known = config.get("gallery")
    gallery = None
    if known:
        vectors = tensors["gallery.vectors"]
        gallery = Gallery(vectors, tuple(known["labels"]), tuple(known["names"]))
    built.to(choose_device(device)).eval()
    return Model(
        net=built,
        spec=spec,
        encoding=load_encoding(preprocessing, fitted),
        task=Task.from_dict(config["task"]),
        temperature=config["temperature"],
        outside=config.get("outside", 0.0),
        temperatures=tuple(config.get("temperatures", ())),
        quantiles=tuple(config.get("quantiles", ())),
        interval=Interval.from_dict(config["interval"]) if config.get("interval") else None,
        gallery=gallery,
        card=(folder / "README.md").read_text(encoding="utf-8")
        if (folder / "README.md").is_file()
        else "",
    )
