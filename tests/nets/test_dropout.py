"""Dropout: torch's, with other random bits."""

import pytest
import torch

from netwright.nets._layers import Dropout, dropout_bits, kept_of


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_it_keeps_the_right_share_and_the_mean(share: float) -> None:
    torch.manual_seed(0)
    x = torch.ones(400, 500)
    y = Dropout(share)(x)
    kept = (y > 0).double().mean().item()
    assert kept == pytest.approx(1 - share, abs=0.005)
    assert y.mean().item() == pytest.approx(1, abs=0.02)
    assert y.unique().numel() == 2
    rows, columns = (y > 0).double().mean(1), (y > 0).double().mean(0)
    # As independent draws would spread: no row, column or neighbour tells of another.
    spread = (share * (1 - share)) ** 0.5
    assert rows.std().item() == pytest.approx(spread / 500**0.5, rel=0.15)
    assert columns.std().item() == pytest.approx(spread / 400**0.5, rel=0.15)
    flat = (y > 0).double().flatten() - (1 - share)
    for lag in (1, 2, 3, 4, 5, 500):
        assert abs((flat[:-lag] * flat[lag:]).mean().item()) < 5 * spread**2 / 200_000**0.5


def test_it_passes_everything_on_in_evaluation_and_at_zero() -> None:
    x = torch.randn(7, 3)
    assert torch.equal(Dropout(0.5).eval()(x), x)
    assert torch.equal(Dropout(0.0)(x), x)
    assert not Dropout(1.0)(x).any()


def test_gradients_go_where_values_went() -> None:
    x = torch.ones(50, 3, requires_grad=True)
    y = Dropout(0.4)(x)
    y.sum().backward()
    assert x.grad is not None and torch.equal(x.grad, y.detach())


def test_one_long_draw_is_several_short_ones() -> None:
    long = dropout_bits(12, torch.Generator().manual_seed(3))
    stream = torch.Generator().manual_seed(3)
    short = torch.cat([dropout_bits(4, stream), dropout_bits(8, stream)])
    assert torch.equal(long, short)


def test_a_share_is_never_all_or_nothing() -> None:
    assert 1 <= kept_of(0.999999) < kept_of(0.5) == 32_768 < kept_of(1e-9) <= 65_535
