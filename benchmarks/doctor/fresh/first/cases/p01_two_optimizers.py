import os, json
import torch
import torch.nn as nn
from torch.utils.data import DataLoader, TensorDataset
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

seed = int(os.environ.get("SEED", 0))
torch.manual_seed(seed)
X, y = load_digits(return_X_y=True)
X = torch.tensor(X / 16.0, dtype=torch.float32)
y = torch.tensor(y)
X_tr, X_te, y_tr, y_te = train_test_split(X, y, test_size=0.25, random_state=seed, stratify=y)

encoder = nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 32), nn.ReLU())
classifier = nn.Linear(32, 10)
# the encoder gets its own, smaller step
opt_enc = torch.optim.SGD(encoder.parameters(), lr=0.05, momentum=0.9)
opt_cls = torch.optim.SGD(classifier.parameters(), lr=0.1, momentum=0.9)
loader = DataLoader(TensorDataset(X_tr, y_tr), batch_size=32, shuffle=True)
ce = nn.CrossEntropyLoss()
for epoch in range(12):
    running = 0.0
    for xb, yb in loader:
        opt_cls.zero_grad()
        loss = ce(classifier(encoder(xb)), yb)
        loss.backward()
        opt_enc.step()
        opt_cls.step()
        running += loss.item()
    print(f"epoch {epoch}: loss {running / len(loader):.4f}")
with torch.no_grad():
    acc = (classifier(encoder(X_te)).argmax(1) == y_te).float().mean().item()
print(json.dumps({"metric": acc, "higher_is_better": True, "name": "test_accuracy"}))
