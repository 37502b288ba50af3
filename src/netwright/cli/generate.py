"""`netwright generate`: what a model that learned to draw makes anew, by the form of its task."""

from typing import Any

from netwright.errors import UsageError

__all__ = ["run_generate"]


def run_generate(given: dict[str, Any]) -> None:
    """Open the model and let it draw rows or pictures."""
    from netwright.cli.draw import run_draw
    from netwright.model.model import load

    model = load(given["model"], device=given["device"])
    if model.task.form != "generation":
        raise UsageError(
            f"The model in {given['model']!r} was trained for {model.task.name}, which draws "
            "nothing. Train one with --task generation."
        )
    names = ("count", "out", "of_class", "seed")
    run_draw(model, **{name: given[name] for name in names}, as_json=given["json"])
