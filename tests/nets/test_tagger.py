"""The tagger: shapes, padding, gradients, one batch learned by heart."""

import torch
from torch import nn
from torch.nn import functional as F

from netwright.nets.tagger import Tagger, features_of

SIZES = dict(vocab=9, letters=11, outputs=4, width=12, filters=8, hidden_size=10, buckets=1000)


def sentences(time: int = 6, letters: int = 7) -> tuple[torch.Tensor, ...]:
    """Two sentences of 4 and 2 tokens."""
    torch.manual_seed(0)
    words = torch.zeros(2, time, dtype=torch.int64)
    cases, spelled = words.clone(), torch.zeros(2, time, letters, dtype=torch.int64)
    for row, size in enumerate((4, 2)):
        words[row, :size] = torch.randint(1, 9, (size,))
        cases[row, :size] = torch.randint(1, 8, (size,))
        spelled[row, :size, :5] = torch.randint(1, 11, (size, 5))
    return words, cases, spelled


def test_a_tag_for_every_token() -> None:
    assert Tagger(**SIZES)(*sentences()).shape == (2, 6, 4)


def test_padding_changes_nothing() -> None:
    net = Tagger(**SIZES).eval()
    words, cases, spelled = sentences()
    answer = net(words, cases, spelled)
    longer = net(F.pad(words, (0, 5)), F.pad(cases, (0, 5)), F.pad(spelled, (0, 9, 0, 5)))
    torch.testing.assert_close(longer[0, :4], answer[0, :4])
    alone = net(words[1:, :2], cases[1:, :2], spelled[1:, :2, :5])
    torch.testing.assert_close(alone[0], answer[1, :2])


def test_a_sentence_without_tokens_is_answered() -> None:
    empty = torch.zeros(1, 1, dtype=torch.int64)
    net = Tagger(**SIZES).eval()
    assert bool(torch.isfinite(net(empty, empty, empty[..., None])).all())


def test_letters_tell_unknown_words_apart() -> None:
    net = Tagger(**SIZES).eval()
    words, cases, spelled = sentences()
    other = spelled.clone()
    other[0, 1, 0] = 1 + other[0, 1, 0] % 10
    assert not torch.equal(net(words, cases, spelled)[0, 0], net(words, cases, other)[0, 0])


def test_features_are_of_the_word_and_its_neighbours_alone() -> None:
    words, cases, spelled = sentences()
    found = features_of(words, cases, spelled, buckets=10_000)
    words[0, 3] = 8 if words[0, 3] != 8 else 7
    changed = (features_of(words, cases, spelled, buckets=10_000) != found).sum(2)
    assert changed[0].tolist() == [0, 1, 1, 1, 1, 1] and not changed[1].any()


def test_every_parameter_learns_and_one_batch_is_learned_by_heart() -> None:
    torch.manual_seed(1)
    net = Tagger(**SIZES, dropout=0.0, feature_dropout=0.0)
    batch = sentences()
    targets = torch.tensor([[0, 1, 2, 3, -100, -100], [3, 1, -100, -100, -100, -100]])
    optimizer = torch.optim.Adam(net.parameters(), 0.02)
    for step in range(80):
        loss = F.cross_entropy(net(*batch).flatten(0, 1), targets.flatten())
        optimizer.zero_grad()
        loss.backward()
        if step == 0:
            assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in net.parameters())
        optimizer.step()
    assert loss.item() < 0.02


def test_one_sentence_by_hand() -> None:
    net = Tagger(**SIZES).eval()
    nn.init.normal_(net.features.weight)
    words, cases, spelled = (part[:1, :4] for part in sentences())
    filters = [
        net.convolution(net.letters(word[:5])[None].transpose(1, 2))[0].amax(1)
        for word in spelled[0]  # of 5 letters each
    ]
    x = torch.cat([net.words.embedding(words[0]), net.cases(cases[0]), torch.stack(filters)], 1)
    scores = net.output(net.rnn(x[None])[0])[0]
    found = features_of(words, cases, spelled, buckets=1000)[0]
    scores = scores + torch.stack([net.features.weight[of].sum(0) for of in found])
    torch.testing.assert_close(net(words, cases, spelled)[0], scores)
