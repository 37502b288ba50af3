import os
import json
import torch
import torch.nn as nn

torch.manual_seed(int(os.environ.get("SEED", 0)))
x = torch.randn(800, 1)
y = (x + 0.3 * torch.randn(800, 1) > 0.2).float()
model = nn.Sequential(nn.Linear(1, 4), nn.Sigmoid(), nn.Linear(4, 1), nn.Softmax(dim=1))
optimizer = torch.optim.RMSprop(model.parameters(), lr=0.01)
loss_fn = nn.L1Loss()
for epoch in range(60):
    for i in range(0, 600, 50):
        optimizer.zero_grad()
        loss = loss_fn(model(x[i:i + 50]), y[i:i + 50])
        loss.backward()
        optimizer.step()
    if epoch % 20 == 0:
        print(epoch, loss.item())
acc = (model(x[600:]).round() == y[600:]).float().mean().item()
print(json.dumps({"metric": acc, "higher_is_better": True, "name": "accuracy"}))
