"""tfgan's networks in PyTorch, with the same weights."""

import torch
from torch import nn


def batch_norm(channels):
    layer = nn.BatchNorm2d(channels)  # momentum 0.1, epsilon 1e-5
    nn.init.normal_(layer.weight, 1.0, 0.02)
    return layer


def initialized(layer):
    nn.init.normal_(layer.weight, 0.0, 0.02)
    if layer.bias is not None:
        nn.init.zeros_(layer.bias)
    return layer


def conv(in_channels, channels, stride=2, kernel=4, padding=1, bias=False):
    return initialized(nn.Conv2d(in_channels, channels, kernel, stride, padding, bias=bias))


def deconv(in_channels, channels, kernel=4, bias=False):
    return initialized(nn.ConvTranspose2d(in_channels, channels, kernel, 2, 1, output_padding=kernel % 2, bias=bias))


class UNet(nn.Module):
    """N×3×H×W in [-1, 1] -> N×3×H×W in [-1, 1]; the innermost convolution has no batch norm."""

    def __init__(self, depth, ngf):
        super().__init__()
        filters = [ngf * min(2**level, 8) for level in range(depth)]
        self.down, self.up = nn.ModuleList(), nn.ModuleList()
        for level, f in enumerate(filters):
            normalized = [batch_norm(f)] if 0 < level < depth - 1 else []
            self.down.append(nn.Sequential(conv(filters[level - 1] if level else 3, f), *normalized, nn.LeakyReLU(0.2, inplace=True)))
        for level in reversed(range(depth - 1)):
            in_channels = filters[-1] if level == depth - 2 else 2 * filters[level + 1]
            dropout = [nn.Dropout(0.5)] if level >= depth - 4 else []
            f = filters[level]
            self.up.append(nn.Sequential(deconv(in_channels, f), batch_norm(f), *dropout, nn.ReLU(inplace=True)))
        self.last = deconv(2 * filters[0], 3, bias=True)

    def forward(self, x):
        skips = []
        for block in self.down:
            x = block(x)
            skips.append(x)
        for block, skip in zip(self.up, reversed(skips[:-1])):
            x = torch.cat([block(x), skip], 1)
        return torch.tanh(self.last(x).float())


class ResidualBlock(nn.Module):
    def __init__(self, channels):
        super().__init__()
        layers = []
        for activation in ([nn.ReLU(inplace=True)], []):
            layers += [nn.ReflectionPad2d(1), conv(channels, channels, 1, 3, 0, bias=True), nn.InstanceNorm2d(channels), *activation]
        self.layers = nn.Sequential(*layers)

    def forward(self, x):
        return x + self.layers(x)


class ResNet(nn.Module):
    """N×3×H×W in [-1, 1] -> N×3×H×W in [-1, 1]."""

    def __init__(self, blocks, ngf):
        super().__init__()
        layers = [nn.ReflectionPad2d(3), conv(3, ngf, 1, 7, 0, bias=True), nn.InstanceNorm2d(ngf), nn.ReLU(inplace=True)]
        for f in (2 * ngf, 4 * ngf):
            layers += [conv(f // 2, f, 2, 3, bias=True), nn.InstanceNorm2d(f), nn.ReLU(inplace=True)]
        layers += [ResidualBlock(4 * ngf) for _ in range(blocks)]
        for f in (2 * ngf, ngf):
            layers += [deconv(2 * f, f, 3, bias=True), nn.InstanceNorm2d(f), nn.ReLU(inplace=True)]
        self.layers = nn.Sequential(*layers, nn.ReflectionPad2d(3), conv(ngf, 3, 1, 7, 0, bias=True))

    def forward(self, x):
        return torch.tanh(self.layers(x).float())


def patchgan(in_channels, ndf, norm):
    """N×C×H×W -> logits N×1×h×w. A bias goes before instance norm, as in CycleGAN's code, none before batch norm."""
    layers, bias = [], norm is nn.InstanceNorm2d
    for level, stride in enumerate((2, 2, 2, 1)):
        f = ndf * 2**level
        layers += [
            conv(f // 2 if level else in_channels, f, stride, bias=bias),
            *([norm(f)] if level else []),
            nn.LeakyReLU(0.2, inplace=True),
        ]
    return nn.Sequential(*layers, conv(8 * ndf, 1, 1, bias=True))
