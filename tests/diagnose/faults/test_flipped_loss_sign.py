from pathlib import Path

import pytest
from watched_scripts import CLASSES, LOOP, NUMBERS, alarms

SHORT = LOOP.replace("range(20)", "range(4)")
OWN = "F.cross_entropy(net(x[rows]), y[rows])"


@pytest.mark.parametrize("sick", [f"-{OWN}", f"0.0 - 2 * {OWN}"])
def test_a_minus_sign(sick: str, tmp_path: Path) -> None:
    assert alarms(CLASSES + SHORT.replace(OWN, sick), tmp_path)[0] == "flipped-loss-sign"


def test_an_optimizer_that_maximises(tmp_path: Path) -> None:
    up = CLASSES.replace("lr=0.01", "lr=0.01, maximize=True")
    assert alarms(up + SHORT, tmp_path)[0] == "flipped-loss-sign"
    twice = up + SHORT.replace(OWN, f"-{OWN}")
    assert "flipped-loss-sign" not in alarms(twice, tmp_path)


def test_losses_that_are_not_flipped(tmp_path: Path) -> None:
    psnr = "10 * torch.log10(F.mse_loss(net(x[rows]), y[rows]))"  # -PSNR, below 0
    assert "flipped-loss-sign" not in alarms(NUMBERS + SHORT.replace(OWN, psnr), tmp_path)
    policy = (
        "(F.cross_entropy(net(x[rows]), y[rows], reduction='none')"
        " * torch.randn(30, generator=torch.Generator().manual_seed(epoch))).mean()"
    )
    assert "flipped-loss-sign" not in alarms(CLASSES + SHORT.replace(OWN, policy), tmp_path)
