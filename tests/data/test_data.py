"""Rows in batches: all of them once an epoch, of like length where lengths are known."""

import torch

from netwright.data.data import Rows


def rows(count: int, sizes: torch.Tensor | None) -> Rows:
    return Rows("train", (torch.arange(count)[:, None],), torch.arange(count), sizes=sizes)


def epoch(split: Rows, *, seed: int = 0, start: int = 0) -> list[list[int]]:
    rng = torch.Generator().manual_seed(seed)
    return [b.targets.tolist() for b in split.batches(8, rng=rng, start=start)]


def test_rows_of_like_length_go_together_and_each_comes_once() -> None:
    sizes = torch.randint(1, 100, (203,), generator=torch.Generator().manual_seed(1))
    found = epoch(rows(203, sizes))
    assert sorted(at for batch in found for at in batch) == list(range(203))
    assert [len(batch) for batch in found] == [8] * 25 + [3]

    def padded(batches: list[list[int]]) -> int:
        return sum(len(batch) * int(sizes[batch].max()) for batch in batches)

    assert padded(found) < 1.15 * int(sizes.sum()) < 0.75 * padded(epoch(rows(203, None)))
    longest = [int(sizes[batch].max()) for batch in found[:-1]]
    assert longest != sorted(longest)  # the batches themselves come in any order


def test_a_seed_gives_the_same_epoch_and_start_skips_batches_of_it() -> None:
    split = rows(50, torch.arange(50) % 7)
    assert epoch(split) == epoch(split) != epoch(split, seed=1)
    assert epoch(split, start=3) == epoch(split)[3:]


def test_sizes_stay_with_their_rows() -> None:
    some = rows(5, torch.tensor([5, 4, 3, 2, 1])).select(torch.tensor([4, 0]))
    assert some.sizes is not None and some.sizes.tolist() == [1, 5]
    assert some.to(torch.device("cpu")).sizes is some.sizes
