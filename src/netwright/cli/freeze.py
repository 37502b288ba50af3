"""`--freeze` of `netwright finetune`: with a policy, or alone for "body"."""

import difflib
from collections.abc import Sequence
from typing import Any

from typer.core import TyperCommand

__all__ = ["POLICIES", "FreezeCommand", "with_policy"]

POLICIES = ("none", "body", "early", "at-first")  # of recipe.freeze, which is slow to import


class FreezeCommand(TyperCommand):
    """A command whose --freeze may stand alone."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Give --freeze its policy, and parse."""
        return super().parse_args(ctx, with_policy(args))


def with_policy(args: Sequence[str]) -> list[str]:
    """Return the arguments with "body" after a --freeze that no policy follows; a mistyped one is
    left for the plan to name."""
    found: list[str] = []
    for at, argument in enumerate(args):
        found.append(argument)
        following = args[at + 1] if at + 1 < len(args) else "-"
        if argument == "--freeze" and not difflib.get_close_matches(following, POLICIES):
            found.append("body")
    return found
