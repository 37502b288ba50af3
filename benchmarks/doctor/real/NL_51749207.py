import os
import json
import torch
import torch.nn as nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(int(os.environ.get("SEED", 0)))
t = torch.linspace(0, 1, 64)
y = torch.randint(0, 2, (600,)).float()
x = torch.sin(6.28 * (4 + 3 * y[:, None]) * (t + torch.rand(600, 1))) + 0.5 * torch.randn(600, 64)
x = x.unsqueeze(1)


class Signal(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv1d(1, 20, 5)
        self.pool = nn.MaxPool1d(4)
        self.drop = nn.Dropout(0.2)
        self.fc = nn.Linear(300, 50)
        self.out = nn.Linear(50, 1)

    def forward(self, x):
        x = self.drop(self.pool(torch.relu(self.conv(x)))).flatten(1)
        x = torch.relu(self.fc(x))
        return nn.functional.softmax(self.out(x), dim=1)


model = Signal()
optimizer = torch.optim.NAdam(model.parameters())
loader = DataLoader(TensorDataset(x[:400], y[:400]), batch_size=16, shuffle=True)
for epoch in range(8):
    model.train()
    for data, label in loader:
        optimizer.zero_grad()
        loss = nn.functional.binary_cross_entropy(model(data).squeeze(1), label)
        loss.backward()
        optimizer.step()
    print(epoch, loss.item())
model.eval()
with torch.no_grad():
    acc = ((model(x[400:]).squeeze(1) > 0.5).float() == y[400:]).float().mean().item()
print(json.dumps({"metric": acc, "higher_is_better": True, "name": "accuracy"}))
