import os, json
import pandas as pd
import torch
import torch.nn as nn
from torch.utils.data import TensorDataset, DataLoader
from sklearn.model_selection import train_test_split

SEED = int(os.environ.get("SEED", 0))
torch.manual_seed(SEED)
path = os.path.join(os.environ.get("NETWRIGHT_DATA", "../shared/data"), "tables/ionosphere/ionosphere.csv")
df = pd.read_csv(path, header=None)
X = df.iloc[:, :34].values
y = (df.iloc[:, 34] == "g").astype(int).values
X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=0.33, random_state=SEED, stratify=y)
X_train, X_test = torch.tensor(X_train, dtype=torch.float32), torch.tensor(X_test, dtype=torch.float32)
y_train, y_test = torch.tensor(y_train, dtype=torch.float32), torch.tensor(y_test, dtype=torch.float32)


class Classifier(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer1 = nn.Linear(34, 60)
        self.layer2 = nn.Linear(60, 30)
        self.layer3 = nn.Linear(30, 1)

    def forward(self, x):
        x = torch.relu(self.layer1(x))
        x = torch.relu(self.layer2(x))
        return torch.sigmoid(self.layer3(x))


def accuracy(y_prob, y_true):
    return (y_prob.squeeze(1).round() == y_true).float().mean().item()


model = Classifier()
loss_fn = nn.BCELoss()
optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
for epoch in range(25):
    model.train()
    for xb, yb in DataLoader(TensorDataset(X_train, y_train), batch_size=16, shuffle=True):
        loss = loss_fn(model(xb), yb.view(-1, 1))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    model.eval()
    with torch.no_grad():
        prob = model(X_test)
        acc = accuracy(prob, y_test)
        val = loss_fn(prob, y_test.view(-1, 1)).item()
    print(f"epoch {epoch}: loss {loss.item():.4f} val loss {val:.4f} val acc {acc:.4f}")
print(json.dumps({"metric": acc, "higher_is_better": True, "name": "val_accuracy"}))
