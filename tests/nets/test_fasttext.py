"""fastText: the mean by hand, padding adds nothing, order matters through word pairs alone."""

import torch

from netwright.nets.fasttext import FastText

SMALL = {"vocab": 20, "length": 9, "outputs": 3, "width": 16, "buckets": 50}


def test_shape_gradient_and_one_batch(check, rng) -> None:
    for options in ({}, {"ngrams": 1}, {"ngrams": 3, "hidden": 8, "activation": "gelu"}):
        net = check.build("fasttext", SMALL | options)
        tokens = torch.randint(0, 20, (9, 9), generator=rng)
        assert net(tokens).shape == (9, 3)
        check.gradient_reaches_every_parameter(net, (tokens,))
        check.overfits(net, (tokens,), torch.arange(9) % 3, lr=0.1)


def test_the_mean_by_hand() -> None:
    net = FastText(**SMALL)
    table = net.embedding.weight
    tokens = torch.tensor([[4, 7, 2, 0]])
    pairs = [20 + (4 * 116049371 + 7) % 50, 20 + (7 * 116049371 + 2) % 50]
    mean = table[[4, 7, 2, *pairs]].mean(0)
    torch.testing.assert_close(net(tokens)[0], net.layers(mean))


def test_padding_adds_nothing_and_an_empty_text_is_answered() -> None:
    net = FastText(**(SMALL | {"ngrams": 3}))
    tokens = torch.tensor([[4, 7, 2, 9]])
    padded = torch.tensor([[4, 7, 2, 9, 0, 0, 0]])
    torch.testing.assert_close(net(tokens), net(padded))
    assert net(torch.zeros(1, 5, dtype=torch.int64)).isfinite().all()


def test_order_matters_with_pairs_and_not_without() -> None:
    there, back = torch.tensor([[4, 7, 2]]), torch.tensor([[2, 7, 4]])
    pairs, words = FastText(**SMALL), FastText(**(SMALL | {"ngrams": 1}))
    assert not torch.allclose(pairs(there), pairs(back))
    torch.testing.assert_close(words(there), words(back))
