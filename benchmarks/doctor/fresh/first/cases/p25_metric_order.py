import os, json
import numpy as np
import torch
import torch.nn as nn
from torch.utils.data import DataLoader, TensorDataset
from sklearn.datasets import load_digits
from sklearn.metrics import accuracy_score

seed = int(os.environ.get("SEED", 0))
np.random.seed(seed)
torch.manual_seed(seed)
X, y = load_digits(return_X_y=True)
idx = np.random.permutation(len(X))
X, y = (X[idx] / 16).astype(np.float32), y[idx]
X_train, y_train, X_val, y_val = X[:1300], y[:1300], X[1300:], y[1300:]


def get_loader(X, y, batch_size=64, shuffle=True):
    return DataLoader(TensorDataset(torch.from_numpy(X), torch.from_numpy(y)), batch_size=batch_size, shuffle=shuffle)


train_loader = get_loader(X_train, y_train)
val_loader = get_loader(X_val, y_val)
model = nn.Sequential(nn.Linear(64, 50), nn.LeakyReLU(), nn.Dropout(0.1), nn.Linear(50, 10))
optimizer = torch.optim.RMSprop(model.parameters(), lr=3e-3)
criterion = nn.CrossEntropyLoss()
for epoch in range(15):
    model.train()
    for xb, yb in train_loader:
        optimizer.zero_grad()
        loss = criterion(model(xb), yb)
        loss.backward()
        optimizer.step()
    model.eval()
    preds, val_loss = [], 0.0
    with torch.no_grad():
        for xb, yb in val_loader:
            logits = model(xb)
            val_loss += criterion(logits, yb).item()
            preds.append(logits.argmax(dim=1).numpy())
    acc = accuracy_score(y_val, np.concatenate(preds))
    print("epoch %2d  train loss %.3f  val loss %.3f  val acc %.3f" % (epoch, loss.item(), val_loss / len(val_loader), acc))
print(json.dumps({"metric": float(acc), "higher_is_better": True, "name": "val_accuracy"}))
