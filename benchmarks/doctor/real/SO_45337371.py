import os, json
import torch

torch.manual_seed(int(os.environ.get("SEED", 0)))
x = torch.rand(1500, 5)
y = (x[:, :2].sum(1) > x[:, 3:].sum(1)).float().unsqueeze(1)


class Net(torch.nn.Module):
    def __init__(self):
        super(Net, self).__init__()
        self.dense1 = torch.nn.Linear(5, 60)
        self.dense2 = torch.nn.Linear(60, 50)
        self.dense3 = torch.nn.Linear(50, 1)

    def forward(self, x):
        x = torch.nn.functional.relu(self.dense1(x))
        x = torch.nn.functional.relu(self.dense2(x))
        return torch.nn.functional.softmax(self.dense3(x), dim=-1)


net = Net()
optimizer = torch.optim.Adam(net.parameters(), lr=0.001)
criterion = torch.nn.BCELoss()
for epoch in range(15):
    running_loss = 0.0
    for i in range(0, 1000, 20):
        optimizer.zero_grad()
        loss = criterion(net(x[i:i + 20]), y[i:i + 20])
        loss.backward()
        optimizer.step()
        running_loss += loss.item()
    print("epoch %d loss %.3f" % (epoch, running_loss / 50))
acc = ((net(x[1000:]) > 0.5) == (y[1000:] > 0.5)).float().mean().item()
print(json.dumps({"metric": acc, "higher_is_better": True, "name": "accuracy"}))
