"""The encoder-decoder transformer: one embedding for both; the rest is in test_seq2seq."""

import pytest
import torch

from netwright.nets.transformer_seq2seq import TransformerSeq2Seq


def test_one_embedding_may_read_source_and_target() -> None:
    sizes = {"source_vocab": 9, "vocab": 9, "width": 8, "num_heads": 2, "depth": 1}
    apart, together = TransformerSeq2Seq(**sizes), TransformerSeq2Seq(**sizes, shared=True)

    def count(net):
        return sum(p.numel() for p in net.parameters())

    assert count(apart) - count(together) == 9 * 8
    tokens = torch.tensor([[2, 5, 3]])
    assert together(tokens, tokens).shape == (1, 3, 9)
    with pytest.raises(ValueError, match="shared asks for one embedding, but source_vocab is 9"):
        TransformerSeq2Seq(source_vocab=9, vocab=7, shared=True)


def test_learned_positions_have_an_end() -> None:
    net = TransformerSeq2Seq(
        source_vocab=9, vocab=9, width=8, num_heads=2, length=3, positions="learned"
    )
    with pytest.raises(ValueError, match="A row has 4 steps, but positions were learned for 3"):
        net(torch.ones(1, 4, dtype=torch.int64), torch.ones(1, 2, dtype=torch.int64))
