"""The six training steps and two products in PyTorch, timed on request: one line {"workload", "steps"} in, one line out.

Run by benchmarks/engine/main.ts, which takes turns between this process and the engines.
"""

import json
import os
import sys
import time

THREADS = int(os.environ.get("BENCHMARK_THREADS", "1"))
# Debian's torch calls whatever BLAS is installed, which counts its threads by itself.
os.environ["OPENBLAS_NUM_THREADS"] = str(THREADS)
os.environ["OMP_NUM_THREADS"] = str(THREADS)

import torch  # noqa: E402
from torch import nn  # noqa: E402
from torch.nn import functional as F  # noqa: E402

torch.set_num_threads(THREADS)
torch.manual_seed(1)


def mlp(widths):
    layers = []
    for inputs, outputs in zip(widths, widths[1:]):
        layers += [nn.Linear(inputs, outputs), nn.ReLU()]
    return nn.Sequential(*layers[:-1])


def classifier(model, inputs, shape):
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
    x = torch.rand(*shape)
    y = torch.randint(0, 10, (shape[0],))

    def step():
        optimizer.zero_grad(set_to_none=True)
        F.cross_entropy(model(x), y).backward()
        optimizer.step()

    return step


def mlp_step(batch):
    return classifier(mlp([784, 200, 200, 10]), 784, (batch, 784))


def cnn_step():
    layers = []
    for inputs, outputs in [(3, 64), (64, 128), (128, 256)]:
        layers += [nn.Conv2d(inputs, outputs, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)]
    return classifier(nn.Sequential(*layers, nn.Flatten(), nn.Linear(4096, 10)), 3, (32, 3, 32, 32))


def autoencoder_step():
    model = mlp([1682, 256, 128, 256, 1682])
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    x = torch.rand(32, 1682)
    mask = (torch.rand(32, 1682) < 0.1).float()

    def step():
        optimizer.zero_grad(set_to_none=True)
        (((model(x) - x) ** 2 * mask).sum() / mask.sum()).backward()
        optimizer.step()

    return step


class Lora(nn.Module):
    def __init__(self, layer, rank):
        super().__init__()
        self.layer = layer
        self.down = nn.Parameter(torch.empty(layer.in_features, rank).uniform_(-0.08, 0.08))
        self.up = nn.Parameter(torch.zeros(rank, layer.out_features))

    def forward(self, x):
        return self.layer(x) + (x @ self.down) @ self.up * 2


class Block(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.heads = heads
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.query, self.key, self.value, self.output = (nn.Linear(width, width) for _ in range(4))
        self.up, self.down = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)

    def forward(self, x, later):
        batch, time_, width = x.shape
        normal = self.norm1(x)
        apart = lambda t: t.view(batch, time_, self.heads, width // self.heads).transpose(1, 2)  # noqa: E731
        q, k, v = apart(self.query(normal)), apart(self.key(normal)), apart(self.value(normal))
        scores = (q @ k.transpose(-2, -1)) * (width // self.heads) ** -0.5
        mixed = scores.masked_fill(later, -1e9).softmax(-1) @ v
        x = x + self.output(mixed.transpose(1, 2).reshape(batch, time_, width))
        return x + self.down(F.gelu(self.up(self.norm2(x))))


class Gpt(nn.Module):
    def __init__(self, layers, width, heads, context, vocabulary):
        super().__init__()
        self.tokens, self.positions = nn.Embedding(vocabulary, width), nn.Parameter(0.02 * torch.randn(context, width))
        self.blocks = nn.ModuleList(Block(width, heads) for _ in range(layers))
        self.norm, self.head = nn.LayerNorm(width), nn.Linear(width, vocabulary)
        self.register_buffer("later", torch.triu(torch.ones(context, context, dtype=torch.bool), 1))

    def forward(self, tokens):
        x = self.tokens(tokens) + self.positions
        for block in self.blocks:
            x = block(x, self.later)
        return self.head(self.norm(x))


def gpt_step(lora):
    model = Gpt(4, 128, 4, 128, 512)
    if lora:
        model.requires_grad_(False)
        for block in model.blocks:
            block.query, block.value = Lora(block.query, 8), Lora(block.value, 8)
    trained = [p for p in model.parameters() if p.requires_grad]
    optimizer = torch.optim.AdamW(trained, lr=1e-3)
    tokens = torch.randint(0, 512, (8, 128))
    following = torch.randint(0, 512, (8 * 128,))

    def step():
        optimizer.zero_grad(set_to_none=True)
        F.cross_entropy(model(tokens).view(-1, 512), following).backward()
        optimizer.step()

    return step


def product(n):
    a, b = torch.rand(n, n), torch.rand(n, n)
    return lambda: a @ b


WORKLOADS = {
    "matmul-512": lambda: product(512),
    "matmul-1024": lambda: product(1024),
    "mlp-32": lambda: mlp_step(32),
    "mlp-256": lambda: mlp_step(256),
    "cnn": cnn_step,
    "autoencoder": autoencoder_step,
    "gpt": lambda: gpt_step(False),
    "gpt-lora": lambda: gpt_step(True),
}


def blas():
    with open("/proc/self/maps", encoding="utf-8") as maps:
        libraries = {line.split("/")[-1].strip() for line in maps if "blas" in line or "mkl" in line}
    return ", ".join(sorted(libraries))


def main():
    steps = {}
    product(64)()
    print(json.dumps({"version": torch.__version__, "threads": torch.get_num_threads(), "blas": blas()}), flush=True)
    for line in sys.stdin:
        request = json.loads(line)
        name = request["workload"]
        if name not in steps:
            steps[name] = WORKLOADS[name]()
            steps[name]()
        started, busy = time.perf_counter(), time.process_time()
        for _ in range(request["steps"]):
            steps[name]()
        wall, processor = time.perf_counter() - started, time.process_time() - busy
        print(json.dumps({"ms": 1000 * wall / request["steps"], "processor": 1000 * processor / request["steps"]}), flush=True)


main()
