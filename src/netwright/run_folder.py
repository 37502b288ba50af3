"""A run folder: made or checked before work begins, its files replaced whole."""

import errno
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

from netwright.errors import UsageError

__all__ = ["open_folder", "removed_if_empty", "replace_text", "write_json", "write_yaml"]


def open_folder(
    source: str, out: str | None, arguments: Mapping[str, Any], *, resume: bool
) -> Path:
    """Make or check the run folder: a non-empty one without --resume is refused, untouched.

    arguments: what must be as in the folder's run.yaml for `resume` to go on.
    """
    if out is None:
        if resume:
            raise UsageError("--resume needs --out DIR, the run folder to go on with.")
        name = Path(source.rstrip("/")).name.split(".")[0].replace(":", "-") or "run"
        taken = [
            int(p.name.rsplit("-", 1)[1]) for p in Path("runs").glob(f"{name}-[0-9][0-9][0-9]")
        ]
        folder = Path("runs") / f"{name}-{max(taken, default=0) + 1:03d}"
    else:
        folder = Path(out)
    if folder.is_file():
        raise UsageError(f"--out {str(folder)!r} is a file; expected a folder. Give another --out.")
    if folder.is_dir() and any(folder.iterdir()):
        if not resume:
            raise UsageError(
                f"{str(folder)!r} is not empty and was left untouched. Go on with --resume, or "
                "give another --out."
            )
        _same_arguments(arguments, folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / ".writable"
        probe.write_text("", encoding="utf-8")
        probe.unlink()
    except OSError as error:
        raise UsageError(
            f"The run folder {str(folder)!r} cannot be written "
            f"({errno.errorcode.get(error.errno or 0, error)}: "
            f"{error.strerror}). Give another --out."
        ) from error
    return folder


def _same_arguments(arguments: Mapping[str, Any], folder: Path) -> None:
    facts = folder / "run.yaml"
    if not facts.is_file():
        return
    before = (yaml.safe_load(facts.read_text(encoding="utf-8")) or {}).get("arguments", {})
    now = json.loads(json.dumps(arguments))
    different = [name for name in now if name in before and before[name] != now[name]]
    if different:
        said = "; ".join(f"{name}: {before[name]!r} then, {now[name]!r} now" for name in different)
        raise UsageError(
            f"--resume: the arguments differ from the run's in {str(folder)!r} ({said}). Use the "
            "same ones."
        )


def write_json(path: Path, value: Any) -> None:
    """Write a value as JSON."""
    replace_text(path, json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False) + "\n")


def write_yaml(path: Path, value: Any) -> None:
    """Write a value as YAML."""
    plain = json.loads(json.dumps(value, default=str))
    replace_text(
        path,
        yaml.safe_dump(
            plain, sort_keys=False, allow_unicode=True, default_flow_style=None, width=110
        ),
    )


def replace_text(path: Path, text: str) -> None:
    """Write a file so that a crash leaves the former one whole."""
    unfinished = path.with_name(path.name + ".new")
    unfinished.write_text(text, encoding="utf-8")
    unfinished.replace(path)


@contextmanager
def removed_if_empty(folder: Path) -> Iterator[None]:
    """Take a folder that holds nothing yet away again where the job inside fails; else let the
    error say where a bug's trace can go."""
    try:
        yield
    except Exception as error:
        if any(folder.iterdir()):
            error.run_folder = str(folder)  # type: ignore[attr-defined] # read by the CLI
        else:
            folder.rmdir()
        raise
