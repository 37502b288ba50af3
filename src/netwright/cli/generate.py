"""`netwright generate`: a language model writes on from a prompt."""

import json
import sys
from typing import Any

__all__ = ["run_generate"]


def run_generate(given: dict[str, Any]) -> None:
    """Write the prompt and what follows it to stdout, token by token; with --json as one object."""
    from netwright.device import threads as use_threads
    from netwright.model.model import load

    model = load(given["model"], device=given["device"])
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
