import os
import json
import torch
from torch import nn
import torch.nn.functional as F

SEED = int(os.environ.get("SEED", 0))
torch.manual_seed(SEED)
VOCAB, T = 20, 15


def batch(n):
    """The answer is the token that follows the single marker (token 1); rows have different lengths."""
    length = torch.randint(5, T + 1, (n,))
    tok = torch.randint(2, VOCAB, (n, T))
    pos = (torch.rand(n) * (length - 1)).long()
    rows = torch.arange(n)
    tok[rows, pos] = 1
    tok[torch.arange(T) >= length[:, None]] = 0
    return tok, tok[rows, pos + 1]


class Pointer(nn.Module):
    def __init__(self, d=32):
        super().__init__()
        self.emb = nn.Embedding(VOCAB, d, padding_idx=0)
        self.conv = nn.Conv1d(d, d, 3, padding=1)
        self.score = nn.Linear(d, 1)
        self.out = nn.Linear(d, VOCAB)

    def forward(self, tok):
        e = self.emb(tok)
        h = torch.tanh(self.conv(e.transpose(1, 2)).transpose(1, 2))
        score = self.score(h).squeeze(-1).masked_fill(tok == 0, float("-inf"))
        att = torch.softmax(score * 2, dim=1)
        pooled = torch.bmm(att.unsqueeze(1), e + h).squeeze(1)
        return F.log_softmax(self.out(pooled), dim=-1)


model = Pointer()
criterion = nn.NLLLoss()
opt = torch.optim.Adam(model.parameters(), lr=1e-2)
for step in range(600):
    tok, ans = batch(64)
    loss = criterion(model(tok), ans)
    opt.zero_grad()
    loss.backward()
    opt.step()
    if step % 100 == 0:
        print("step", step, "loss", loss.item())
model.eval()
with torch.no_grad():
    tok, ans = batch(1000)
    acc = (model(tok).argmax(-1) == ans).float().mean().item()
print(json.dumps({"metric": acc, "higher_is_better": True, "name": "fresh_accuracy"}))
