"""Paired seeds: every seeding call of a script is shifted by the same number.

What is shifted: `random.seed`, `random.Random`; numpy's `seed`, `default_rng`, `RandomState`;
torch's `manual_seed`, `cuda.manual_seed(_all)` and a Generator's `manual_seed`. A script that seeds
nothing is seeded when it begins. Its arguments and its environment stay as they are.
"""

import random
import sys
from typing import Any

from netwright.doctor.torch_import import when_imported

__all__ = ["shift_seeds_", "shifted"]

LARGEST = 2**32 - 1  # that numpy takes


def shifted(seed: Any, shift: int) -> Any:
    """Return a seed shifted, where it is a whole number; anything else as it is."""
    if isinstance(seed, bool) or not hasattr(seed, "__index__"):
        return seed
    number = seed.__index__()
    moved = number + shift
    return moved if moved <= LARGEST or number > LARGEST else moved - LARGEST


def shift_seeds_(shift: int) -> None:
    """Shift all seeding from here on in this process, for good."""
    _shift_random_(shift)
    for name, act in (("numpy", _shift_numpy_), ("torch", _shift_torch_)):
        when_imported(name, lambda act=act: act(shift))  # type: ignore[misc]


def _shift_random_(shift: int) -> None:
    original = random.seed
    own = random.Random

    class Random(own):  # type: ignore[valid-type,misc]
        def __init__(self, x: Any = None) -> None:
            super().__init__(shift if x is None else shifted(x, shift))

    def seed(a: Any = None, version: int = 2) -> None:
        original(shift if a is None else shifted(a, shift), version)

    original(shift)
    setattr(random, "seed", seed)  # noqa: B010 - mypy takes no assignment to a method
    setattr(random, "Random", Random)  # noqa: B010 - nor to a class


def _shift_numpy_(shift: int) -> None:
    numpy = sys.modules["numpy"].random
    seed, generator, state = numpy.seed, numpy.default_rng, numpy.RandomState

    class Meta(type):
        def __instancecheck__(cls, thing: Any) -> bool:
            return isinstance(thing, state)  # numpy's own global one is of the original class

    class RandomState(state, metaclass=Meta):  # type: ignore[valid-type,misc]
        def __init__(self, seed: Any = None) -> None:
            super().__init__(shift if seed is None else shifted(seed, shift))

    def new_seed(given: Any = None) -> None:
        seed(shift if given is None else shifted(given, shift))

    def default_rng(seed: Any = None) -> Any:
        return generator(shift if seed is None else shifted(seed, shift))

    seed(shift)
    numpy.seed, numpy.default_rng, numpy.RandomState = new_seed, default_rng, RandomState


def _shift_torch_(shift: int) -> None:
    torch: Any = sys.modules["torch"]

    def shifting(original: Any) -> Any:
        return lambda seed: original(shifted(int(seed), shift))

    class Generator(torch.Generator):  # type: ignore[misc]
        def manual_seed(self, seed: int) -> Any:
            return super().manual_seed(shifted(seed, shift))

    plain = torch.manual_seed
    cuda = torch.cuda.manual_seed, torch.cuda.manual_seed_all
    plain(shift)
    torch.manual_seed = torch.random.manual_seed = shifting(plain)
    torch.cuda.manual_seed, torch.cuda.manual_seed_all = (shifting(one) for one in cuda)
    torch.Generator = Generator
