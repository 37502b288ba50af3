import os, json
import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F
from sklearn.datasets import load_digits

SEED = int(os.environ.get("SEED", 0))
np.random.seed(SEED)
torch.manual_seed(SEED)
digits = load_digits()
perm = np.random.permutation(len(digits.data))
X, y = digits.data[perm], digits.target[perm]
n_train = 1200
mean, std = X[:n_train].mean(axis=0), X[:n_train].std(axis=0)
X = (X - mean) / std
X_train, y_train = torch.Tensor(X[:n_train]), torch.LongTensor(y[:n_train])
X_test, y_test = torch.Tensor(X[n_train:]), torch.LongTensor(y[n_train:])


class Net(nn.Module):
    def __init__(self):
        super(Net, self).__init__()
        self.fc1 = nn.Linear(64, 100)
        self.fc2 = nn.Linear(100, 10)

    def forward(self, x):
        x = F.relu(self.fc1(x))
        return F.log_softmax(self.fc2(x), dim=1)


net = Net()
optimizer = torch.optim.SGD(net.parameters(), lr=0.05, momentum=0.5)
batch_size = 40
for epoch in range(12):
    for i in range(0, n_train, batch_size):
        data, target = X_train[i:i + batch_size], y_train[i:i + batch_size]
        optimizer.zero_grad()
        output = net(data)
        loss = F.nll_loss(output, target)
        loss.backward()
        optimizer.step()
    print("Train Epoch: {} \tLoss: {:.6f}".format(epoch, loss.item()))
with torch.no_grad():
    correct = net(X_test).argmax(dim=1).eq(y_test).sum().item()
print("Accuracy: {}/{}".format(correct, len(y_test)))
print(json.dumps({"metric": correct / len(y_test), "higher_is_better": True, "name": "test_accuracy"}))
