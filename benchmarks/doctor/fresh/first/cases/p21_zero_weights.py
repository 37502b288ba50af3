import os, json
import torch
from torch import nn
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

SEED = int(os.environ.get("SEED", 0))
torch.manual_seed(SEED)
X, y = load_digits(return_X_y=True)
X_train, X_val, y_train, y_val = train_test_split(X / 16, y, test_size=0.25, random_state=SEED)
X_train, X_val = torch.FloatTensor(X_train), torch.FloatTensor(X_val)
y_train, y_val = torch.LongTensor(y_train), torch.LongTensor(y_val)


def init_weights(m):
    if isinstance(m, nn.Linear):
        nn.init.constant_(m.weight, 0.0)
        nn.init.constant_(m.bias, 0.0)


model = nn.Sequential(nn.Linear(64, 80), nn.ReLU(), nn.Linear(80, 40), nn.ReLU(), nn.Linear(40, 10))
model.apply(init_weights)
optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9, nesterov=True)
scheduler = torch.optim.lr_scheduler.StepLR(optimizer, step_size=8, gamma=0.3)
for epoch in range(15):
    model.train()
    for idx in torch.randperm(len(X_train)).split(50):
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(model(X_train[idx]), y_train[idx])
        loss.backward()
        optimizer.step()
    scheduler.step()
    model.eval()
    with torch.no_grad():
        logits = model(X_val)
        val_loss = nn.functional.cross_entropy(logits, y_val).item()
        val_acc = (logits.argmax(1) == y_val).double().mean().item()
    print(f"{epoch:02d} | val loss {val_loss:.4f} | val acc {val_acc:.3f}")
print(json.dumps({"metric": val_acc, "higher_is_better": True, "name": "val_accuracy"}))
