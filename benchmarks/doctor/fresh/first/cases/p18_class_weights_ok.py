import os
import json
import pandas as pd
import torch
from torch import nn
from torch.utils.data import TensorDataset, DataLoader
from sklearn.model_selection import train_test_split

SEED = int(os.environ.get("SEED", 0))
torch.manual_seed(SEED)
path = os.path.join(os.environ.get("NETWRIGHT_DATA", "../shared/data"), "tables", "mammography", "mammography.csv")
raw = pd.read_csv(path, header=None, quotechar="'")
x = torch.tensor(raw.iloc[:, :6].values, dtype=torch.float32)
y = torch.tensor((raw.iloc[:, 6].astype(int) == 1).astype(int).values)
i_tr, i_te = train_test_split(range(len(y)), test_size=0.4, random_state=SEED, stratify=y)
x_tr, y_tr, x_te, y_te = x[i_tr], y[i_tr], x[i_te], y[i_te]

counts = torch.bincount(y_tr).float()
class_weights = counts.sum() / (2 * counts)
print("class weights", class_weights)
criterion = nn.CrossEntropyLoss(weight=class_weights)


def balanced_accuracy(model):
    model.eval()
    with torch.no_grad():
        p = model(x_te).argmax(1)
    return sum((p[y_te == c] == c).float().mean().item() for c in (0, 1)) / 2


def fit(epochs=5):
    model = nn.Sequential(nn.Linear(6, 32), nn.ReLU(), nn.Linear(32, 2))
    optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
    loader = DataLoader(TensorDataset(x_tr, y_tr), batch_size=128, shuffle=True)
    for epoch in range(epochs):
        model.train()
        for xb, yb in loader:
            loss = criterion(model(xb), yb)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        print(f"epoch {epoch} loss {loss.item():.4f} balanced acc {balanced_accuracy(model):.3f}")
    return model


print(json.dumps({"metric": balanced_accuracy(fit()), "higher_is_better": True, "name": "balanced_accuracy"}))
