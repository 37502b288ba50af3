"""`netwright generate`: what a model that learned to draw or to write makes anew, by its task."""

import json
import sys
from typing import Any

__all__ = ["run_generate"]


def run_generate(given: dict[str, Any]) -> None:
    """Let the model draw rows or pictures, or write on from a prompt."""
    from netwright.cli.draw import run_draw
    from netwright.model.loading import load

    model = load(given["model"], device=given["device"])
    if model.task.form != "generation":
        _write_on(model, given)
        return
    names = ("count", "out", "of_class", "seed")
    run_draw(model, **{name: given[name] for name in names}, as_json=given["json"])


def _write_on(model: Any, given: dict[str, Any]) -> None:
    """Write the prompt and what follows it to stdout, token by token; with --json as one object."""
    from netwright.device import threads as use_threads

    asked = ("prompt", "tokens", "temperature", "top_k", "top_p", "seed")
    pieces = model.generate(**{name: given[name] for name in asked})
    with use_threads(given["threads"]):
        if given["json"]:
            said = {"prompt": given["prompt"], "text": "".join(pieces)}
            print(json.dumps(said, ensure_ascii=False))
            return
        sys.stdout.write(given["prompt"])
        for piece in pieces:
            sys.stdout.write(piece)
            sys.stdout.flush()
        sys.stdout.write("\n")
