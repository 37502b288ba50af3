from pathlib import Path

from watched_scripts import CLASSES, LOOP, alarms, judged

ENCODER = CLASSES + "encoder = nn.Sequential(nn.Linear(6, 2), nn.Tanh(), nn.Linear(2, 6))\n"
ENCODED = LOOP.replace("net(x[rows])", "net(encoder(x[rows]))")
SHARED = "opt = torch.optim.Adam([*net.parameters(), *encoder.parameters()], lr=0.01)\n"


def test_another_nets_parameters_and_the_twin(tmp_path: Path) -> None:
    other = CLASSES.replace("Adam(net.p", "Adam(nn.Sequential(nn.Linear(6, 3)).p")
    first = judged(other + LOOP, tmp_path)[0]
    assert first.fault == "optimizer-missing-parameters" and first.severity == "error"
    assert first.evidence["share of all weights"] == 1.0
    assert alarms(CLASSES + LOOP, tmp_path) == []


def test_an_encoder_that_was_left_out(tmp_path: Path) -> None:
    hard = ENCODER.replace("encoder = ", "x = x * 0.02\nencoder = ")
    assert alarms(hard + ENCODED, tmp_path)[:1] == ["optimizer-missing-parameters"]
    assert alarms(hard + SHARED + ENCODED, tmp_path) == []


def test_an_encoder_that_was_loaded_may_rest(tmp_path: Path) -> None:
    loaded = ENCODER + "encoder.load_state_dict(encoder.state_dict())\n"
    assert "optimizer-missing-parameters" not in [
        f.fault for f in judged(loaded + ENCODED, tmp_path)
    ]
