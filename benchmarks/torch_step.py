"""The same step in PyTorch: tfgan's networks, losses and settings, written as a PyTorch user would.

Both updates are simultaneous, as in tfgan and the TensorFlow tutorial: one forward pass, D(fake) judged once, both gradients at the old
weights. (junyanz's pytorch-CycleGAN-and-pix2pix runs D(fake) twice and is slower by that.) Adam is PyTorch's fused one.
"""

import platform

import torch
from torch import nn
from torch.nn import functional as F


def norm(channels):
    layer = nn.BatchNorm2d(channels)  # momentum 0.1, epsilon 1e-5
    nn.init.normal_(layer.weight, 1.0, 0.02)
    return layer


def initialised(layer):
    nn.init.normal_(layer.weight, 0.0, 0.02)
    if layer.bias is not None:
        nn.init.zeros_(layer.bias)
    return layer


def conv(in_channels, channels, stride=2, bias=False):
    return initialised(nn.Conv2d(in_channels, channels, 4, stride, 1, bias=bias))


def deconv(in_channels, channels, bias=False):
    return initialised(nn.ConvTranspose2d(in_channels, channels, 4, 2, 1, bias=bias))


class UNet(nn.Module):
    """N×3×H×W in [-1, 1] -> N×3×H×W in [-1, 1]; the innermost convolution has no batch norm."""

    def __init__(self, depth, ngf):
        super().__init__()
        filters = [ngf * min(2**level, 8) for level in range(depth)]
        self.down, self.up = nn.ModuleList(), nn.ModuleList()
        for level, f in enumerate(filters):
            normalised = [norm(f)] if 0 < level < depth - 1 else []
            self.down.append(nn.Sequential(conv(filters[level - 1] if level else 3, f), *normalised, nn.LeakyReLU(0.2, inplace=True)))
        for level in reversed(range(depth - 1)):
            in_channels = filters[-1] if level == depth - 2 else 2 * filters[level + 1]
            dropout = [nn.Dropout(0.5)] if level >= depth - 4 else []
            f = filters[level]
            self.up.append(nn.Sequential(deconv(in_channels, f), norm(f), *dropout, nn.ReLU(inplace=True)))
        self.last = deconv(2 * filters[0], 3, bias=True)

    def forward(self, x):
        skips = []
        for block in self.down:
            x = block(x)
            skips.append(x)
        for block, skip in zip(self.up, reversed(skips[:-1])):
            x = torch.cat([block(x), skip], 1)
        return torch.tanh(self.last(x).float())


def patchgan(ndf):
    layers = []
    for level, stride in enumerate((2, 2, 2, 1)):
        f = ndf * 2**level
        layers += [conv(f // 2 if level else 6, f, stride), *([norm(f)] if level else []), nn.LeakyReLU(0.2, inplace=True)]
    return nn.Sequential(*layers, conv(8 * ndf, 1, 1, bias=True))


class Step:
    def __init__(self, *, batch_size, image_size, ngf, channels_last=False, bfloat16=False):
        torch.manual_seed(0)
        self.place = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        layout = torch.channels_last if channels_last else torch.contiguous_format
        generator, discriminator = UNet(min(8, image_size.bit_length() - 1), ngf), patchgan(ngf)
        self.generator, self.discriminator = (network.to(self.place, memory_format=layout) for network in (generator, discriminator))
        shape = (batch_size, 3, image_size, image_size)
        self.source, self.target = (torch.empty(shape, device=self.place).uniform_(-1, 1).to(memory_format=layout) for _ in range(2))
        self.bfloat16 = bfloat16
        self.trained = [list(network.parameters()) for network in (self.generator, self.discriminator)]
        self.optimizers = [torch.optim.Adam(values, 2e-4, betas=(0.5, 0.999), fused=True) for values in self.trained]
        self.weights = sum(p.numel() for values in self.trained for p in values)
        self.software = f"PyTorch {torch.__version__} (Python {platform.python_version()})"
        self.device = torch.cuda.get_device_name() if self.place.type == "cuda" else ""

    def train_step(self):
        with torch.autocast(self.place.type, torch.bfloat16, enabled=self.bfloat16):
            fake = self.generator(self.source)
            real_logits = self.discriminator(torch.cat([self.source, self.target], 1)).float()
            fake_logits = self.discriminator(torch.cat([self.source, fake], 1)).float()
        generator_loss = F.softplus(-fake_logits).mean() + 100.0 * F.l1_loss(fake, self.target)
        discriminator_loss = F.softplus(-real_logits).mean() + F.softplus(fake_logits).mean()
        generator, discriminator = self.trained
        gradients = [
            torch.autograd.grad(generator_loss, generator, retain_graph=True),
            torch.autograd.grad(discriminator_loss, discriminator),
        ]
        for optimizer, values, grads in zip(self.optimizers, self.trained, gradients):
            for value, gradient in zip(values, grads):
                value.grad = gradient
            optimizer.step()

    def run(self, count: int):
        for _ in range(count):
            self.train_step()
        self.trained[0][-1].detach().cpu()  # waits for a GPU
