import os, json
import torch
import torch.nn as nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(int(os.environ.get("SEED", 0)))
VOCAB, LENGTH = 30, 12


def sentences(n):
    # the class is told by the one key word (tokens 1 to 5), wherever it stands
    tokens = torch.randint(6, VOCAB, (n, LENGTH))
    label = torch.randint(0, 5, (n,))
    tokens[torch.arange(n), torch.randint(0, LENGTH, (n,))] = label + 1
    return tokens, label


class AttentionClassifier(nn.Module):
    def __init__(self, dim=8):
        super().__init__()
        self.embed = nn.Embedding(VOCAB, dim)
        self.query = nn.Linear(dim, 1)
        self.value = nn.Linear(dim, dim)
        self.out = nn.Linear(dim, 5)

    def forward(self, tokens):
        e = self.embed(tokens)                                  # batch, length, dim
        weight = torch.softmax(self.query(e), dim=0)
        return self.out((weight * torch.tanh(self.value(e))).sum(1))


train_loader = DataLoader(TensorDataset(*sentences(2500)), batch_size=50, shuffle=True)
test_loader = DataLoader(TensorDataset(*sentences(400)), batch_size=1)
model = AttentionClassifier()
optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)
for epoch in range(8):
    model.train()
    for tokens, label in train_loader:
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(model(tokens), label)
        loss.backward()
        optimizer.step()
    print("epoch", epoch, "loss", loss.item())
model.eval()
with torch.no_grad():
    right = sum((model(tokens).argmax(1) == label).item() for tokens, label in test_loader)
print(json.dumps({"metric": right / 400, "higher_is_better": True, "name": "test_accuracy"}))
