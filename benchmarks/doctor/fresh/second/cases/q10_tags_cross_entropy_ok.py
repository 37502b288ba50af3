import os, json
import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader, Dataset
from sklearn.metrics import f1_score

SEED = int(os.environ.get("SEED", 0))
torch.manual_seed(SEED)
rng = np.random.default_rng(SEED)
X = rng.normal(size=(3000, 20))
hidden = np.maximum(X @ rng.normal(0, 0.3, (20, 8)), 0)
Y = hidden @ rng.normal(0, 1, (8, 6)) + 0.2 * rng.normal(size=(3000, 6))
Y = (Y > np.quantile(Y, 0.75, axis=0)).astype(int)          # a row may have no tag, or several


class TagData(Dataset):
    def __init__(self, X, Y):
        self.X, self.Y = X.astype("float32"), Y.astype("float32")

    def __len__(self):
        return len(self.X)

    def __getitem__(self, i):
        return self.X[i], self.Y[i]


class Trainer:
    def __init__(self, model, lr=2e-3):
        self.model = model
        self.optimizer = torch.optim.Adam(model.parameters(), lr=lr)
        self.loss_fn = nn.BCEWithLogitsLoss()

    def fit(self, loader, val_loader, epochs):
        for epoch in range(epochs):
            self.model.train()
            for x, y in loader:
                loss = self.loss_fn(self.model(x), y)
                self.optimizer.zero_grad()
                loss.backward()
                self.optimizer.step()
            print("epoch", epoch, "loss", round(loss.item(), 4), "micro f1", round(self.score(val_loader), 4))

    @torch.no_grad()
    def score(self, loader):
        self.model.eval()
        pred, true = [], []
        for x, y in loader:
            pred.append((torch.sigmoid(self.model(x)) > 0.5).int())
            true.append(y.int())
        return f1_score(torch.cat(true).numpy(), torch.cat(pred).numpy(), average="micro")


train = DataLoader(TagData(X[:2200], Y[:2200]), batch_size=64, shuffle=True)
test = DataLoader(TagData(X[2200:], Y[2200:]), batch_size=200)
trainer = Trainer(nn.Sequential(nn.Linear(20, 64), nn.ReLU(), nn.Linear(64, 6)))
trainer.fit(train, test, 10)
print(json.dumps({"metric": float(trainer.score(test)), "higher_is_better": True, "name": "micro_f1"}))
