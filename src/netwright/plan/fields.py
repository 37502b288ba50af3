"""Values that a plan's fields may have, and the YAML that they are written in."""

import re
from collections.abc import Mapping
from typing import Any, Literal, get_args, get_origin

import yaml

from netwright.errors import UsageError, did_you_mean

__all__ = ["PlanLoader", "check_value", "fields_of", "set_in_", "short"]


class PlanLoader(yaml.SafeLoader):
    """Safe YAML, but 1e-3 is a number, as people write it; YAML 1.1 takes it for text."""


PlanLoader.add_implicit_resolver(
    "tag:yaml.org,2002:float",
    re.compile(r"[-+]?(\d+\.?\d*|\.\d+)[eE][-+]?\d+$"),
    list("-+.0123456789"),
)


def fields_of(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return arguments by name; those within the mapping of a trunk with a dot: "trunk.width"."""
    found: dict[str, Any] = {}
    for name, value in values.items():
        inner = value if name == "trunk" and isinstance(value, Mapping) else None
        found |= {name: value} if inner is None else {f"trunk.{k}": v for k, v in inner.items()}
    return found


def set_in_(values: dict[str, Any], name: str, value: Any) -> None:
    """Set an argument, or with a dot ("trunk.width") one within a mapping that is an argument."""
    outer, _, inner = name.partition(".")
    within = values.get(outer)
    if inner and isinstance(within, Mapping):
        values[outer] = {**within, inner: value}
    else:
        values[name] = value


def short(value: Any) -> str:
    """Return a value as text of at most 40 characters."""
    text = str(list(value) if isinstance(value, tuple) else value)
    return text if len(text) <= 40 else f"{text[:36]} ..."


def _fits(value: Any, hint: Any) -> bool:
    origin = get_origin(hint)
    if origin is Literal:
        return any(value == option and type(value) is type(option) for option in get_args(hint))
    if origin is tuple:
        inner = get_args(hint)
        if not isinstance(value, tuple):
            return False
        if inner[-1] is Ellipsis:
            return all(_fits(v, inner[0]) for v in value)
        return len(value) == len(inner) and all(
            _fits(v, h) for v, h in zip(value, inner, strict=True)
        )
    if origin is not None:  # a union
        return any(_fits(value, option) for option in get_args(hint))
    if hint is float:
        return isinstance(value, int | float) and not isinstance(value, bool) and value == value
    if hint is int:
        return isinstance(value, int) and not isinstance(value, bool)
    if hint is str:
        return isinstance(value, str)
    return hint is type(None) and value is None


def _words(hint: Any) -> str:
    origin = get_origin(hint)
    if origin is Literal:
        return ", ".join(repr(o) for o in get_args(hint))
    if origin is tuple:
        return f"a list of {_words(get_args(hint)[0])}"
    if origin is not None:
        return " or ".join(_words(o) for o in get_args(hint))
    known = {float: "a number", int: "a whole number", str: "a text", type(None): "null"}
    return known.get(hint, str(hint))


def check_value(path: str, value: Any, hint: Any) -> None:
    """Refuse a value that is not of a type hint: a Literal, a tuple, a union, a number or a text.

    Raises UsageError, which names the path and says what is expected.
    """
    if _fits(value, hint):
        return
    options = [
        str(o)
        for h in (hint, *get_args(hint))
        for o in (get_args(h) if get_origin(h) is Literal else ())
    ]
    items = value if isinstance(value, tuple) else (value,)
    wrong = next((v for v in items if isinstance(v, str) and v not in options), None)
    hint_text = (
        did_you_mean(wrong, options)
        if wrong is not None and options
        else f" Expected {_words(hint)}."
    )
    raise UsageError(f"{path} is {short(repr(value))}.{hint_text}")
