from pathlib import Path

from watched_scripts import CLASSES, LOOP, NUMBERS, alarms

FIT = LOOP.replace("F.cross_entropy(net(x[rows]), y[rows])", "F.mse_loss(net(x[rows]), y[rows])")
JUDGE = """
with torch.no_grad():
    print(F.{}(net(v), w).item())
"""
NOISY = NUMBERS.replace("x[:, 2:3]\n", "x[:, 2:3] + torch.randn(300, 1)\nv, w = NEW\n")
NEW = "torch.randn(200, 4), torch.randn(200, 1) * 2"


def test_copies_of_training_rows(tmp_path: Path) -> None:
    half = (
        "torch.cat([x[:100], torch.randn(100, 4)]), torch.cat([y[:100], torch.randn(100, 1) * 2])"
    )
    code = NOISY + FIT + JUDGE.format("mse_loss")
    assert "data-leakage" in alarms(code.replace("NEW", half), tmp_path)
    assert "data-leakage" not in alarms(code.replace("NEW", NEW), tmp_path)
    assert "data-leakage" not in alarms(code.replace("NEW", "x, y"), tmp_path)  # training rows


def test_a_column_that_is_the_target(tmp_path: Path) -> None:
    known = "x[:, 2:3]\nx[:, 3] = y[:, 0].argsort().argsort() / 300.0\n"
    assert "data-leakage" in alarms(NUMBERS.replace("x[:, 2:3]\n", known) + FIT, tmp_path)
    marked = CLASSES.replace("net =", "x[:, 4] = y / 3\nnet =").replace("* 2 +", "* 0.5 +")
    assert "data-leakage" in alarms(marked + LOOP, tmp_path)
    assert "data-leakage" not in alarms(CLASSES.replace("* 2 +", "* 20 +") + LOOP, tmp_path)


def test_an_input_that_the_target_is_made_of(tmp_path: Path) -> None:
    """Where no other column tells anything, one column is the task."""
    made = NUMBERS.replace("x[:, 2:3]\n", "2 * x[:, 2:3] + 1\n")
    assert "data-leakage" not in alarms(made + FIT, tmp_path)


def test_a_constant_column_gives_nothing_away(tmp_path: Path) -> None:
    constant = CLASSES.replace("net =", "x[:, 4] = 0.0\nnet =").replace("* 2 +", "* 0.5 +")
    assert "data-leakage" not in alarms(constant + LOOP, tmp_path)
