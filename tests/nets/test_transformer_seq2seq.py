"""The encoder-decoder transformer: one embedding for both; the rest is in test_seq2seq."""

import pytest
import torch
from torch import nn

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


def test_a_block_that_writes_is_torchs_decoder_layer(rng) -> None:
    net = TransformerSeq2Seq(
        source_vocab=9, vocab=7, width=12, num_heads=3, hidden_size=20, depth=1,
        positions="none", dropout=0.0,
    )  # fmt: skip
    for p in net.parameters():
        nn.init.normal_(p, std=0.3)
    mine = net.decoder[0]
    theirs = nn.TransformerDecoderLayer(
        12, 3, 20, dropout=0.0, activation="gelu", batch_first=True, norm_first=True
    )
    with torch.no_grad():
        theirs.self_attn.in_proj_weight.copy_(mine.block.attention.qkv.weight)
        theirs.self_attn.in_proj_bias.copy_(mine.block.attention.qkv.bias)
        cross = theirs.multihead_attn
        cross.in_proj_weight.copy_(
            torch.cat([mine.cross.query.weight, mine.cross.key_value.weight])
        )
        cross.in_proj_bias.copy_(torch.cat([mine.cross.query.bias, mine.cross.key_value.bias]))
    parts = {
        theirs.self_attn.out_proj: mine.block.attention.out, cross.out_proj: mine.cross.out,
        theirs.linear1: mine.block.expand, theirs.linear2: mine.block.contract,
        theirs.norm1: mine.block.norm1, theirs.norm2: mine.norm, theirs.norm3: mine.block.norm2,
    }  # fmt: skip
    for their, own in parts.items():
        their.load_state_dict(own.state_dict())
    source, given = torch.tensor([[5, 3, 0], [1, 2, 3]]), torch.tensor([[2, 5, 6, 1], [2, 3, 3, 4]])
    memory, real = net.encode(source)
    x = net.target.embedding(given) * 12**0.5
    later = torch.ones(4, 4).triu(1).bool()
    x = theirs(x, memory, tgt_mask=later, memory_key_padding_mask=~real)
    expected = net.norm(x) @ net.target.embedding.weight.t() + net.bias
    torch.testing.assert_close(net(source, given), expected)
