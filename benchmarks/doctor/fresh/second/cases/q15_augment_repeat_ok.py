import os, json
import numpy as np
import torch
import torch.nn as nn
from torch.utils.data import Dataset, DataLoader
from sklearn.datasets import load_wine
from sklearn.model_selection import train_test_split

SEED = int(os.environ.get("SEED", 0))
torch.manual_seed(SEED)
rng = np.random.default_rng(SEED)


class AugmentedWine(Dataset):
    """every sample `copies` times, with a little noise on the copies"""

    def __init__(self, x, y, copies=4):
        parts = [x] + [x + rng.normal(0, 0.2, x.shape) for _ in range(copies - 1)]
        self.x = np.concatenate(parts).astype(np.float32)
        self.y = np.tile(y, copies)

    def __len__(self):
        return len(self.y)

    def __getitem__(self, i):
        return self.x[i], self.y[i]


x, y = load_wine(return_X_y=True)
x_train, x_test, y_train, y_test = train_test_split(x, y, test_size=0.3, random_state=SEED, stratify=y)
mu, sd = x_train.mean(0), x_train.std(0)
x_train, x_test = (x_train - mu) / sd, (x_test - mu) / sd
loader = DataLoader(AugmentedWine(x_train, y_train), batch_size=16, shuffle=True)
x_test, y_test = torch.tensor(x_test, dtype=torch.float32), torch.tensor(y_test)
model = nn.Sequential(nn.Linear(13, 32), nn.ReLU(), nn.Linear(32, 32), nn.ReLU(), nn.Linear(32, 3))
optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3)
for epoch in range(12):
    model.train()
    correct = 0
    for xb, yb in loader:
        optimizer.zero_grad()
        out = model(xb)
        loss = nn.functional.cross_entropy(out, yb)
        loss.backward()
        optimizer.step()
        correct += (out.argmax(1) == yb).sum().item()
    model.eval()
    with torch.no_grad():
        acc = (model(x_test).argmax(1) == y_test).float().mean().item()
    print(f"epoch {epoch} train acc {correct / len(loader.dataset):.3f} test acc {acc:.3f}")
print(json.dumps({"metric": acc, "higher_is_better": True, "name": "test_accuracy"}))
