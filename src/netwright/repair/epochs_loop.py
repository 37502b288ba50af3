"""epochs_loop(file, line): the outermost loop over a `range` around a line, read from the source.

The line is where the optimizer steps. A loop that calls the function in which the line stands is
around it too: `for epoch in range(9): train(net)`.
"""

import ast
from pathlib import Path

__all__ = ["epochs_loop"]

DEEPEST = 5  # calls between the loop and the line


def epochs_loop(file: str, line: int) -> tuple[int, int] | None:
    """Return the first and last line of that loop's `range(...)`; None where there is none."""
    try:
        tree = ast.parse(Path(file).read_text(encoding="utf-8"))
    except (OSError, SyntaxError, UnicodeDecodeError):
        return None  # it is gone, or no script: nothing is offered
    found = _around(tree, line, DEEPEST)
    return (found.lineno, found.end_lineno or found.lineno) if found is not None else None


def _around(tree: ast.Module, line: int, depth: int) -> ast.Call | None:
    inside = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.For | ast.FunctionDef)
        and node.lineno <= line <= (node.end_lineno or node.lineno)
    ]
    functions = [node for node in inside if isinstance(node, ast.FunctionDef)]
    if functions and depth:
        name = max(functions, key=lambda node: node.lineno).name
        for call in _calls(tree, name):
            outer = _around(tree, call, depth - 1)
            if outer is not None:
                return outer
    loops = [node for node in inside if isinstance(node, ast.For)]
    ranges = [_range(loop.iter) for loop in sorted(loops, key=lambda loop: loop.lineno)]
    return next((found for found in ranges if found is not None), None)


def _calls(tree: ast.Module, name: str) -> list[int]:
    """Return the lines where a function or method of that name is called."""
    calls = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            called = getattr(node.func, "id", getattr(node.func, "attr", ""))
            if called == name:
                calls.append(node.lineno)
    return calls


def _range(iterated: ast.expr) -> ast.Call | None:
    """Return the call of range in what is iterated over, as in tqdm(range(9))."""
    for node in ast.walk(iterated):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "range":
            return node
    return None
