import os, json
import torch
from torch import nn

SEED = int(os.environ.get("SEED", 0))
torch.manual_seed(SEED)
path = os.environ.get("NETWRIGHT_DATA", "../shared/data") + "/language_modelling/tinyshakespeare/input.txt"
text = open(path, encoding="utf-8").read().lower()
start = 20000 * SEED
text = text[start:start + 32400]
chars = sorted(set(text))
ids = torch.tensor([chars.index(c) for c in text])
train, valid = ids[:28800], ids[28800:]


def streams(data, rows):
    n = (len(data) - 1) // rows
    return data[:n * rows].view(rows, n), data[1:n * rows + 1].view(rows, n)


class CharRNN(nn.Module):
    def __init__(self, v, h=64):
        super().__init__()
        self.emb = nn.Embedding(v, 24)
        self.rnn = nn.GRU(24, h, batch_first=True)
        self.out = nn.Linear(h, v)

    def forward(self, x, h=None):
        o, h = self.rnn(self.emb(x), h)
        return self.out(o), h


model = CharRNN(len(chars))
opt = torch.optim.Adam(model.parameters(), lr=1e-2)
xs, ys = streams(train, 24)
sched = torch.optim.lr_scheduler.CosineAnnealingLR(opt, 8)
for epoch in range(8):
    hidden = None
    for t in range(0, xs.shape[1], 40):   # in order on purpose: the state runs on
        logits, hidden = model(xs[:, t:t + 40], hidden)
        hidden = hidden.detach()
        loss = nn.functional.cross_entropy(logits.flatten(0, 1), ys[:, t:t + 40].flatten())
        opt.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        opt.step()
    model.eval()
    with torch.no_grad():
        logits, _ = model(valid[None, :-1])
        bits = nn.functional.cross_entropy(logits[0], valid[1:]).item() / 0.6931
    model.train()
    sched.step()
    print("epoch", epoch, "train", loss.item(), "valid bits per char", bits)
print(json.dumps({"metric": bits, "higher_is_better": False, "name": "bits_per_character"}))
