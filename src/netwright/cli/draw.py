"""`netwright generate` of rows: a table or pictures from a model that has learned to draw them."""

import json
import math
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from netwright.cli.use import WRITERS
from netwright.errors import UsageError

if TYPE_CHECKING:
    import pandas as pd
    from torch import Tensor

    from netwright.model.model import Model

__all__ = ["run_draw"]

PICTURES = (".png",)  # one grid; without a suffix: a folder with a file each


def run_draw(
    model: "Model",
    *,
    count: int,
    out: str | None,
    of_class: str | None,
    seed: int,
    as_json: bool,
) -> None:
    """Draw `count` rows: a table to `out` (or stdout), pictures to a .png grid or into a folder."""
    from netwright.model.drawing import as_raw, draw

    if count < 1:
        raise UsageError(f"--count is {count}; expected at least 1.")
    chosen = None if of_class is None else _class_ids(model, of_class, count)
    rows = as_raw(model, draw(model, count, seed=seed, classes=chosen))
    if model.encoding.kind == "image":
        _write_pictures(rows, out)
    else:
        _write_table(rows, out, quiet=as_json)
    if out is not None:
        print(f"{count:,} drawn rows in {out}", file=sys.stderr)
    if as_json:
        print(json.dumps({"rows": count, "out": out, "seed": seed}, ensure_ascii=False))


def _class_ids(model: "Model", name: str, count: int) -> "Tensor":
    import torch

    from netwright.errors import did_you_mean

    if not getattr(model.net, "classes", 0):
        raise UsageError("--class was given, but the model draws without classes. Leave it out.")
    if name not in model.task.classes:
        raise UsageError(
            f"There is no class {name!r} to draw.{did_you_mean(name, model.task.classes)}"
        )
    return torch.full((count,), model.task.classes.index(name))


def _write_table(rows: "pd.DataFrame", out: str | None, *, quiet: bool) -> None:
    if out is None:
        if not quiet:
            rows.to_csv(sys.stdout, index=False)
        return
    suffix = Path(out).suffix.lower()
    if suffix not in WRITERS:
        raise UsageError(
            f"--out {out!r}: drawn rows are written as {', '.join(filter(None, WRITERS))}. Give a "
            "file name that ends so."
        )
    Path(out).parent.mkdir(parents=True, exist_ok=True)
    WRITERS[suffix](rows, out)


def _write_pictures(rows: "Tensor", out: str | None) -> None:
    from netwright.report.drawn import picture_grid

    path = Path(out or "")
    if out is None or path.suffix.lower() not in ("", *PICTURES):
        raise UsageError(
            f"--out is {out!r}; pictures are written as one .png grid, or into a folder with a "
            "file each. Give --out grid.png or --out FOLDER."
        )
    if path.suffix:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(picture_grid(rows, math.ceil(math.sqrt(len(rows)))))
        return
    if path.is_dir() and any(path.iterdir()):
        raise UsageError(f"{out!r} is not empty and was left untouched. Give another --out.")
    path.mkdir(parents=True, exist_ok=True)
    digits = len(str(len(rows) - 1))
    for at in range(len(rows)):
        (path / f"{at:0{digits}}.png").write_bytes(picture_grid(rows[at : at + 1], 1))
