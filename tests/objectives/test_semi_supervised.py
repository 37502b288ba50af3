"""Batches of rows with and without a class; what is asked of them, by hand; what it brings."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch
from torch import Tensor, nn

from netwright.data.batch_views import swap_cells
from netwright.data.data import Batch, Data, Rows
from netwright.data.read import read
from netwright.errors import UsageError
from netwright.nets.mlp import MLP
from netwright.objectives._objective import Epoch
from netwright.objectives.semi_supervised import SemiSupervised
from netwright.plan.design import design
from netwright.train.pack import fit_pack


@pytest.fixture(scope="module")
def data() -> Data:
    """Two classes, a ring and its middle; three rows of each are known to training."""
    rng = np.random.default_rng(0)
    kind, angle = np.arange(400) % 2, rng.uniform(0, 2 * np.pi, 400)
    radius = 2.0 * kind + rng.normal(0, 0.1, 400)
    frame = pd.DataFrame({"x": radius * np.cos(angle), "y": radius * np.sin(angle)})
    frame["part"] = ["train"] * 6 + ["validation"] * 94 + ["train"] * 240 + ["test"] * 60
    frame["target"] = np.where(kind == 1, "ring", "middle").astype(object)
    frame.loc[100:339, "target"] = None
    return read(frame, target="target", split="part", unlabelled=True)


def epoch(number: int = 0, start: int = 0, size: int = 8) -> Epoch:
    streams = (torch.Generator().manual_seed(n) for n in (1, 2))
    return Epoch(size, *streams, start=start, number=number)


def test_an_epoch_sees_every_unlabelled_row_once(data: Data) -> None:
    objective = SemiSupervised(ratio=3)
    batches = list(objective.batches(data, epoch()))
    assert len(batches) * 8 == objective.rows(data, 8) == 320
    seen = torch.cat([b.inputs[0][b.targets == -1] for b in batches])
    assert data.unlabelled is not None
    assert torch.equal(seen.sort(0).values, data.unlabelled.inputs[0].sort(0).values)
    assert all((b.targets >= 0).sum() == 2 for b in batches)
    late = list(objective.batches(data, replace(epoch(), start=30)))
    assert len(late) == 10  # the order is drawn whole
    assert torch.equal(late[0].inputs[0], batches[30].inputs[0])


def test_weights_rise_to_what_is_asked_for(data: Data) -> None:
    objective = SemiSupervised(weight=0.5, ramp=4)
    assert objective.weight_at(0) == pytest.approx(0.5 * 0.0067379, rel=1e-3)
    assert objective.weight_at(4) == objective.weight_at(9) == 0.5
    batch = next(objective.batches(data, epoch(number=9)))
    weights = batch.inputs[-1]
    assert weights[batch.targets >= 0].mean() == 4.0  # 8 rows, 2 labelled: their mean loss
    assert weights[batch.targets == -1].tolist() == pytest.approx([0.5 * 8 / 6] * 6)


class Table(nn.Module):
    """Answers with its input, times a parameter."""

    def __init__(self) -> None:
        super().__init__()
        self.factor = nn.Parameter(torch.ones(()))

    def forward(self, x: Tensor) -> Tensor:
        return x * self.factor


def test_by_hand() -> None:
    weak = torch.tensor([[2.0, 0.0], [5.0, 0.0], [0.3, 0.0]])  # one labelled, one sure, one not
    strong = torch.tensor([[2.0, 0.0], [0.0, 1.0], [0.0, 1.0]])
    weights, targets = torch.tensor([3.0, 1.5, 1.5]), torch.tensor([1, -1, -1])
    net = Table()
    loss = SemiSupervised(threshold=0.9).step(net, Batch((weak, strong, weights), targets))["net"]
    labelled = torch.log1p(torch.tensor(2.0).exp())
    asked = torch.log1p(torch.tensor(1.0).exp())  # of class 0, which the strong view denies
    assert loss.item() == pytest.approx((3 * labelled + 1.5 * asked).item() / 3, rel=1e-5)
    own = SemiSupervised(method="pseudo-labels", threshold=0.9)
    loss = own.step(net, Batch((weak, weights), targets))["net"]
    sure = torch.log1p(torch.tensor(-5.0).exp())
    assert loss.item() == pytest.approx((3 * labelled + 1.5 * sure).item() / 3, rel=1e-5)


@pytest.mark.parametrize("method", ["consistency", "pseudo-labels"])
def test_pieces_of_a_batch_give_the_whole_gradient(data: Data, method: str) -> None:
    torch.manual_seed(0)
    objective = SemiSupervised(method=method, threshold=0.5, swapped=0.2)
    inputs, targets = next(objective.batches(data, epoch(number=5)))
    net = MLP(numeric=2, cardinalities=(), outputs=2, widths=(8,), dropout=0.0)
    whole = objective.step(net, Batch(inputs, targets))["net"]
    pieces = [Batch(tuple(x[at] for x in inputs), targets[at]) for at in (slice(3), slice(3, 8))]
    parts = [objective.step(net, piece)["net"] * len(piece.targets) / 8 for piece in pieces]
    torch.testing.assert_close(sum(parts), whole)


def test_members_agree_on_what_a_row_is(data: Data) -> None:
    objective = SemiSupervised(threshold=0.0)
    net = nn.Sequential()
    net.members = 3  # type: ignore[assignment]
    weak, weights = torch.randn(4, 3, 2), torch.ones(4)
    targets = torch.tensor([0, 1, -1, -1])
    loss = objective.step(net, Batch((weak, weak, weights), targets))["net"]
    labelled = objective.compute(weak[:2], targets[:2], members=3)
    asked = objective.compute(weak[2:], weak[2:].softmax(2).mean(1).argmax(1), members=3)
    torch.testing.assert_close(loss, (labelled + asked) / 2)


def accuracy(data: Data, objective: SemiSupervised) -> float:
    torch.manual_seed(0)
    net = MLP(numeric=2, cardinalities=(), outputs=2, widths=(32, 32), dropout=0.0)
    optimizer = torch.optim.Adam(net.parameters(), lr=0.01)
    for number in range(8):
        for batch in objective.batches(data, epoch(number, size=32)):
            optimizer.zero_grad()
            objective.step(net, batch)["net"].backward()
            optimizer.step()
    assert isinstance(data.validation, Rows)
    right = net(*data.validation.inputs).argmax(1) == data.validation.targets
    return float(right.float().mean())


def test_rows_without_a_class_show_where_the_classes_lie(data: Data) -> None:
    alone = accuracy(data, SemiSupervised(weight=0.0))
    both = accuracy(data, SemiSupervised(strong=("noise",), strong_strength=6.0, threshold=0.8))
    assert both > alone + 0.03


def test_a_share_of_the_cells_is_another_rows() -> None:
    x = torch.arange(40_000.0).view(1000, 40)
    (found,) = swap_cells((x,), 0.25, torch.Generator().manual_seed(0))
    assert float((found != x).float().mean()) == pytest.approx(0.25, abs=0.01)
    assert torch.equal(found % 40, x % 40)  # of the same column


def test_what_cannot_be_is_refused(data: Data) -> None:
    with pytest.raises(UsageError, match="--unlabelled"):
        next(SemiSupervised().batches(replace(data, unlabelled=None), epoch()))
    with pytest.raises(UsageError, match="consistency"):
        SemiSupervised(method="consistancy")
    with pytest.raises(UsageError, match="mixup"):
        SemiSupervised(augment=("mixup",))
    with pytest.raises(UsageError, match="threshold"):
        SemiSupervised(threshold=1.5)
    with pytest.raises(UsageError, match="at least 2"):
        SemiSupervised().rows(data, 1)


def test_members_and_trials_learn_from_unlabelled_rows_too(data: Data) -> None:
    # A batch lays the changed rows and the weights behind what the net is called with.
    plan = design(data).with_({"recipe.epochs": 1})
    runs = fit_pack([plan, plan], data, seeds=[0, 1], num_threads=1, device="cpu")
    assert all(run is not None and run.history for run in runs)
