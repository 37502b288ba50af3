"""Imports run down only, never sideways; lazy imports count."""

import ast
from pathlib import Path

SOURCE = Path(__file__).resolve().parents[1] / "src" / "netwright"

# Top to bottom: a room may import from itself and from the layers below its own.
LAYERS = [
    {"__main__"},
    {"cli", "estimators", "integrations"},
    {"repairing"},
    {"making", "tuning"},
    {"concluding"},
    {"report"},
    {"tune", "check"},
    {"repair"},
    {"train", "doctor"},
    {"diagnose"},
    {"evaluate"},
    {"plan"},
    {"model"},
    {"objectives"},
    {"nets", "data", "watch"},
    {"device", "catalogue", "run_folder", "quality", "decoding"},
    {"errors"},
]
LEVEL = {room: number for number, rooms in enumerate(LAYERS) for room in rooms}


def _room(path: Path) -> str:
    first = path.relative_to(SOURCE).parts[0]
    return first.removesuffix(".py")


def _imports(path: Path) -> list[tuple[int, str]]:
    """(line, room) of every import of ours in the file, wherever it stands."""
    found = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            modules = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            modules = [node.module]
            if node.module == "netwright":
                modules = [f"netwright.{alias.name}" for alias in node.names]
        else:
            assert not (isinstance(node, ast.ImportFrom) and node.level), f"{path}: relative import"
            continue
        found += [(node.lineno, m.split(".")[1]) for m in modules if m.startswith("netwright.")]
    return found


def test_imports_run_down_only() -> None:
    wrong = []
    for path in sorted(SOURCE.rglob("*.py")):
        room = _room(path)
        if room == "__init__":
            continue
        for line, other in _imports(path):
            if other == "__version__" or other == room:
                continue
            assert other in LEVEL, (
                f"{path.relative_to(SOURCE)}:{line} imports unknown room {other!r}"
            )
            if LEVEL[other] <= LEVEL[room]:
                wrong.append(f"{path.relative_to(SOURCE)}:{line} ({room}) imports {other}")
    assert not wrong, "\n".join(wrong)


def test_every_room_is_in_the_table() -> None:
    rooms = {_room(path) for path in SOURCE.rglob("*.py")} - {"__init__"}
    assert rooms == set(LEVEL)


def test_only_fit_steps_optimisers() -> None:
    """`train/` holds the only loop; objectives never call an optimiser."""
    for path in sorted(SOURCE.rglob("*.py")):
        if _room(path) in ("train", "watch"):
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                owner = ast.unparse(node.func.value)
                assert not (node.func.attr == "step" and "optim" in owner), f"{path}:{node.lineno}"


def test_nothing_is_unpickled() -> None:
    for path in sorted(SOURCE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import | ast.ImportFrom):
                names = [alias.name for alias in node.names] + [getattr(node, "module", "") or ""]
                assert not {"pickle", "dill", "joblib", "cloudpickle", "shelve"} & set(names), path
            if isinstance(node, ast.Call):
                assert ast.unparse(node.func) != "torch.load", f"{path}:{node.lineno}"
