import os, json
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset
from sklearn.datasets import load_wine
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler

SEED = int(os.environ.get("SEED", 0))
torch.manual_seed(SEED)
X, y = load_wine(return_X_y=True)
Xa, Xb, ya, yb = train_test_split(X, y, test_size=0.3, random_state=SEED, stratify=y)
scaler = StandardScaler()
Xa = torch.tensor(scaler.fit_transform(Xa), dtype=torch.float32)
Xb = torch.tensor(scaler.transform(Xb), dtype=torch.float32)
ya, yb = torch.tensor(ya), torch.tensor(yb)
loader = DataLoader(TensorDataset(Xa, ya), batch_size=32, shuffle=True)

model = nn.Sequential(nn.Linear(13, 32), nn.ReLU(), nn.Linear(32, 16), nn.ReLU(), nn.Linear(16, 3))
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
criterion = nn.CrossEntropyLoss()
for epoch in range(40):
    epoch_loss = 0.0
    for inputs, labels in loader:
        optimizer.zero_grad()
        loss = criterion(model(inputs), labels)
        loss.backward()
        optimizer.step()
        epoch_loss += loss.item()
    if epoch % 5 == 0:
        with torch.no_grad():
            val = criterion(model(Xb), yb).item()
        print("Epoch: {} Loss: {:.5f} Val: {:.5f}".format(epoch, epoch_loss, val))
with torch.no_grad():
    acc = (model(Xb).argmax(1) == yb).float().mean().item()
print(json.dumps({"metric": acc, "higher_is_better": True, "name": "test_accuracy"}))
