"""Diffs of one line of a user's file."""

from pathlib import Path

import pytest

from netwright.diagnose.patch import Edit, diff, without_call


def _after(tmp_path: Path, text: str, edit: Edit) -> str | None:
    """Return the line that the diff puts in."""
    file = tmp_path / "train.py"
    file.write_text(text)
    found = diff(str(file), 1, edit)
    assert file.read_text() == text  # nothing of theirs is written
    if found is None:
        return None
    (added,) = [line for line in found.splitlines() if line[0] == "+" and line[:3] != "+++"]
    return added[1:]


@pytest.mark.parametrize(
    ("line", "mended"),
    [
        ("net = nn.Sequential(nn.Linear(4, 3), nn.Softmax(dim=1))",
         "net = nn.Sequential(nn.Linear(4, 3))"),
        ("    return F.softmax(self.out(x), dim=1)", "    return self.out(x)"),
        ("    return torch.softmax(x, 1)", "    return x"),
        ("    x = self.softmax(self.fc(x))", "    x = self.fc(x)"),
        ("    return self.fc(x).softmax(dim=-1)", "    return self.fc(x)"),
        ("    return x.softmax(1)", "    return x"),
    ],
)  # fmt: skip
def test_the_only_softmax_is_taken_out(tmp_path: Path, line: str, mended: str) -> None:
    text = f"import torch  # softmax(x, 1) in words\n{line}\n"
    assert _after(tmp_path, text, without_call("softmax")) == mended


def test_of_two_nobody_knows_which(tmp_path: Path) -> None:
    text = "a = F.softmax(x, 1)\nb = F.softmax(y, 1)\n"
    assert _after(tmp_path, text, without_call("softmax")) is None
    assert _after(tmp_path, "a = F.relu(x)\n", without_call("softmax")) is None


def test_a_sigmoid_layer(tmp_path: Path) -> None:
    line = "net = nn.Sequential(nn.Linear(4, 1), nn.Sigmoid())\n"
    assert _after(tmp_path, line, without_call("sigmoid")) == (
        "net = nn.Sequential(nn.Linear(4, 1))"
    )
    assert _after(tmp_path, "y = torch.sigmoid(net(x))\n", without_call("sigmoid")) == "y = net(x)"
