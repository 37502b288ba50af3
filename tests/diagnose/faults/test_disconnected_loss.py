from pathlib import Path

from watched_scripts import CLASSES, LOOP, alarms, judged


def test_a_loss_made_anew_and_the_twin(tmp_path: Path) -> None:
    cut = LOOP.replace("loss = ", "loss = torch.tensor(").replace(
        "y[rows])\n", "y[rows]).item(), requires_grad=True)\n"
    )
    first = judged(CLASSES + cut, tmp_path)[0]
    assert first.fault == "disconnected-loss" and first.severity == "error"
    assert alarms(CLASSES + LOOP, tmp_path) == []


def test_a_part_cut_off_on_the_way(tmp_path: Path) -> None:
    two = CLASSES + (
        "x = x * 0.01\nencoder = nn.Linear(6, 6)\n"
        "opt = torch.optim.Adam([*net.parameters(), *encoder.parameters()], lr=0.01)\n"
    )
    cut = LOOP.replace("net(x[rows])", "net(encoder(x[rows]).detach())")
    first = judged(two + cut, tmp_path)[0]
    assert (first.fault, first.layer) == ("disconnected-loss", "encoder")
    whole = LOOP.replace("net(x[rows])", "net(encoder(x[rows]))")
    assert "disconnected-loss" not in alarms(two + whole, tmp_path)
