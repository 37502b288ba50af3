"""Options that commands share, each spelled once."""

import re
from typing import Annotated, Any

import typer
import yaml

from netwright.errors import UsageError

Source = Annotated[
    str, typer.Argument(help="A file, folder, archive or built-in name.", metavar="SOURCE")
]
ModelPath = Annotated[
    str, typer.Argument(help="A run folder or its model/ folder.", metavar="MODEL")
]
Target = Annotated[
    str | None, typer.Option(help="Column to predict (several: a,b,c).", metavar="COL")
]
TaskName = Annotated[
    str | None,
    typer.Option("--task", help="Task, such as classification or regression.", metavar="T"),
]
Test = Annotated[
    str | None, typer.Option(help="A second file or folder, kept for the end.", metavar="FILE")
]
Out = Annotated[str | None, typer.Option(help="Where to write.", metavar="DIR")]
Seed = Annotated[int, typer.Option(help="Seed of every random stream.")]
Device = Annotated[str, typer.Option(help="auto, cpu, cuda or mps.")]
Threads = Annotated[int | None, typer.Option(help="CPU threads; measured when left out.")]
AsJson = Annotated[
    bool, typer.Option("--json", help="Write one JSON object to stdout and nothing else.")
]
TimeColumn = Annotated[
    str | None, typer.Option(help="Column of times: rows are split in time.", metavar="C")
]
Group = Annotated[
    str | None, typer.Option(help="Column of groups: a group stays in one split.", metavar="C")
]
Horizon = Annotated[int | None, typer.Option(help="Steps ahead to forecast.", metavar="N")]
SplitBy = Annotated[
    str | None,
    typer.Option("--split", help="Column or file that gives each row's split.", metavar="FILE|COL"),
]
Changes = Annotated[
    list[str] | None, typer.Option("--set", help="Change a plan field: a.b=v.", metavar="a.b=v")
]
Bound = Annotated[
    str | None,
    typer.Option("--time", help="Bound on the whole command: 90s, 5m, 1h.", metavar="T"),
]
Epochs = Annotated[int | None, typer.Option(help="At most this many epochs.")]
Resume = Annotated[bool, typer.Option("--resume", help="Go on with the run in --out.")]
Freeze = Annotated[
    str | None,
    typer.Option(
        help="What rests of the weights taken: body (the default: only a new head learns), early "
        "(the last stage learns too), at-first (the body, for a fifth of the steps).",
        metavar="[POLICY]",
    ),
]
Unlabelled = Annotated[
    bool, typer.Option("--unlabelled", help="Learn from rows without a class as well.")
]
Order = Annotated[
    str | None,
    typer.Option(
        help="Of a target's grades in words, the lowest first: poor,fair,good.", metavar="A,B,C"
    ),
]
Metric = Annotated[str | None, typer.Option(help="Primary metric.", metavar="M")]


def parse_seconds(text: str | None) -> float | None:
    """Read "90", "90s", "5m", "1.5h" as seconds."""
    if text is None:
        return None
    found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*(s|m|h)?\s*", text)
    if not found or float(found[1]) <= 0:
        raise UsageError(f"--time is {text!r}; expected a duration such as 90s, 5m or 1h.")
    return float(found[1]) * {"s": 1, "m": 60, "h": 3600}[found[2] or "s"]


def parse_changes(items: list[str] | None) -> dict[str, Any]:
    """Read --set a.b=v items; values are YAML."""
    changes: dict[str, Any] = {}
    for item in items or []:
        name, equals, value = item.partition("=")
        if not equals or not name:
            raise UsageError(
                f"--set got {item!r}; expected field=value, such as --set recipe.lr=0.01"
            )
        loaded = yaml.safe_load(value)
        if isinstance(loaded, str):
            try:
                loaded = float(loaded)  # YAML 1.1 reads 1e-3 as text
            except ValueError:
                loaded = value.strip()
        changes[name.strip()] = loaded
    return changes
