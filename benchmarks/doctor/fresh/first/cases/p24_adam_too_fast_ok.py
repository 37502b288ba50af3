import os
import json
import re
import csv
from collections import Counter
import torch
import torch.nn as nn
from torch.nn.utils.rnn import pad_sequence

torch.manual_seed(int(os.environ.get("SEED", 0)))
path = os.environ.get("NETWRIGHT_DATA", "../shared/data") + "/text_classification/sms_spam/spam.csv"
with open(path, encoding="latin-1") as f:
    rows = [(re.findall(r"[a-z]+|\d|[!£$]", r[1].lower())[:30], int(r[0] == "spam")) for r in list(csv.reader(f))[1:]]
spam = [r for r in rows if r[1]]
ham = [r for r in rows if not r[1]][:len(spam)]
rows = [r for r in spam + ham if r[0]]
rows = [rows[i] for i in torch.randperm(len(rows)).tolist()]
train, test = rows[:1000], rows[1000:]
words = {w: i + 2 for i, (w, _) in enumerate(Counter(w for t, _ in train for w in t).most_common(1500))}


def batches(data, size, shuffle):
    order = torch.randperm(len(data)).tolist() if shuffle else range(len(data))
    for i in range(0, len(data), size):
        part = [data[j] for j in order[i:i + size]]
        ids = [torch.tensor([words.get(w, 1) for w in t]) for t, _ in part]
        yield pad_sequence(ids, batch_first=True), torch.tensor([len(t) for t in ids]), torch.tensor([l for _, l in part])


class GRUClassifier(nn.Module):
    def __init__(self):
        super().__init__()
        self.emb = nn.Embedding(1502, 24, padding_idx=0)
        self.gru = nn.GRU(24, 32, batch_first=True)
        self.out = nn.Linear(32, 2)

    def forward(self, ids, lengths):
        packed = nn.utils.rnn.pack_padded_sequence(self.emb(ids), lengths, batch_first=True, enforce_sorted=False)
        _, h = self.gru(packed)
        return self.out(h[-1])


model = GRUClassifier()
optimizer = torch.optim.Adam(model.parameters(), lr=0.005)
for epoch in range(5):
    for ids, lengths, y in batches(train, 32, True):
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(model(ids, lengths), y)
        loss.backward()
        optimizer.step()
    print("epoch", epoch, "loss", loss.item())
good = 0
with torch.no_grad():
    for ids, lengths, y in batches(test, 64, False):
        good += (model(ids, lengths).argmax(1) == y).sum().item()
print(json.dumps({"metric": good / len(test), "higher_is_better": True, "name": "test_accuracy"}))
