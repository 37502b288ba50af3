"""CTC: its loss by hand, padding that changes nothing, and the batches that it draws."""

import math

import pytest
import torch

from netwright.data.data import Batch, Data, Rows, Source
from netwright.data.sound_encoding import AudioEncoding
from netwright.data.speech_encoding import SpeechEncoding
from netwright.data.task import Task
from netwright.nets.ctc import CTC as Net
from netwright.objectives._objective import Epoch
from netwright.objectives.ctc import CTC, row_nats

IGNORED = -100


@pytest.fixture
def rng() -> torch.Generator:
    return torch.Generator().manual_seed(0)


def net() -> Net:
    torch.manual_seed(0)
    return Net(outputs=4, sample_rate=4_000, num_mels=8, channels=8, hidden_size=8, dropout=0.0)


def test_the_loss_by_hand() -> None:
    # Two frames, symbols blank, a, b at 1/2, 1/4, 1/4. "a": aa, a-, -a = 1/16 + 1/8 + 1/8.
    outputs = torch.tensor([[[0.5, 0.25, 0.25]] * 2]).log()
    assert row_nats(outputs, torch.tensor([[1]])).item() == pytest.approx(-math.log(5 / 16))
    both = row_nats(outputs, torch.tensor([[1, 2]])).item()
    assert both == pytest.approx(-math.log(1 / 16))
    # Nothing said: both frames blank.
    silent = torch.tensor([[IGNORED]])
    assert row_nats(outputs, silent).item() == pytest.approx(-math.log(1 / 4))
    # "aa" needs a blank between: three frames.
    assert row_nats(outputs, torch.tensor([[1, 1]])).item() == 0
    found = CTC().compute(outputs.repeat(2, 1, 1), torch.tensor([[1, 2], [1, IGNORED]]))
    assert found.item() == pytest.approx((math.log(16) - math.log(5 / 16)) / 3)


def test_padding_changes_no_loss(rng: torch.Generator) -> None:
    model = net().eval()
    waves, lengths = torch.randn(2, 2_000, generator=rng), torch.tensor([2_000, 1_100])
    targets = torch.tensor([[2, 3, 2], [3, 2, IGNORED]])
    together = row_nats(model(waves, lengths), targets)
    for row, length in enumerate(lengths.tolist()):
        one = model(waves[row : row + 1, :length], lengths[row : row + 1])
        alone = row_nats(one, targets[row : row + 1])
        torch.testing.assert_close(together[row : row + 1], alone, rtol=1e-4, atol=1e-4)


def test_a_step_reaches_every_parameter(rng: torch.Generator) -> None:
    model = net()
    waves, lengths = torch.randn(2, 2_000, generator=rng), torch.tensor([2_000, 900])
    targets = torch.tensor([[2, 3], [3, IGNORED]])
    CTC().step(model, Batch((waves, lengths), targets))["net"].backward()
    for name, parameter in model.named_parameters():
        assert parameter.grad is not None and parameter.grad.isfinite().all(), name
        assert parameter.grad.abs().sum() > 0, name


def test_batches_are_changed_and_ready_for_the_net() -> None:
    encoding = SpeechEncoding(
        sounds=AudioEncoding(rate=4_000, length=800), symbols=("a", "b"), by_word=True
    )
    samples = torch.full((6, 800), 9_000, dtype=torch.int16)
    lengths = torch.tensor([200, 800, 300, 400, 500, 600])
    for row, length in zip(samples, lengths.tolist(), strict=True):
        row[length:] = 0
    rows = Rows("train", (samples, lengths), torch.tensor([[2]] * 6), None, None, lengths)
    data = Data(
        kind="audio",
        task=Task(name="speech-recognition", form="speech-recognition", target="text"),
        encoding=encoding,
        train=rows,
        validation=rows,
        test=rows,
        source=Source("toy"),
    )

    def waves(names: tuple[str, ...]) -> list[torch.Tensor]:
        drawn = [torch.Generator().manual_seed(seed) for seed in (0, 1)]
        epoch = Epoch(batch_size=2, order=drawn[0], rng=drawn[1])
        batches = list(CTC(augment=names).batches(data, epoch))
        assert all(batch.inputs[0].shape[1] == batch.inputs[1].max() for batch in batches)
        assert all(batch.inputs[0].dtype == torch.float32 for batch in batches)
        return [batch.inputs[0] for batch in batches]

    plain, noisy = waves(()), waves(("noise",))
    assert [x.shape for x in plain] == [x.shape for x in noisy]
    assert not any(torch.equal(x, y) for x, y in zip(plain, noisy, strict=True))
    # Rows of like length are in a batch.
    assert sorted(x.shape[1] for x in plain) == [300, 500, 800]
