"""What models write: searches step by step, and texts whose padding and company change nothing."""

import itertools

import pytest
import torch

from netwright.data.pair_encoding import PairEncoding
from netwright.data.pieces import fit_pieces
from netwright.data.task import Task
from netwright.data.text_encoding import TextEncoding
from netwright.errors import UsageError
from netwright.model.model import Model
from netwright.model.writing import step_of
from netwright.nets.gpt import GPT
from netwright.nets.seq2seq import Seq2Seq
from netwright.nets.transformer import Transformer
from netwright.nets.transformer_seq2seq import TransformerSeq2Seq

SOURCES = ["one two three", "two", "", "three two one one two three one"]


def translator(name: str) -> Model:
    torch.manual_seed(0)
    pieces = fit_pieces(["one two three four"] * 3, 40)
    encoding = PairEncoding(source=pieces, target=pieces, length=12)
    kind = {"seq2seq": Seq2Seq, "transformer-seq2seq": TransformerSeq2Seq}[name]
    net = kind(source_vocab=len(pieces), vocab=len(pieces), width=16).eval()
    task = Task(name="translation", form="translation", target="de", source="en")
    return Model(net, {"name": name}, encoding, task)


@pytest.mark.parametrize("name", ["seq2seq", "transformer-seq2seq"])
@pytest.mark.parametrize("beam", [1, 3])
def test_a_text_is_translated_alike_alone_and_among_longer_ones(name: str, beam: int) -> None:
    model = translator(name)
    together = model.predict(SOURCES, beam=beam)["prediction"].tolist()
    alone = [model.predict([text], beam=beam)["prediction"][0] for text in SOURCES]
    assert together == alone
    assert together[2] == ""  # of nothing there is nothing to say
    assert model.predict(["", ""], beam=beam)["prediction"].tolist() == ["", ""]


def test_a_beam_is_of_translators_and_at_least_one() -> None:
    with pytest.raises(UsageError, match="--beam is 0"):
        translator("seq2seq").predict(["one"], beam=0)
    with pytest.raises(UsageError, match="only a language model"):
        translator("seq2seq").generate("one")
    with pytest.raises(UsageError, match="--beam 3"):
        writer(GPT(vocab=6, width=16, depth=1)).predict(["ab"], beam=3)
    with pytest.raises(UsageError, match="goes on writing from a prompt"):
        writer(GPT(vocab=6, width=16, depth=1)).predict(["ab"])


def writer(net: torch.nn.Module) -> Model:
    encoding = TextEncoding(level="character", vocabulary=("\n", "a", "b", "c"), length=8)
    task = Task(name="language-modelling", form="language-modelling", target="", outputs=6)
    return Model(net.eval(), {"name": "gpt"}, encoding, task)


def test_a_gpt_is_a_causal_transformer_that_can_go_step_by_step() -> None:
    torch.manual_seed(0)
    gpt = GPT(vocab=6, width=16, depth=2).eval()
    plain = Transformer(vocab=6, width=16, depth=2, causal=True).eval()
    plain.load_state_dict(gpt.state_dict())
    tokens = torch.randint(1, 6, (2, 7))
    torch.testing.assert_close(gpt(tokens), plain(tokens))
    written = ["".join(writer(net).generate("ab", tokens=30, seed=3)) for net in (gpt, plain)]
    assert written[0] == written[1] and len(written[0]) == 30


def test_steps_give_what_the_whole_text_gives_and_the_window_moves() -> None:
    torch.manual_seed(0)
    net = GPT(vocab=6, width=16, depth=2).eval()
    tokens = torch.randint(1, 6, (1, 11))
    step, state = step_of(net, 8), None
    for at in range(11):
        logits, state = step(tokens[:, at : at + 1], state)
        if at < 8:
            whole = net(tokens[:, : at + 1])[:, -1]
        else:  # at the ninth token the last four are read anew
            whole = net(tokens[:, 5 : at + 1])[:, -1]
        torch.testing.assert_close(logits[:, -1], whole, rtol=1e-4, atol=1e-5)


def test_a_seed_writes_the_same_and_padding_is_never_written() -> None:
    torch.manual_seed(0)
    model = writer(GPT(vocab=6, width=16, depth=1))
    first = "".join(model.generate(tokens=40, seed=1))
    assert first == "".join(model.generate(tokens=40, seed=1))
    assert first != "".join(model.generate(tokens=40, seed=2))
    assert set(first) <= set("\nabc")
    greedy = ["".join(model.generate("a", tokens=9, temperature=0.0, seed=s)) for s in (1, 2)]
    assert greedy[0] == greedy[1]


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ({"prompt": "axb"}, "'x', which the model's text does not"),
        ({"temperature": -1.0}, "--temperature is -1"),
        ({"top_k": 0}, "--top-k is 0"),
        ({"top_p": 1.5}, "--top-p is 1.5"),
        ({"tokens": -1}, "--tokens is -1"),
    ],
)
def test_what_cannot_be_asked_is_said(how: dict[str, object], said: str) -> None:
    model = writer(GPT(vocab=6, width=16, depth=1))
    with pytest.raises(UsageError, match=said):
        list(itertools.islice(model.generate(**how), 1))  # type: ignore[arg-type]
