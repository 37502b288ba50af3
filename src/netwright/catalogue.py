"""What a folder defines, by file name: `nets/resnet.py` is the net "resnet".

The file is its own registration. Names with an underscore in the file are spelled with a hyphen by
users (`text_cnn.py` is "text-cnn"). The thing a file defines is the callable of its name in
`__all__`, else the first callable there.
"""

import ast
import functools
import importlib
import importlib.util
import inspect
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from netwright.errors import UsageError, did_you_mean


def names(package: str) -> list[str]:
    """List what `package` (such as "netwright.nets") defines, without importing any of it."""
    return list(_names(package))


@functools.cache
def _names(package: str) -> tuple[str, ...]:
    files = _folder(package).glob("*.py")
    return tuple(sorted(f.stem.replace("_", "-") for f in files if f.stem[0] != "_"))


def titles(package: str) -> dict[str, str]:
    """Map each name to the first line of its file's docstring, without importing any of it."""
    found = {}
    for name in names(package):
        source = (_folder(package) / f"{name.replace('-', '_')}.py").read_text(encoding="utf-8")
        docstring = ast.get_docstring(ast.parse(source)) or ""
        found[name] = docstring.partition("\n")[0]
    return found


def find(package: str, name: str, *, what: str) -> Any:
    """Import and return what `name` stands for in `package`; `what` names the kind of thing in the
    error."""
    known = _names(package)
    if name not in known:
        raise UsageError(f"There is no {what} named {name!r}.{did_you_mean(name, known)}")
    module = importlib.import_module(f"{package}.{name.replace('-', '_')}")
    offered = [getattr(module, attribute) for attribute in module.__all__]
    things = [thing for thing in offered if callable(thing)]
    spelled = name.replace("-", "")
    return next((t for t in things if t.__name__.lower().replace("_", "") == spelled), things[0])


def parameters(package: str, name: str, *, what: str) -> list[str]:
    """Return the names of the arguments that `name` is built with."""
    return list(_parameters(find(package, name, what=what)))


@functools.cache
def _parameters(thing: Any) -> tuple[str, ...]:
    return tuple(p for p in inspect.signature(thing).parameters if p != "self")


def required(package: str, name: str, *, what: str) -> list[str]:
    """Return the names of those arguments that have no default."""
    empty = inspect.Parameter.empty
    found = inspect.signature(find(package, name, what=what)).parameters.values()
    return [p.name for p in found if p.name != "self" and p.default is empty]


def build(package: str, name: str, arguments: Mapping[str, Any], *, what: str) -> Any:
    """Call what `name` stands for with `arguments`; an unknown argument is an error with "did you
    mean"."""
    thing = find(package, name, what=what)
    known = parameters(package, name, what=what)
    for given in arguments:
        if given not in known:
            raise UsageError(
                f"The {what} {name!r} has no argument {given!r}.{did_you_mean(given, known)}"
            )
    try:
        return thing(**arguments)
    except (TypeError, ValueError) as error:
        raise UsageError(f"The {what} {name!r} cannot be built: {error}") from error


def _folder(package: str) -> Path:
    spec = importlib.util.find_spec(package)
    assert spec is not None and spec.submodule_search_locations, package
    return Path(spec.submodule_search_locations[0])
