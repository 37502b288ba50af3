"""The loss of maps by hand; pictures and masks move alike; batches that resume."""

from pathlib import Path

import pytest
import torch
import torch.nn.functional as F

from mask_folders import disc_folder
from netwright.data.augment import augment_maps
from netwright.data.read import read
from netwright.errors import UsageError
from netwright.objectives._objective import Epoch
from netwright.objectives.segmentation import Segmentation


def test_cross_entropy_and_dice_by_hand() -> None:
    logits = torch.randn(2, 3, 4, 5)
    ids = torch.randint(3, (2, 4, 5))
    ids[0, 0] = -100
    plain = Segmentation(dice=0).compute(logits, ids)
    torch.testing.assert_close(plain, F.cross_entropy(logits, ids))
    p = logits.softmax(1).movedim(1, -1)[ids != -100]
    t = F.one_hot(ids[ids != -100], 3)
    dice = (2 * (p * t).sum(0) / (p.sum(0) + t.sum(0))).mean()
    whole = Segmentation(dice=0.5).compute(logits, ids)
    torch.testing.assert_close(whole, plain + 0.5 * (1 - dice))


def test_a_batch_without_anything_asked_costs_nothing() -> None:
    logits = torch.randn(1, 2, 3, 3, requires_grad=True)
    loss = Segmentation().compute(logits, torch.full((1, 3, 3), -100))
    assert loss == 0
    loss.backward()


@pytest.mark.parametrize("name", ["flip", "shift", "turn", "rotate", "elastic"])
def test_picture_and_mask_move_alike(name: str) -> None:
    rng = torch.Generator().manual_seed(0)
    y, x = torch.meshgrid(torch.arange(32), torch.arange(32), indexing="ij")
    masks = ((y - 10) ** 2 + (x - 12) ** 2 < 60).to(torch.int16).expand(4, -1, -1)
    pictures = (masks * 200).to(torch.uint8)[:, None]
    moved, ids = augment_maps(pictures, masks, [name], rng, strength=2.0)
    assert ids.dtype == torch.int16 and set(ids.unique().tolist()) <= {0, 1}
    assert not torch.equal(ids, masks)
    assert ((moved[:, 0] > 100) == (ids == 1)).float().mean() > 0.97


def test_paint_leaves_the_mask() -> None:
    rng = torch.Generator().manual_seed(0)
    masks = torch.randint(-1, 3, (2, 8, 8)).to(torch.int16)
    pictures = torch.full((2, 1, 8, 8), 100, dtype=torch.uint8)
    painted, ids = augment_maps(pictures, masks, ["brightness", "noise"], rng)
    assert torch.equal(ids, masks) and not torch.equal(painted, pictures.float())


def test_batches_are_squares_and_resume(tmp_path: Path) -> None:
    data = read(disc_folder(tmp_path / "discs"))
    objective = Segmentation(crop=16, augment=("flip",))

    def batches(start: int) -> list[torch.Tensor]:
        order, rng = torch.Generator().manual_seed(1), torch.Generator().manual_seed(2)
        found = objective.batches(data, Epoch(batch_size=3, order=order, rng=rng, start=start))
        return [batch.targets for batch in found]

    assert [tuple(one.shape) for one in batches(0)] == [(3, 16, 16), (3, 16, 16), (2, 16, 16)]
    assert [len(one) for one in batches(1)] == [3, 2]


def test_negative_settings_are_refused() -> None:
    with pytest.raises(UsageError, match=r"objective\.crop"):
        Segmentation(crop=-1)
