import os, json
import torch
import torch.nn as nn

torch.manual_seed(int(os.environ.get("SEED", 0)))
X = torch.tensor([[0., 0.], [0., 1.], [1., 0.], [1., 1.], [1., 0.], [0., 1.]])
y = torch.tensor([[0.], [1.], [1.], [0.], [1.], [1.]])

model = nn.Sequential(
    nn.Linear(2, 8), nn.Sigmoid(),
    nn.Linear(8, 8), nn.Sigmoid(),
    nn.Linear(8, 1), nn.Softmax(dim=1))
for m in model:
    if isinstance(m, nn.Linear):
        nn.init.uniform_(m.weight, -1, 1)
sgd = torch.optim.SGD(model.parameters(), lr=1.0, momentum=0.9, nesterov=True)
mse = nn.MSELoss()
for epoch in range(1200):
    sgd.zero_grad()
    loss = mse(model(X), y)
    loss.backward()
    sgd.step()
    if epoch % 100 == 0:
        print("epoch", epoch, "loss", loss.item())
acc = ((model(X) > 0.5).float() == y).float().mean().item()
print(json.dumps({"metric": acc, "higher_is_better": True, "name": "accuracy"}))
