"""word2vec: scores by hand, a softmax that is one, Huffman's tree, neighbours that are near."""

import pytest
import torch
from torch.nn import functional as F

from netwright.nets.word2vec import Word2Vec, huffman

COUNTS = [0, 5, 40, 9, 12, 13, 16]


def filled(rng, **arguments):
    """A net whose second table is not zero any more."""
    net = Word2Vec(vocab=7, width=4, **arguments)
    with torch.no_grad():
        net.context.weight.copy_(torch.randn(net.context.weight.shape, generator=rng))
        net.embedding.weight[1:] = torch.randn(6, 4, generator=rng)
    return net


def test_scores_by_hand(rng) -> None:
    net = filled(rng)
    table, other = net.vectors, net.context.weight
    scores = net(torch.tensor([3, 5]), torch.tensor([[1, 2], [6, 6]]))
    assert scores.shape == (2, 2)
    torch.testing.assert_close(scores[0, 1], table[3] @ other[2])
    several = net(torch.tensor([[3, 5, 0, 0]]), torch.tensor([4]))
    torch.testing.assert_close(several[0, 0], (table[3] + table[5]) / 2 @ other[4])
    assert not net(torch.tensor([[0, 0]]), torch.tensor([4])).any()
    run = net(torch.tensor([[[3], [5]], [[1], [0]]]), torch.tensor([[1, 2, 6], [4, 4, 4]]))
    assert run.shape == (2, 2, 3)
    torch.testing.assert_close(run[0, 1, 2], table[5] @ other[6])
    torch.testing.assert_close(run[1, :, 0], torch.stack([table[1] @ other[4], torch.tensor(0.0)]))


@pytest.mark.parametrize("given", [[3, 5], [[3, 4], [6, 0]]])
def test_the_words_probabilities_add_up_to_one(rng, given) -> None:
    net = filled(rng, counts=COUNTS)
    given = torch.tensor(given)
    logs = [F.logsigmoid(net(given, torch.full((2,), word))).sum(1) for word in range(7)]
    torch.testing.assert_close(torch.stack(logs).exp().sum(0), torch.ones(2))


def test_the_tree_is_the_shortest_there_is() -> None:
    paths, signs = huffman([5, 9, 12, 13, 16, 45])
    # The textbook's frequencies (Cormen et al.), whose cheapest code takes 224 bits of 100 letters.
    lengths = (signs != 0).sum(1)
    assert lengths.tolist() == [4, 4, 3, 3, 3, 1]
    assert (lengths * torch.tensor([5, 9, 12, 13, 16, 45])).sum() == 224
    assert set(paths[:, 0].tolist()) == {4}  # the root was made last of 5 inner nodes
    codes = {tuple(s[s != 0].tolist()) for s in signs}
    assert len(codes) == 6
    starts = {code[:n] for code in codes for n in range(len(code))}
    assert not codes & starts  # no word's code begins another's


def test_gradient_and_one_batch(check, rng) -> None:
    negative = filled(rng)
    words, asked = torch.arange(1, 7), torch.arange(7).repeat(6, 1)
    check.gradient_reaches_every_parameter(negative, (words, asked))
    net = check.build("word2vec", {"vocab": 7, "width": 8, "counts": COUNTS})
    neighbours = torch.tensor([2, 1, 4, 3, 6, 5])
    check.overfits(
        net,
        (words, neighbours),
        neighbours,
        lr=0.1,
        loss=lambda scores, _: -F.logsigmoid(scores).sum(1).mean(),
    )
    check.gradient_reaches_every_parameter(filled(rng, counts=COUNTS), (words, words))


def test_words_of_one_topic_come_near_each_other(rng) -> None:
    torch.manual_seed(0)
    net = Word2Vec(vocab=13, width=8, sparse=True)
    optimizer = torch.optim.SparseAdam(net.parameters(), lr=0.05)
    for _ in range(150):
        topic = torch.randint(2, (64,), generator=rng)
        word, near = (torch.randint(1, 7, (64,), generator=rng) + 6 * topic for _ in range(2))
        noise = torch.randint(1, 13, (64, 4), generator=rng)
        scores = net(word, torch.cat([near[:, None], noise], 1))
        loss = -F.logsigmoid(scores[:, 0]).mean() - F.logsigmoid(-scores[:, 1:]).sum(1).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert not net.vectors[0].any()
    cosines, ids = net.nearest(net.vectors[3], count=6)
    assert ids[0] == 3 and set(ids.tolist()) == set(range(1, 7))
    assert cosines[0].item() == pytest.approx(1)


def test_errors_say_what_to_do(rng) -> None:
    with pytest.raises(ValueError, match="3 counts for a vocabulary of 7"):
        Word2Vec(vocab=7, counts=[1, 2, 3])
    with pytest.raises(ValueError, match="leave counts out for negative sampling"):
        filled(rng, counts=COUNTS)(torch.tensor([1]), torch.tensor([[1, 2]]))
    with pytest.raises(ValueError, match="A tree needs at least 2 words"):
        huffman([3])
