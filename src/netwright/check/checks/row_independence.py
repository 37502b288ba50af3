"""Is each row answered by itself? A softmax or a norm over the wrong axis lets the rows of a batch
see each other, and the answer in use depends on who else is asked."""

import torch

from netwright.check.case import Case
from netwright.check.result import Check
from netwright.device import seeded

__all__ = ["row_independence"]

NAME = "row-independence"
ROWS = 8
TOLERANCE = 1e-3  # of the outputs' spread; other kernels for other batch sizes make about 1e-6


def row_independence(case: Case) -> Check:
    """Fail where a row's answer in eval() changes with the other rows of its batch."""
    step = case.step
    assert step is not None
    inputs = step.first(ROWS).inputs
    rows = len(inputs[0])
    if rows < 2:
        return Check(name=NAME, status="skipped", words="the batch has one row")
    net = step.copy().eval()
    with torch.no_grad(), seeded(case.seed):
        together = net(*inputs)
        if together.dim() == 0 or len(together) != rows:
            words = f"the net gives {tuple(together.shape)} for {rows} rows: not an answer a row"
            return Check(name=NAME, status="skipped", words=words)
        # With itself: batch norm over the batch refuses a single row.
        alone = torch.cat([net(*(x[[at, at]] for x in inputs))[:1] for at in range(rows)])
    spread = max(float(together.std()), 1e-12)
    gap = float((together - alone).abs().max()) / spread
    numbers = {"difference": gap}
    if gap > TOLERANCE:
        return Check(
            name=NAME,
            status="failed",
            fault="cross-sample-coupling",
            words=f"Asked alone, a row gets another answer than among {rows} (they differ by "
            f"{gap:.2g} of the outputs' spread): rows of a batch see each other",
            advice="Look for softmax, norm, mean or view over axis 0 (the batch), and for batch "
            "norm without running statistics.",
            numbers=numbers,
        )
    words = f"a row alone gets the answer that it gets among {rows}"
    return Check(name=NAME, status="passed", words=words, numbers=numbers)
