"""NT-Xent by hand; views of a batch; a net learns to know a picture again, however changed."""

from dataclasses import replace

import pytest
import torch
import torch.nn.functional as F

from netwright.data.batch_views import PICTURE_VIEWS
from netwright.data.data import Data, Rows
from netwright.data.read import read
from netwright.errors import UsageError
from netwright.evaluate.view_metrics import GROUP, pixels_of_views, score_views, views_of
from netwright.model.model import Model
from netwright.nets.cnn import CNN
from netwright.objectives._objective import Epoch
from netwright.objectives.nt_xent import NTXent
from netwright.plan.design import design


@pytest.fixture(scope="module")
def data() -> Data:
    found = read("digits", task="contrastive")
    assert isinstance(found.train, Rows) and isinstance(found.test, Rows)
    some = torch.arange(256)
    return replace(found, train=found.train.select(some), test=found.test.select(some[:128]))


def epoch(number: int = 0, start: int = 0) -> Epoch:
    order, rng = (torch.Generator().manual_seed(100 * number + n) for n in (1, 2))
    return Epoch(64, order, rng, start=start)


def test_by_hand() -> None:
    first = torch.tensor([[2.0, 0.0], [0.0, 3.0]])
    second = torch.tensor([[1.0, 0.0], [0.0, -1.0]])
    # Cosines: a to a' 1, to b and b' 0; b to b' -1, to a and a' 0.
    scale = 1 / 0.5
    near = torch.tensor([1.0, 0.0, 0.0]) * scale
    far = torch.tensor([-1.0, 0.0, 0.0]) * scale
    expected = (F.cross_entropy(near, torch.tensor(0)) + F.cross_entropy(far, torch.tensor(0))) / 2
    found = NTXent(temperature=0.5).on_views(first, second)
    torch.testing.assert_close(found, expected)
    both = torch.stack([first, second], 1)
    torch.testing.assert_close(NTXent(temperature=0.5).compute(both, torch.zeros(2)), expected)


def test_batches_hold_two_views_and_resume(data: Data) -> None:
    objective = NTXent()
    batches = list(objective.batches(data, epoch()))
    assert len(batches) == 4
    first, second = batches[0].inputs
    assert first.shape == second.shape == (64, 1, 8, 8)
    assert not torch.equal(first, second)
    assert len(list(objective.batches(data, epoch(start=3)))) == 1


def test_labels_are_set_aside_and_the_plan_is_for_views(data: Data) -> None:
    assert data.task.form == "contrastive" and data.task.classes == ()
    plan = design(data)
    assert plan.objective["name"] == "nt-xent" and plan.net["outputs"] == 64
    assert plan.recipe.augment == () and plan.recipe.label_smoothing == 0


def test_a_net_learns_to_know_pictures_again(data: Data) -> None:
    torch.manual_seed(0)
    shapes = data.encoding.shapes()
    net = CNN(**shapes, outputs=32, channels=(16, 32), norm="batch", pool="mean", hidden=32)
    model = Model(net, {"name": "cnn"}, data.encoding, data.task)
    objective = NTXent(views=PICTURE_VIEWS[1])
    before = objective.compute(views_of(model, data.test), torch.zeros(128))
    optimizer = torch.optim.Adam(net.parameters(), lr=3e-3)
    for number in range(12):
        for batch in objective.batches(data, epoch(number)):
            optimizer.zero_grad()
            objective.step(net, batch)["net"].backward()
            optimizer.step()
    outputs = views_of(model, data.test)
    assert outputs.shape == (128, 2, 32)
    assert torch.equal(outputs, views_of(model, data.test))  # drawn once and for all
    assert objective.compute(outputs, torch.zeros(128)) < before - 0.3
    score = score_views(outputs, data.task, resamples=0)["accuracy"].value
    assert score > 3 / (2 * GROUP - 1)  # three times what guessing brings
    assert pixels_of_views(data.encoding, data.test).shape == (128, 2, 64)


def test_equal_views_are_all_found_and_unlike_ones_are_not(data: Data) -> None:
    vectors = torch.randn(100, 8, generator=torch.Generator().manual_seed(0))
    same = torch.stack([vectors, vectors], 1)
    assert score_views(same, data.task, resamples=0)["accuracy"].value == 1
    mixed = torch.stack([vectors, vectors.roll(1, 0)], 1)
    assert score_views(mixed, data.task, resamples=0)["accuracy"].value < 0.1


def test_what_is_refused() -> None:
    with pytest.raises(UsageError, match="temperature"):
        NTXent(temperature=0.0)
    with pytest.raises(UsageError, match="learned from pictures"):
        read("iris", task="contrastive")
