"""`netwright check`: what to know before training."""

import json
from pathlib import Path
from typing import Any

from netwright.cli.options import parse_changes
from netwright.errors import UsageError

__all__ = ["run_check"]

_READ = ("target", "task", "test", "seed", "time_column", "group", "horizon", "split")


def run_check(given: dict[str, Any]) -> int:
    """Check the source that the flags describe; return the exit code: 10 where a check failed."""
    from netwright.check.check import check
    from netwright.check.text import to_text
    from netwright.data.read import read
    from netwright.plan.design import design
    from netwright.plan.plan import Plan

    folder = _folder(given["out"])
    data = read(given["source"], **{name: given[name] for name in _READ})
    plan = Plan.load(given["plan"]) if given["plan"] else design(data)
    plan = plan.with_(parse_changes(given["set_"]))
    found = check(
        data, plan, seed=given["seed"], device=given["device"], num_threads=given["threads"]
    )
    written = json.dumps(found.to_dict(), ensure_ascii=False)
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "checks.json").write_text(written + "\n", encoding="utf-8")
    print(written if given["json"] else to_text(found))
    return found.exit_code


def _folder(out: str | None) -> Path | None:
    if out is None:
        return None
    folder = Path(out)
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UsageError(
            f"--out {out!r} is no empty folder, and was left untouched. Give another --out."
        )
    return folder
