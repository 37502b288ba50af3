"""Rows that see each other in use are found."""

import pytest
from check_cases import case, mlp
from torch import Tensor, nn

from netwright.check.checks.row_independence import row_independence


class _OverTheBatch(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.body = mlp()

    def forward(self, x: Tensor) -> Tensor:
        found: Tensor = self.body(x)
        return found.log_softmax(0)


@pytest.mark.parametrize(
    "net", [mlp(), nn.Sequential(nn.Linear(6, 8), nn.BatchNorm1d(8), nn.Linear(8, 3))]
)
def test_rows_by_themselves_pass(net: nn.Module) -> None:
    assert row_independence(case(net=net)).status == "passed"


@pytest.mark.parametrize(
    "net",
    [
        _OverTheBatch(),
        nn.Sequential(
            nn.Linear(6, 8), nn.BatchNorm1d(8, track_running_stats=False), nn.Linear(8, 3)
        ),
    ],
)
def test_rows_that_see_each_other_fail(net: nn.Module) -> None:
    found = row_independence(case(net=net))
    assert (found.status, found.fault) == ("failed", "cross-sample-coupling")
