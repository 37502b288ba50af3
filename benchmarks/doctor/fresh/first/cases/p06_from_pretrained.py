import os
import json
from collections import Counter
import torch
from torch import nn
from torch.nn.utils.rnn import pad_sequence
from torch.utils.data import DataLoader

SEED = int(os.environ.get("SEED", 0))
torch.manual_seed(SEED)
folder = os.path.join(os.environ.get("NETWRIGHT_DATA", "../shared/data"), "text_classification", "sst2")


def read(name, limit=None):
    out = []
    for line in open(os.path.join(folder, name), encoding="utf-8"):
        text, label = line.rstrip("\n").split("\t")
        out.append((text.split(), int(label)))
    return out[:limit]


train, dev = read("train.tsv"), read("dev.tsv")
count = Counter(w for words, _ in train for w in words)
vocab = {w: i for i, w in enumerate(["<pad>", "<unk>"] + [w for w, c in count.most_common(6000) if c > 1])}


def collate(batch):
    ids = [torch.tensor([vocab.get(w, 1) for w in words]) for words, _ in batch]
    return pad_sequence(ids, batch_first=True), torch.tensor([l for _, l in batch])


class Sentiment(nn.Module):
    def __init__(self, dim=10):
        super().__init__()
        vectors = torch.randn(len(vocab), dim) * 0.3
        vectors[0] = 0
        self.emb = nn.Embedding.from_pretrained(vectors, padding_idx=0)
        self.fc = nn.Sequential(nn.Linear(dim, 16), nn.ReLU(), nn.Linear(16, 2))

    def forward(self, ids):
        mask = (ids != 0).unsqueeze(2).float()
        mean = (self.emb(ids) * mask).sum(1) / mask.sum(1).clamp(min=1)
        return self.fc(mean)


model = Sentiment()
optimizer = torch.optim.Adam(filter(lambda p: p.requires_grad, model.parameters()), lr=5e-3)
criterion = nn.CrossEntropyLoss()
for epoch in range(3):
    model.train()
    total = 0.0
    for ids, labels in DataLoader(train, batch_size=64, shuffle=True, collate_fn=collate):
        optimizer.zero_grad()
        loss = criterion(model(ids), labels)
        loss.backward()
        optimizer.step()
        total += loss.item() * len(labels)
    model.eval()
    good = 0
    with torch.no_grad():
        for ids, labels in DataLoader(dev, batch_size=128, collate_fn=collate):
            good += (model(ids).argmax(1) == labels).sum().item()
    print(f"epoch {epoch} train loss {total / len(train):.3f} dev acc {good / len(dev):.3f}")
print(json.dumps({"metric": good / len(dev), "higher_is_better": True, "name": "dev_accuracy"}))
