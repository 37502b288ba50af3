"""What models write token by token: translations of texts, and texts that go on from a prompt."""

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor, nn

from netwright.data.pair_encoding import LONGEST, PairEncoding
from netwright.data.pieces import END, START, UNKNOWN
from netwright.data.text_encoding import FIRST, PADDING, TextEncoding
from netwright.decoding.beam import beam_search
from netwright.decoding.greedy import greedy
from netwright.decoding.sample import sample
from netwright.decoding.step import Step
from netwright.errors import UsageError

__all__ = ["generate", "step_of", "translate"]

BATCH = 64
# A translation may be so much longer than its source (in pieces).
STRETCH, MORE = 2, 10


@torch.no_grad()
def translate(
    net: nn.Module, encoding: PairEncoding, source: Tensor, *, beam: int = 1
) -> list[str]:
    """Translate source ids (rows, time), 0 is padding; texts of like lengths go together, and an
    empty one stays empty.

    beam: beginnings kept at each step; 1 is the greedy search.
    """
    if beam < 1:
        raise UsageError(f"--beam is {beam}; expected at least 1, which is the greedy search.")
    device = next(net.parameters()).device
    net.eval()
    found: dict[int, str] = {}
    sizes = (source != PADDING).sum(1)
    order = sizes.argsort(descending=True, stable=True)
    some = order[sizes[order] > 1].tolist()  # an end alone says nothing
    for start in range(0, len(some), BATCH):
        rows = torch.tensor(some[start : start + BATCH])
        (ids,) = encoding.prepare((source[rows].to(device),))
        written = _written(net, ids, beam)
        for row, text in zip(rows.tolist(), written.tolist(), strict=True):
            found[row] = encoding.target.decode(text)
    return [found.get(row, "") for row in range(len(source))]


def _written(net: Any, ids: Tensor, beam: int) -> Tensor:
    first = torch.full((len(ids), 1), START, device=ids.device)
    most = (STRETCH * (ids != PADDING).sum(1) + MORE).clamp_max(LONGEST)

    def step(tokens: Tensor, state: Any) -> tuple[Tensor, Any]:
        memory, inner = state
        logits, inner = net.decode(memory, tokens, inner)
        return logits, (memory, inner)

    state = (net.encode(ids), None)
    never = (PADDING, UNKNOWN, START)
    if beam == 1:
        return greedy(step, first, state=state, end=END, most=most, never=never)
    return beam_search(step, first, state=state, end=END, most=most, width=beam, never=never)[0]


@torch.no_grad()
def generate(
    net: nn.Module,
    encoding: TextEncoding,
    prompt: str = "",
    *,
    tokens: int = 500,
    temperature: float = 1.0,
    top_k: int | None = None,
    top_p: float | None = None,
    seed: int = 0,
) -> Iterator[str]:
    """Yield what a language model writes after the prompt, token by token.

    temperature: 0 always takes the likeliest. top_k, top_p: what is drawn from (decoding/sample).
    Without a prompt the text begins with a line end. A letter that the model does not know is a
    UsageError.
    """
    _check(tokens, temperature, top_k, top_p)
    first = _first_ids(encoding, prompt)
    device = next(net.parameters()).device
    net.eval()
    drawn = sample(
        step_of(net, encoding.length),
        torch.tensor([first], device=device),
        count=tokens,
        rng=torch.Generator().manual_seed(seed),
        temperature=temperature,
        top_k=top_k,
        top_p=top_p,
        never=(PADDING, UNKNOWN),
    )
    space = "" if encoding.level == "character" else " "
    for ids in drawn:
        yield space + encoding.vocabulary[int(ids[0]) - FIRST]


def step_of(net: nn.Module, length: int) -> Step:
    """Return a language model's step, its state what it was given so far.

    A net that keeps a state of its own (`step`) is given each token once; beyond `length`, which is
    all that training showed it, it begins again with the later half.
    """
    stepping = getattr(net, "step", None)

    def step(tokens: Tensor, state: Any) -> tuple[Tensor, Any]:
        seen, inner = (tokens[:, :0], None) if state is None else state
        seen = torch.cat([seen, tokens], 1)
        if seen.shape[1] > length:
            seen, inner = seen[:, -max(length // 2, 1) :], None
        if stepping is None:
            return net(seen), (seen, ())
        new = seen if inner is None else tokens
        logits, inner = stepping(new, inner)
        return logits, (seen, inner)

    return step


def _first_ids(encoding: TextEncoding, prompt: str) -> list[int]:
    words = encoding.tokens_of(prompt)
    strange = sorted({word for word in words if word not in encoding.ids})
    if strange:
        raise UsageError(
            f"The prompt holds {', '.join(map(repr, strange[:5]))}, which the model's text does "
            "not. Leave it out, or train on a text that has it."
        )
    return [encoding.ids[word] for word in words] or [encoding.ids.get("\n", FIRST)]


def _check(tokens: int, temperature: float, top_k: int | None, top_p: float | None) -> None:
    if tokens < 0:
        raise UsageError(f"--tokens is {tokens}; expected 0 or more.")
    if temperature < 0:
        raise UsageError(f"--temperature is {temperature}; expected 0 or more. 1 is as it learned.")
    if top_k is not None and top_k < 1:
        raise UsageError(f"--top-k is {top_k}; expected at least 1.")
    if top_p is not None and not 0 < top_p <= 1:
        raise UsageError(f"--top-p is {top_p}; expected a share above 0, at most 1.")
