import os, json, random, unicodedata
import torch
import torch.nn as nn
from torch.utils.data import DataLoader

seed = int(os.environ.get("SEED", 0))
random.seed(seed)
torch.manual_seed(seed)
folder = os.environ.get("NETWRIGHT_DATA", "../shared/data") + "/text_classification/surnames_18lang"
langs = ["Arabic", "Chinese", "Greek", "Italian", "Japanese", "Polish"]
letters = "abcdefghijklmnopqrstuvwxyz '"


def plain(s):
    s = unicodedata.normalize("NFD", s.strip().lower())
    return "".join(c for c in s if c in letters)


train_data, test_data = [], []
for label, lang in enumerate(langs):
    names = sorted({plain(l) for l in open(f"{folder}/{lang}.txt", encoding="utf-8")} - {""})
    random.shuffle(names)
    names = names[:260]
    cut = int(0.8 * len(names))
    train_data += [(n, label) for n in names[:cut]]
    test_data += [(n, label) for n in names[cut:]]


def collate(batch):
    ids = nn.utils.rnn.pad_sequence([torch.tensor([letters.index(c) + 1 for c in n]) for n, _ in batch], batch_first=True)
    return ids, torch.tensor([l for _, l in batch])


class CharCNN(nn.Module):
    def __init__(self):
        super().__init__()
        self.emb = nn.Embedding(len(letters) + 1, 16, padding_idx=0)
        self.conv = nn.Conv1d(16, 64, 3, padding=2)
        self.fc = nn.Linear(64, len(langs))

    def forward(self, ids):
        h = torch.relu(self.conv(self.emb(ids).transpose(1, 2)))
        return self.fc(h.amax(2))


loader = DataLoader(train_data, batch_size=32, collate_fn=collate, shuffle=True)
net = CharCNN()
opt = torch.optim.Adam(net.parameters(), lr=5e-3)
for epoch in range(10):
    tot = 0
    for ids, lab in loader:
        opt.zero_grad()
        loss = nn.functional.cross_entropy(net(ids), lab)
        loss.backward()
        opt.step()
        tot += loss.item()
    print("epoch", epoch, "avg loss", tot / len(loader))
with torch.no_grad():
    ids, lab = collate(test_data)
    acc = (net(ids).argmax(1) == lab).float().mean().item()
print(json.dumps({"metric": acc, "higher_is_better": True, "name": "test_accuracy"}))
