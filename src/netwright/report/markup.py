"""HTML that escapes by itself: a `str` among the children of `el` is text, only Markup is
markup."""

import html
from collections.abc import Iterable, Mapping

__all__ = ["Markup", "el", "join", "text"]

_VOID = frozenset({"img", "br", "hr", "meta", "link", "col", "input"})


class Markup(str):
    """Text that is HTML already."""

    __slots__ = ()


def text(value: str) -> Markup:
    """Escape a string; control characters that HTML forbids become the replacement character."""
    clean = "".join(c if c >= " " or c in "\n\t" else "�" for c in value)
    return Markup(html.escape(clean, quote=True))


def el(
    name: str, attributes: Mapping[str, str | int | float | None] | None = None, /, *children: str
) -> Markup:
    """Return an element. An attribute of None is left out, one of "" is written bare. Strings are
    escaped."""
    written = "".join(
        f" {key}" if value == "" else f' {key}="{text(str(value))}"'
        for key, value in (attributes or {}).items()
        if value is not None
    )
    if name in _VOID:
        return Markup(f"<{name}{written}>")
    return Markup(f"<{name}{written}>{join(children)}</{name}>")


def join(children: Iterable[str], between: str = "") -> Markup:
    """Put children after each other; plain strings are escaped."""
    return Markup(
        between.join(child if isinstance(child, Markup) else text(child) for child in children)
    )
