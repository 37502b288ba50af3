from pathlib import Path

import pytest
from watched_scripts import LOOP, NUMBERS, alarms, judged


@pytest.mark.parametrize("loss", ["F.mse_loss({}, {})", "(({} - {}) ** 2).mean()"])
def test_columns_against_a_row_and_the_twin(tmp_path: Path, loss: str) -> None:
    loop = LOOP.replace("F.cross_entropy(net(x[rows]), y[rows])", loss)
    script = NUMBERS + loop.format("net(x[rows])", "y[rows, 0]")
    with pytest.warns() if "mse_loss" in loss else _nothing():
        first = judged(script, tmp_path)[0]
    assert (first.fault, first.evidence["pairs over predictions"]) == ("loss-broadcasting", 30.0)
    assert alarms(NUMBERS + loop.format("net(x[rows])", "y[rows]"), tmp_path) == []


def test_the_patch_names_the_users_variables(tmp_path: Path) -> None:
    loop = LOOP.replace("loss = F.cross_entropy(net(x[rows]), y[rows])", "a = net(x[rows])\n"
                        "        b = y[rows, 0]\n        loss = F.l1_loss(a, b)")  # fmt: skip
    with pytest.warns():
        patch = judged(NUMBERS + loop, tmp_path)[0].patch
    assert patch is not None and "+        loss = F.l1_loss(a, b.view_as(a))" in patch


class _nothing:
    def __enter__(self) -> None: ...
    def __exit__(self, *_: object) -> None: ...


OWN = """
class Huber(nn.Module):
    def forward(self, pred, target):
        e = (pred - target{}).abs()
        return torch.where(e < 1, 0.5 * e**2, e - 0.5).mean()
criterion = Huber()
"""


def test_a_loss_module_of_the_users_own(tmp_path: Path) -> None:
    loop = LOOP.replace(
        "F.cross_entropy(net(x[rows]), y[rows])", "criterion(net(x[rows]), z[rows])"
    )
    code = NUMBERS + OWN + "z = y[:, 0]\n" + loop
    assert alarms(code.format(""), tmp_path)[0] == "loss-broadcasting"
    assert alarms(code.format(".view_as(pred)"), tmp_path) == []
