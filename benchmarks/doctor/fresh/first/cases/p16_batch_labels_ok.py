import os, json
import numpy as np
import torch
from sklearn.datasets import load_breast_cancer

seed = int(os.environ.get("SEED", 0))
rng = np.random.RandomState(seed)
torch.manual_seed(seed)
X, y = load_breast_cancer(return_X_y=True)
order = rng.permutation(len(X))
X, y = X[order].astype("float32"), y[order].astype("float32")
n_train = 400
X = (X - X[:n_train].mean(0)) / X[:n_train].std(0)
X_train, y_train = torch.from_numpy(X[:n_train]), torch.from_numpy(y[:n_train])
X_test, y_test = torch.from_numpy(X[n_train:]), torch.from_numpy(y[n_train:])

model = torch.nn.Sequential(
    torch.nn.Linear(30, 32),
    torch.nn.ReLU(),
    torch.nn.Linear(32, 1),
)
optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
loss_fn = torch.nn.BCEWithLogitsLoss()
batch_size = 40
for epoch in range(30):
    permutation = torch.randperm(n_train)
    for i in range(0, n_train, batch_size):
        indices = permutation[i:i + batch_size]
        batch_x, batch_y = X_train[indices], y_train[indices]
        optimizer.zero_grad()
        loss = loss_fn(model(batch_x)[:, 0], batch_y)
        loss.backward()
        optimizer.step()
    if epoch % 5 == 0:
        print(epoch, loss.item())
with torch.no_grad():
    acc = ((model(X_test)[:, 0] > 0) == (y_test > 0.5)).float().mean().item()
print(json.dumps({"metric": acc, "higher_is_better": True, "name": "test_accuracy"}))
