"""What a loss's graph contains."""

from collections import deque

from torch import Tensor

_MOST = 20_000  # nodes


def leaves_of(loss: Tensor) -> list[Tensor] | None:
    """Return the leaf tensors whose gradient `loss.backward()` would compute; None where the graph
    is too large to be walked."""
    if loss.grad_fn is None:
        return [loss] if loss.requires_grad else []
    found: dict[int, Tensor] = {}
    seen = {loss.grad_fn}
    waiting = deque(seen)
    while waiting:
        node = waiting.popleft()
        variable = getattr(node, "variable", None)
        if variable is not None:
            found[id(variable)] = variable
        for following, _ in node.next_functions:
            if following is not None and following not in seen:
                seen.add(following)
                waiting.append(following)
        if len(seen) > _MOST:
            return None
    return list(found.values())
