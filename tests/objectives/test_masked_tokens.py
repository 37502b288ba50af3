"""Masked tokens: batches say what is asked; a net learns to fill in, and is judged alike."""

import pytest
import torch

from netwright.data.data import Batch, Data, Rows
from netwright.data.masked_texts import NOT_ASKED
from netwright.data.read import read
from netwright.data.text_encoding import TextEncoding
from netwright.errors import UsageError
from netwright.evaluate.masked_nats import frequency_nats, masked_nats
from netwright.model.filling import fill_in
from netwright.model.model import Model
from netwright.nets.bert import BERT
from netwright.objectives._objective import Epoch
from netwright.objectives.masked_tokens import MaskedTokens


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Data:
    """Every word is told by the one after it: "w5 w6 w7 ..."."""
    file = tmp_path_factory.mktemp("masked") / "corpus.txt"
    rng = torch.Generator().manual_seed(0)
    begin = torch.randint(0, 12, (300,), generator=rng).tolist()
    lines = [" ".join(f"w{'abcdefghijkl'[(b + i) % 12]}" for i in range(12)) for b in begin]
    file.write_text("\n".join(lines), encoding="utf-8")
    return read(file, task="masked-language-modelling")


def epoch(seed: int = 0, start: int = 0) -> Epoch:
    order, rng = (torch.Generator().manual_seed(seed + n) for n in (1, 2))
    return Epoch(32, order, rng, start=start)


def test_logits_are_of_the_tokens_asked_for_alone() -> None:
    net = BERT(vocab=9, width=16, depth=1, num_heads=2).eval()
    tokens = torch.randint(2, 9, (3, 5))
    asked = torch.rand(3, 5) < 0.5
    torch.testing.assert_close(net(tokens, asked), net(tokens)[asked])


def test_step_is_the_mean_of_what_is_asked(data: Data) -> None:
    batch = next(MaskedTokens().batches(data, epoch()))
    tokens, asked = batch.inputs
    assert torch.equal(asked, batch.targets != NOT_ASKED)
    net = BERT(vocab=data.task.outputs, width=16, depth=1, num_heads=2).eval()
    loss = MaskedTokens().step(net, batch)["net"]
    nats = -net(tokens).log_softmax(-1)
    by_hand = nats[asked].gather(1, batch.targets[asked][:, None]).mean()
    torch.testing.assert_close(loss, by_hand)
    none = Batch((tokens, torch.zeros_like(asked)), batch.targets)
    assert MaskedTokens().step(net, none)["net"] == 0


def test_a_net_learns_to_fill_in(data: Data) -> None:
    torch.manual_seed(0)
    net = BERT(vocab=data.task.outputs, width=32, depth=1, num_heads=2, dropout=0.0)
    optimizer = torch.optim.Adam(net.parameters(), lr=0.01)
    objective = MaskedTokens()
    for number in range(20):
        for batch in objective.batches(data, epoch(number)):
            optimizer.zero_grad()
            objective.step(net, batch)["net"].backward()
            optimizer.step()
    net.eval()
    spec = {"name": "bert", "vocab": data.task.outputs}
    model = Model(net, spec, data.encoding, data.task)
    test, train = data.test, data.train
    assert isinstance(test, Rows) and isinstance(train, Rows)
    asked = test.targets != NOT_ASKED
    nats = masked_nats(model, test)
    assert nats.shape == test.targets.shape and bool((nats[~asked] == 0).all())
    guess = frequency_nats(train, test, data.task.outputs)
    assert guess[asked].mean() == pytest.approx(2.5, abs=0.3)  # ln 12
    assert nats[asked].mean() < 0.5
    assert isinstance(data.encoding, TextEncoding)
    whole = " ".join(f"w{letter}" for letter in "abcdefghijkl")
    said = fill_in(net, data.encoding, [whole.replace("wc", "[MASK]"), "wc wd we", None])
    assert said["prediction"].tolist() == [whole, "wc wd we", ""]
    assert said["probability"][0] > 0.5 and said["probability"].isna().tolist()[1:] == [True, True]


def test_a_share_that_asks_nothing_is_refused() -> None:
    with pytest.raises(UsageError, match="share"):
        MaskedTokens(share=0.0)
