"""The text CNN: the largest answer by hand, padding ignored, the bag may be added."""

import torch

from netwright.nets.text_cnn import TextCNN

SMALL = {"vocab": 30, "length": 9, "outputs": 3, "width": 8, "channels": 6, "dropout": 0.0}


def test_shape_gradient_and_one_batch(check, rng) -> None:
    tokens = torch.randint(1, 30, (9, 9), generator=rng)
    tokens[:, 7:] = 0
    for options in ({}, {"bag_buckets": 64}, {"kernel_sizes": [2], "activation": "tanh"}):
        net = check.build("text-cnn", SMALL | options)
        assert net(tokens).shape == (9, 3)
        check.gradient_reaches_every_parameter(net, (tokens,))
        check.overfits(net, (tokens,), torch.arange(9) % 3, lr=2e-2)


def test_one_filter_by_hand() -> None:
    net = TextCNN(vocab=9, outputs=1, width=3, channels=1, kernel_sizes=[2], dropout=0.0)
    words = net.embedding(torch.tensor([5, 6, 7]))
    weight, bias = net.convs[0].weight[0], net.convs[0].bias
    windows = [words[0:2], words[1:3], torch.stack([words[2], torch.zeros(3)])]
    answers = torch.stack([(w.t() * weight).sum() + bias[0] for w in windows]).relu()
    expected = net.output(answers.max()[None])
    torch.testing.assert_close(net(torch.tensor([[5, 6, 7]]))[0], expected)


def test_padding_is_ignored_whatever_the_activation_and_empty_texts_are_answered() -> None:
    for activation in ("relu", "tanh", "gelu"):
        net = TextCNN(**(SMALL | {"activation": activation, "bag_buckets": 32})).eval()
        short = torch.tensor([[3, 4]])
        padded = torch.tensor([[3, 4, 0, 0, 0, 0, 0, 0]])
        torch.testing.assert_close(net(short), net(padded))
        assert net(torch.zeros(2, 4, dtype=torch.int64)).isfinite().all()


def test_a_phrase_counts_the_same_wherever_it_stands() -> None:
    net = TextCNN(**(SMALL | {"kernel_sizes": [2]})).eval()
    early = torch.tensor([[3, 4, 9, 9, 9, 9]])
    late = torch.tensor([[9, 9, 9, 3, 4, 9]])
    # Both hold the windows 9 9, 9 3 or end, 3 4, 4 9: only the start differs.
    early = torch.cat([torch.tensor([[9]]), early], 1)
    torch.testing.assert_close(net(early), net(late))
