import json
import math
import os

import torch
import torch.nn as nn

torch.manual_seed(int(os.environ.get("SEED", 0)))
path = os.environ.get("NETWRIGHT_DATA", "../shared/data") + "/text_classification/surnames_18lang/Italian.txt"
with open(path, encoding="utf-8") as f:
    text = "\n".join(line.strip().lower() for line in f)
chars = sorted(set(text))
ids = torch.tensor([chars.index(c) for c in text])
cut = int(0.85 * len(ids))
train, val = ids[:cut], ids[cut:]


class CharGRU(nn.Module):
    def __init__(self, n, width=48):
        super().__init__()
        self.emb = nn.Embedding(n, width)
        self.gru = nn.GRU(width, width, batch_first=True)
        self.head = nn.Linear(width, n)
        self.head.weight = self.emb.weight  # tied

    def forward(self, x):
        return self.head(self.gru(self.emb(x))[0])


def batch(data, n=32, length=16):
    start = torch.randint(0, len(data) - length - 1, (n,))
    rows = torch.stack([data[s:s + length + 1] for s in start.tolist()])
    return rows[:, :-1], rows[:, 1:]


model = CharGRU(len(chars))
opt = torch.optim.AdamW(model.parameters(), lr=5e-3)
for step in range(200):
    x, y = batch(train)
    loss = nn.functional.cross_entropy(model(x).flatten(0, 1), y.flatten())
    opt.zero_grad()
    loss.backward()
    nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    opt.step()
    if step % 50 == 0:
        print(step, loss.item())
with torch.no_grad():
    x, y = batch(val, 200)
    nats = nn.functional.cross_entropy(model(x).flatten(0, 1), y.flatten()).item()
print(json.dumps({"metric": nats / math.log(2), "higher_is_better": False, "name": "bits_per_character"}))
