"""Augmentation: batched, seeded, and each change does what it says, no more."""

import pytest
import torch
from torch import Tensor

from netwright.data.augment import CHANGES, augment, flip_and_shift
from netwright.data.mixing import cutmix, mixup
from netwright.errors import UsageError


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def pictures(batch: int = 16, channels: int = 3, height: int = 12, width: int = 10) -> Tensor:
    shape = (batch, channels, height, width)
    return torch.randint(0, 256, shape, generator=generator(7), dtype=torch.uint8)


EXAMPLES = {
    "image": pictures(),
    "video": pictures(channels=6).view(16, 3, 2, 12, 10),
    "text": torch.randint(2, 50, (16, 20), generator=generator(1)),
    "sentence": torch.randint(2, 50, (16, 20), generator=generator(1)),
    "series": torch.randn(16, 40, 3, generator=generator(2)),
    "table": torch.randn(16, 5, generator=generator(3)),
}
ALL = [(kind, name) for kind, table in CHANGES.items() for name in table]


@pytest.mark.parametrize(("kind", "name"), ALL)
def test_each_change_keeps_the_shape_is_seeded_and_changes_something(kind: str, name: str) -> None:
    x = EXAMPLES[kind]
    before = x.clone()
    (first,) = augment((x,), kind, [name], generator(5))  # type: ignore[arg-type]
    (again,) = augment((x,), kind, [name], generator(5))  # type: ignore[arg-type]
    (other,) = augment((x,), kind, [name], generator(6))  # type: ignore[arg-type]
    assert first.shape == x.shape
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
    assert torch.equal(x, before)
    assert torch.isfinite(first.float()).all()
    if kind in ("image", "video"):
        assert 0 <= first.min() and first.max() <= 255


@pytest.mark.parametrize(("kind", "name"), ALL)
def test_rows_get_amounts_of_their_own(kind: str, name: str) -> None:
    x = EXAMPLES[kind][:1].expand(16, *[-1] * (EXAMPLES[kind].dim() - 1)).contiguous()
    (out,) = augment((x,), kind, [name], generator(0))  # type: ignore[arg-type]
    assert len(torch.unique(out.flatten(1).float(), dim=0)) >= 2


@pytest.mark.parametrize(("kind", "name"), ALL)
def test_strength_zero_changes_nothing(kind: str, name: str) -> None:
    (out,) = augment((EXAMPLES[kind],), kind, [name], generator(), strength=0.0)  # type: ignore[arg-type]
    assert torch.equal(out, EXAMPLES[kind])


def test_flip_mirrors_about_half_of_the_rows() -> None:
    x = pictures(400)
    out = flip_and_shift(x, generator(), flip=True, shift=0)
    same = (out == x).flatten(1).all(1)
    mirrored = (out == x.flip(-1)).flatten(1).all(1)
    assert bool((same | mirrored).all())
    assert 150 < int(mirrored.sum()) < 250


def test_shift_moves_whole_pictures_and_reflects_at_the_border() -> None:
    ramp = torch.arange(10, dtype=torch.uint8).expand(
        64, 1, 10, 10
    )  # a pixel's value is its column
    out = flip_and_shift(ramp, generator(), flip=False, shift=3)
    offsets = out[:, 0, 5, 5].long() - 5
    assert set(offsets.tolist()) == set(range(-3, 4))
    row = out[offsets == -2][0, 0, 0].tolist()
    assert row == [2, 1, 0, 1, 2, 3, 4, 5, 6, 7]
    assert out.dtype == torch.uint8


def test_flip_and_shift_agree_with_a_loop_over_rows() -> None:
    x = pictures(32, 2, 7, 9)
    both = flip_and_shift(x, generator(3), flip=True, shift=2)
    rng = generator(3)
    mirrored = torch.rand(32, 1, generator=rng) < 0.5
    right = torch.randint(-2, 3, (32, 1), generator=rng)
    down = torch.randint(-2, 3, (32, 1), generator=rng)
    padded = torch.nn.functional.pad(x.float(), (2, 2, 2, 2), mode="reflect").to(torch.uint8)
    for at in range(32):
        columns = [8 - c if mirrored[at] else c for c in range(9)]
        columns = [c + 2 + int(right[at]) for c in columns]
        rows = [r + 2 + int(down[at]) for r in range(7)]
        assert torch.equal(both[at], padded[at][:, rows][:, :, columns])


def test_rotation_of_a_disc_keeps_it_a_disc() -> None:
    ys, xs = torch.meshgrid(torch.arange(31) - 15, torch.arange(31) - 15, indexing="ij")
    disc = ((ys**2 + xs**2) < 100).to(torch.uint8)[None, None].expand(8, 1, 31, 31) * 200
    (out,) = augment((disc,), "image", ["rotate"], generator())
    assert torch.allclose(out[:, 0, 15, 15], torch.full((8,), 200.0))
    assert out[:, 0, 0, 0].abs().max() < 1
    area = (out > 100).sum((1, 2, 3)) / (disc > 100).sum((1, 2, 3))
    assert bool(((area > 0.75) & (area < 1.3)).all())


def test_erased_boxes_hold_the_mean_and_are_at_most_a_quarter() -> None:
    x = pictures(64, 1, 16, 16)
    (out,) = augment((x,), "image", ["erase"], generator())
    changed = (out != x).flatten(1)
    assert bool((changed.float().mean(1) <= 0.3).all())
    assert changed.any()
    mean = x.float().mean((1, 2, 3)).to(torch.uint8)
    for row in range(64):
        assert set(out[row][out[row] != x[row]].tolist()) <= {int(mean[row])}


def test_token_dropout_spares_padding_and_hits_a_tenth() -> None:
    x = torch.randint(2, 99, (200, 50), generator=generator())
    x[:, 40:] = 0
    (out,) = augment((x,), "text", ["token-dropout"], generator(1))
    assert torch.equal(out[:, 40:], x[:, 40:])
    share = (out[:, :40] == 1).float().mean()
    assert 0.08 < share < 0.12
    assert torch.equal(out[out != 1], x[out != 1])


def test_warp_keeps_ends_order_and_range() -> None:
    ramp = torch.linspace(0, 1, 50).view(1, 50, 1).expand(32, 50, 2)
    (out,) = augment((ramp,), "series", ["warp"], generator())
    assert torch.allclose(out[:, 0], ramp[:, 0], atol=1e-6)
    assert torch.allclose(out[:, -1], ramp[:, -1], atol=1e-5)
    assert bool((out.diff(dim=1) >= -1e-6).all())


def test_other_inputs_pass_untouched() -> None:
    numbers, ids = torch.randn(4, 3), torch.ones(4, 2, dtype=torch.int64)
    _, same = augment((numbers, ids), "table", ["noise"], generator())
    assert same is ids


def test_a_wrong_name_is_told() -> None:
    with pytest.raises(UsageError, match=r"image data has no augmentation 'flp'.*'flip'"):
        augment((pictures(),), "image", ["flp"], generator())


def test_mixup_blends_rows_and_says_how_much() -> None:
    x = torch.randn(256, 4, generator=generator())
    targets = torch.arange(256)
    (mixed,), first, second, share = mixup((x,), targets, generator(1))
    weight = share[:, None]
    torch.testing.assert_close(mixed, weight * x[first] + (1 - weight) * x[second])
    assert torch.equal(first, targets)
    assert torch.equal(second.sort().values, targets)  # each row is some row's other one
    assert int((second == first).sum()) < 10
    # Beta(0.2, 0.2): mean 1/2, variance 1 / (4 (2 * 0.2 + 1)).
    assert abs(float(share.mean()) - 0.5) < 0.08
    assert abs(float(share.var()) - 0.25 / 1.4) < 0.03


def test_mixup_of_equal_shares_has_the_right_spread() -> None:
    _, _, _, share = mixup((torch.zeros(4000, 1),), torch.zeros(4000), generator(2), alpha=1.0)
    assert abs(float(share.var()) - 1 / 12) < 0.005


@pytest.mark.parametrize("shape", [(64, 3, 16, 12), (64, 30, 2)])
def test_cutmix_pastes_and_counts_what_is_visible(shape: tuple[int, ...]) -> None:
    x = torch.arange(64.0).view(-1, *[1] * (len(shape) - 1)).expand(shape).contiguous()
    targets = torch.arange(64)
    (mixed,), first, second, share = cutmix((x,), targets, generator())
    own = (mixed == first.view(-1, *[1] * (len(shape) - 1)).float()).flatten(1).float().mean(1)
    different = first != second
    assert torch.equal(second.sort().values, targets) and int(different.sum()) > 50
    torch.testing.assert_close(own[different], share[different])
    pasted = mixed.flatten(1).max(1).values
    assert bool((pasted <= torch.maximum(first, second)).all())


def test_cutmix_refuses_tokens() -> None:
    with pytest.raises(UsageError, match="cutmix needs images"):
        cutmix((torch.ones(4, 9),), torch.arange(4), generator())
