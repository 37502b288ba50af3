"""Searches over tables of probabilities whose best answers are known by hand."""

from itertools import product
from typing import Any

import pytest
import torch
from torch import Tensor

from netwright.decoding.beam import beam_search
from netwright.decoding.greedy import greedy
from netwright.decoding.sample import cut, sample
from netwright.decoding.step import pick_rows

END = 1
# What follows each token; 0 is never written. From 2 the likeliest is 3, after which all is
# uncertain; 4 is a little less likely and leads to a sure end.
TABLE = torch.tensor(
    [
        [0.25, 0.25, 0.25, 0.25, 0.0],
        [0.0, 1.0, 0.0, 0.0, 0.0],
        [0.0, 0.05, 0.0, 0.5, 0.45],
        [0.0, 0.4, 0.3, 0.3, 0.0],
        [0.0, 0.9, 0.1, 0.0, 0.0],
    ]
)


def step(tokens: Tensor, state: Any) -> tuple[Tensor, Any]:
    """The state counts a row's steps, so that rows that are picked wrongly show."""
    before = torch.zeros(len(tokens), 1, dtype=torch.int64) if state is None else state[0]
    return TABLE[tokens].clamp_min(1e-9).log(), (before + tokens.shape[1],)


def test_greedy_takes_the_likeliest_and_ends_each_row_alone() -> None:
    first = torch.tensor([[2], [4], [1]])
    assert greedy(step, first, end=END, most=5).tolist() == [[3, 1], [1, 0], [1, 0]]


def test_greedy_stops_at_most_and_writes_nothing_forbidden() -> None:
    written = greedy(step, torch.tensor([[2]]), end=END, most=4, never=(0, 1))
    assert written.tolist() == [[3, 2, 3, 2]] and END not in written[0]


def all_rows(first: int, most: int, alpha: float) -> tuple[float, list[int]]:
    """The best row of all, by trying each."""
    best = (-float("inf"), [0])
    for length in range(1, most + 1):
        for row in product(range(2, 5), repeat=length - 1):
            score, last = 0.0, first
            for token in (*row, END):
                score += float(TABLE[last, token].clamp_min(1e-9).log())
                last = token
            best = max(best, (score / ((5 + length) / 6) ** alpha, [*row, END]))
    return best


@pytest.mark.parametrize("alpha", [0.0, 0.6])
def test_a_wide_beam_finds_the_best_of_all_rows(alpha: float) -> None:
    first = torch.tensor([[2], [3], [4]])
    rows, scores = beam_search(step, first, end=END, most=4, width=8, alpha=alpha, never=(0,))
    for row, score, start in zip(rows, scores, (2, 3, 4), strict=True):
        expected, tokens = all_rows(start, 4, alpha)
        assert row[row != 0].tolist() == tokens
        assert float(score) == pytest.approx(expected, abs=1e-5)


def test_a_beam_of_one_is_the_greedy_search() -> None:
    first = torch.tensor([[2], [4]])
    rows, _ = beam_search(step, first, end=END, most=5, width=1, alpha=0.0)
    assert rows.tolist() == greedy(step, first, end=END, most=5).tolist()


def test_a_beam_that_never_ends_gives_what_it_has() -> None:
    rows, scores = beam_search(step, torch.tensor([[2]]), end=END, most=3, width=2, never=(0, 1))
    assert rows.shape == (1, 3) and bool(torch.isfinite(scores).all())
    with pytest.raises(ValueError, match="at least 1"):
        beam_search(step, torch.tensor([[2]]), end=END, most=3, width=0)


def test_each_row_has_its_own_limit() -> None:
    first, limits = torch.tensor([[2], [2]]), torch.tensor([2, 4])
    assert greedy(step, first, end=END, most=limits, never=(0, 1)).tolist() == [
        [3, 2, 0, 0],
        [3, 2, 3, 2],
    ]
    rows, scores = beam_search(step, first, end=END, most=limits, width=3, never=(0, 1))
    alone, score = beam_search(step, first[:1], end=END, most=2, width=3, never=(0, 1))
    assert rows[0].tolist() == [*alone[0].tolist(), 0, 0] and float(scores[0]) == float(score[0])


def test_rows_of_nested_states_are_picked() -> None:
    state = (torch.arange(3), (None, torch.arange(6).view(3, 2)))
    picked = pick_rows(state, torch.tensor([2, 2, 0]))
    assert picked[0].tolist() == [2, 2, 0] and picked[1][1].tolist() == [[4, 5], [4, 5], [0, 1]]


def drawn(count: int = 400, **how: Any) -> list[int]:
    rng = torch.Generator().manual_seed(0)
    first = torch.full((count, 1), 2)
    return next(iter(sample(step, first, count=1, rng=rng, **how))).tolist()


def test_draws_follow_the_probabilities() -> None:
    share = drawn(2000).count(3) / 2000
    assert abs(share - 0.5) < 0.04


def test_temperature_sharpens_and_zero_is_greedy() -> None:
    assert set(drawn(temperature=0.0)) == {3}
    # 0.5 and 0.45, each to the tenth power, are as 74 to 26.
    assert abs(drawn(2000, temperature=0.1).count(3) / 2000 - 0.741) < 0.04


def test_top_k_and_top_p_leave_the_rest_out() -> None:
    assert set(drawn(top_k=2)) == {3, 4} and set(drawn(top_k=1)) == {3}
    assert set(drawn(top_p=0.6)) == {3, 4} and set(drawn(top_p=0.01)) == {3}
    logits = TABLE[2:3].clamp_min(1e-9).log()
    assert torch.isfinite(cut(logits, top_k=99, top_p=1.0)).sum() == 5


def test_a_seed_gives_the_same_tokens() -> None:
    rng = [torch.Generator().manual_seed(3) for _ in range(2)]
    first, second = (
        [int(t[0]) for t in sample(step, torch.tensor([[2]]), count=12, rng=g)] for g in rng
    )
    assert first == second and len(first) == 12
