"""Run by a Python that has PyTorch: files of weights, as the references write them, and what their networks make of some inputs.

The modules are written anew; the names and shapes of their weights are those of pytorch-CycleGAN-and-pix2pix, stargan and SPADE.

    python torch_references.py FOLDER
"""

import sys
from collections import OrderedDict
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F
from torch.nn.utils import spectral_norm

LEAKY = 0.2


def norm_layer(kind, channels):
    if kind == "batch":
        return nn.BatchNorm2d(channels)
    return nn.InstanceNorm2d(channels) if kind == "instance" else nn.Identity()


class UnetBlock(nn.Module):
    def __init__(self, outer, inner, norm, inputs=None, inside=None, outermost=False):
        super().__init__()
        self.outermost, bias = outermost, norm == "instance"
        down = [nn.Conv2d(inputs or outer, inner, 4, 2, 1, bias=bias)]
        up = [nn.ReLU(), nn.ConvTranspose2d(inner * (2 if inside else 1), outer, 4, 2, 1, bias=bias or outermost)]
        if not outermost:
            down.insert(0, nn.LeakyReLU(LEAKY))
            up.append(norm_layer(norm, outer))
        if inside and not outermost:
            down.append(norm_layer(norm, inner))
        self.model = nn.Sequential(*down, *([inside] if inside else []), *up, *([nn.Tanh()] if outermost else []))

    def forward(self, x):
        return self.model(x) if self.outermost else torch.cat([x, self.model(x)], 1)


class Unet(nn.Module):
    def __init__(self, inputs, outputs, depth, ngf, norm):
        super().__init__()
        widths = [ngf * min(2**level, 8) for level in range(depth)]
        block = None
        for level in reversed(range(1, depth)):
            block = UnetBlock(widths[level - 1], widths[level], norm, inside=block)
        self.model = UnetBlock(outputs, ngf, norm, inputs, block, outermost=True)

    def forward(self, x):
        return self.model(x)


class ResnetBlock(nn.Module):
    def __init__(self, width, norm, dropout):
        super().__init__()
        bias = norm == "instance"
        first = [nn.ReflectionPad2d(1), nn.Conv2d(width, width, 3, bias=bias), norm_layer(norm, width), nn.ReLU()]
        second = [nn.ReflectionPad2d(1), nn.Conv2d(width, width, 3, bias=bias), norm_layer(norm, width)]
        self.conv_block = nn.Sequential(*first, *([nn.Dropout(0.5)] if dropout else []), *second)

    def forward(self, x):
        return x + self.conv_block(x)


class Resnet(nn.Module):
    def __init__(self, inputs, outputs, blocks, ngf, norm, dropout=False):
        super().__init__()
        bias = norm == "instance"
        layers = [nn.ReflectionPad2d(3), nn.Conv2d(inputs, ngf, 7, bias=bias), norm_layer(norm, ngf), nn.ReLU()]
        for width in (ngf, 2 * ngf):
            layers += [nn.Conv2d(width, 2 * width, 3, 2, 1, bias=bias), norm_layer(norm, 2 * width), nn.ReLU()]
        layers += [ResnetBlock(4 * ngf, norm, dropout) for _ in range(blocks)]
        for width in (4 * ngf, 2 * ngf):
            layers += [
                nn.ConvTranspose2d(width, width // 2, 3, 2, 1, output_padding=1, bias=bias),
                norm_layer(norm, width // 2),
                nn.ReLU(),
            ]
        self.model = nn.Sequential(*layers, nn.ReflectionPad2d(3), nn.Conv2d(ngf, outputs, 7), nn.Tanh())

    def forward(self, x):
        return self.model(x)


class Patchgan(nn.Module):
    def __init__(self, inputs, ndf, n_layers, norm):
        super().__init__()
        layers, width = [nn.Conv2d(inputs, ndf, 4, 2, 1), nn.LeakyReLU(LEAKY)], ndf
        for layer in range(1, n_layers + 1):
            wider = ndf * min(2**layer, 8)
            conv = nn.Conv2d(width, wider, 4, 2 if layer < n_layers else 1, 1, bias=norm == "instance")
            layers += [conv, norm_layer(norm, wider), nn.LeakyReLU(LEAKY)]
            width = wider
        self.model = nn.Sequential(*layers, nn.Conv2d(width, 1, 4, 1, 1))

    def forward(self, x):
        return self.model(x)


class Pixelgan(nn.Module):
    def __init__(self, inputs, ndf, norm):
        super().__init__()
        bias = norm == "instance"
        self.net = nn.Sequential(
            nn.Conv2d(inputs, ndf, 1),
            nn.LeakyReLU(LEAKY),
            nn.Conv2d(ndf, 2 * ndf, 1, bias=bias),
            norm_layer(norm, 2 * ndf),
            nn.LeakyReLU(LEAKY),
            nn.Conv2d(2 * ndf, 1, 1, bias=bias),
        )

    def forward(self, x):
        return self.net(x)


def tracked(width):
    return nn.InstanceNorm2d(width, affine=True, track_running_stats=True)


class StarganBlock(nn.Module):
    def __init__(self, width):
        super().__init__()
        convs = [nn.Conv2d(width, width, 3, 1, 1, bias=False) for _ in range(2)]
        self.main = nn.Sequential(convs[0], tracked(width), nn.ReLU(), convs[1], tracked(width))

    def forward(self, x):
        return x + self.main(x)


class StarganGenerator(nn.Module):
    def __init__(self, labels, ngf, blocks):
        super().__init__()
        layers = [nn.Conv2d(3 + labels, ngf, 7, 1, 3, bias=False), tracked(ngf), nn.ReLU()]
        for width in (ngf, 2 * ngf):
            layers += [nn.Conv2d(width, 2 * width, 4, 2, 1, bias=False), tracked(2 * width), nn.ReLU()]
        layers += [StarganBlock(4 * ngf) for _ in range(blocks)]
        for width in (4 * ngf, 2 * ngf):
            layers += [nn.ConvTranspose2d(width, width // 2, 4, 2, 1, bias=False), tracked(width // 2), nn.ReLU()]
        self.main = nn.Sequential(*layers, nn.Conv2d(ngf, 3, 7, 1, 3, bias=False), nn.Tanh())

    def forward(self, x, labels):
        planes = labels[:, :, None, None].expand(-1, -1, *x.shape[2:])
        return self.main(torch.cat([x, planes], 1))


class StarganDiscriminator(nn.Module):
    def __init__(self, size, labels, ndf, count):
        super().__init__()
        layers, width = [], 3
        for layer in range(count):
            layers += [nn.Conv2d(width, ndf * 2**layer, 4, 2, 1), nn.LeakyReLU(0.01)]
            width = ndf * 2**layer
        self.main = nn.Sequential(*layers)
        self.conv1 = nn.Conv2d(width, 1, 3, 1, 1, bias=False)
        self.conv2 = nn.Conv2d(width, labels, size // 2**count, bias=False)

    def forward(self, x):
        x = self.main(x)
        return self.conv1(x), self.conv2(x)[:, :, 0, 0]


class Spade(nn.Module):
    def __init__(self, width, labels):
        super().__init__()
        self.param_free_norm = nn.BatchNorm2d(width, affine=False)
        self.mlp_shared = nn.Sequential(nn.Conv2d(labels, 128, 3, padding=1), nn.ReLU())
        self.mlp_gamma, self.mlp_beta = (nn.Conv2d(128, width, 3, padding=1) for _ in range(2))

    def forward(self, x, labels):
        hidden = self.mlp_shared(F.interpolate(labels, x.shape[2:]))
        return self.param_free_norm(x) * (1 + self.mlp_gamma(hidden)) + self.mlp_beta(hidden)


class SpadeBlock(nn.Module):
    def __init__(self, width, made, labels):
        super().__init__()
        middle = min(width, made)
        self.conv_0 = spectral_norm(nn.Conv2d(width, middle, 3, padding=1))
        self.conv_1 = spectral_norm(nn.Conv2d(middle, made, 3, padding=1))
        self.norm_0, self.norm_1 = Spade(width, labels), Spade(middle, labels)
        self.shortcut = width != made
        if self.shortcut:
            self.conv_s, self.norm_s = spectral_norm(nn.Conv2d(width, made, 1, bias=False)), Spade(width, labels)

    def forward(self, x, labels):
        y = self.conv_0(F.leaky_relu(self.norm_0(x, labels), LEAKY))
        y = self.conv_1(F.leaky_relu(self.norm_1(y, labels), LEAKY))
        return y + (self.conv_s(self.norm_s(x, labels)) if self.shortcut else x)


class SpadeGenerator(nn.Module):
    def __init__(self, labels, nf, layers, size, latent=0):
        super().__init__()
        self.more, self.most, self.latent = layers != "normal", layers == "most", latent
        self.side = size // 2 ** {"normal": 5, "more": 6, "most": 7}[layers]
        self.fc = nn.Linear(latent, 16 * nf * self.side**2) if latent else nn.Conv2d(labels, 16 * nf, 3, padding=1)
        self.head_0, self.G_middle_0, self.G_middle_1 = (SpadeBlock(16 * nf, 16 * nf, labels) for _ in range(3))
        for number, (width, made) in enumerate([(16, 8), (8, 4), (4, 2), (2, 1)]):
            setattr(self, f"up_{number}", SpadeBlock(width * nf, made * nf, labels))
        if self.most:
            self.up_4 = SpadeBlock(nf, nf // 2, labels)
        self.conv_img = nn.Conv2d(nf // 2 if self.most else nf, 3, 3, padding=1)

    def forward(self, labels, z=None):
        size = (self.side, self.side)
        x = self.fc(z).view(len(z), -1, *size) if self.latent else self.fc(F.interpolate(labels, size))
        x = F.interpolate(self.head_0(x, labels), scale_factor=2)
        x = self.G_middle_0(x, labels)
        x = self.G_middle_1(F.interpolate(x, scale_factor=2) if self.more else x, labels)
        for number in range(5 if self.most else 4):
            x = getattr(self, f"up_{number}")(F.interpolate(x, scale_factor=2), labels)
        return torch.tanh(self.conv_img(F.leaky_relu(x, LEAKY)))


def normed(conv):
    return nn.Sequential(spectral_norm(conv), nn.InstanceNorm2d(conv.out_channels))


class SpadeScale(nn.Module):
    def __init__(self, inputs, nf, layers):
        super().__init__()
        self.model0 = nn.Sequential(nn.Conv2d(inputs, nf, 4, 2, 2), nn.LeakyReLU(LEAKY))
        for layer in range(1, layers):
            wider, stride = min(nf * 2, 512), 1 if layer == layers - 1 else 2
            module = nn.Sequential(normed(nn.Conv2d(nf, wider, 4, stride, 2, bias=False)), nn.LeakyReLU(LEAKY))
            setattr(self, f"model{layer}", module)
            nf = wider
        setattr(self, f"model{layers}", nn.Sequential(nn.Conv2d(nf, 1, 4, 1, 2)))

    def forward(self, x):
        for module in self.children():
            x = module(x)
        return x


class SpadeDiscriminator(nn.Module):
    def __init__(self, inputs, nf, layers):
        super().__init__()
        self.discriminator_0, self.discriminator_1 = SpadeScale(inputs, nf, layers), SpadeScale(inputs, nf, layers)

    def forward(self, x):
        halved = F.avg_pool2d(x, 3, 2, 1, count_include_pad=False)
        return self.discriminator_0(x), self.discriminator_1(halved)


class SpadeEncoder(nn.Module):
    def __init__(self, nf):
        super().__init__()
        widths = [3, *(nf * min(2**layer, 8) for layer in range(6))]
        for layer in range(6):
            setattr(self, f"layer{layer + 1}", normed(nn.Conv2d(widths[layer], widths[layer + 1], 3, 2, 1, bias=False)))
        self.fc_mu, self.fc_var = nn.Linear(8 * nf * 16, 6), nn.Linear(8 * nf * 16, 6)

    def forward(self, x):
        x = F.interpolate(x, (256, 256), mode="bilinear")
        for layer in range(1, 7):
            x = F.leaky_relu(getattr(self, f"layer{layer}")(x), LEAKY)
        return self.fc_mu(x.flatten(1)), self.fc_var(x.flatten(1))


def tell_apart(module):
    """Gives norms values that no norm begins with, and kernels some that do not die away."""
    for name, values in [*module.named_parameters(), *module.named_buffers()]:
        if name.endswith(("running_var",)):
            values.data.uniform_(0.5, 2.0)
        elif name.endswith(("running_mean", "bias")):
            values.data.normal_(0.0, 0.2)
        elif values.dim() == 1 and name.endswith("weight"):
            values.data.uniform_(0.5, 1.5)
    return module


def numbers(tensor):
    """As NumPy has it, channels last."""
    values = tensor.detach().float().numpy()
    return values.transpose(0, 2, 3, 1) if values.ndim == 4 else values


class Writer:
    def __init__(self, folder):
        self.folder = Path(folder)

    def save(self, name, module, prefix="", **options):
        path = self.folder / name
        path.parent.mkdir(exist_ok=True)
        state = OrderedDict((prefix + key, value) for key, value in module.state_dict().items())
        if path.suffix == ".safetensors":
            from safetensors.torch import save_file

            save_file({key: value.contiguous() for key, value in state.items()}, path)
        else:
            torch.save(state, path, **options)

    def results(self, name, **arrays):
        np.savez(self.folder / name, **{key: numbers(value) for key, value in arrays.items()})


@torch.no_grad()
def write(folder):
    torch.manual_seed(0)
    torch.set_num_threads(1)  # of a machine that has other work
    out, x, y = Writer(folder), torch.rand(1, 3, 32, 32) * 2 - 1, torch.rand(1, 3, 32, 32) * 2 - 1
    pix2pix(out, x, y)
    cyclegan(out, x, y)
    stargan(out, x)
    spade(out)


def pix2pix(out, x, y):
    generator, judge = tell_apart(Unet(3, 3, 5, 4, "batch")), tell_apart(Patchgan(6, 4, 2, "batch"))
    out.save("unet/latest_net_G.pth", generator)
    out.save("unet/latest_net_D.pth", judge)
    out.save("unet/plain.safetensors", generator)
    moving = generator.eval()(x)  # before a pass that moves them
    image, judged = generator.train()(x), judge.train()(torch.cat([x, y], 1))  # by the statistics of the image
    out.results("unet.npz", x=x, y=y, image=image, moving=moving, judged=judged)

    generator = tell_apart(Unet(3, 1, 5, 2, "instance"))
    out.save("instance.pth", generator, prefix="module.")
    out.results("instance.npz", x=x, image=generator(x))

    generator, judge = tell_apart(Resnet(3, 3, 2, 4, "batch", dropout=True)), tell_apart(Pixelgan(6, 4, "batch"))
    out.save("resnet/30_net_G.pth", generator)
    out.save("resnet/30_net_D.pth", judge)
    moving = generator.eval()(x)
    out.results("resnet.npz", x=x, y=y, moving=moving, judged=judge.train()(torch.cat([x, y], 1)))


def cyclegan(out, x, y):
    names = {"G_A": Resnet(3, 1, 2, 4, "instance"), "G_B": Resnet(1, 3, 2, 4, "instance")}
    names |= {"D_A": Patchgan(1, 4, 2, "instance"), "D_B": Patchgan(3, 4, 2, "instance")}
    for name, module in names.items():
        out.save(f"cycle/latest_net_{name}.pth", tell_apart(module), _use_new_zipfile_serialization=False)
    results = {name: module(x if name in ("G_A", "D_B") else y[:, :1]) for name, module in names.items()}
    out.results("cycle.npz", x=x, y=y[:, :1], **results)


def stargan(out, x):
    generator, judge = tell_apart(StarganGenerator(5, 4, 2)), StarganDiscriminator(32, 5, 4, 3)
    labels = torch.tensor([[0.0, 1, 0, 1, 1]])
    out.save("stargan/200000-G.ckpt", generator)
    out.save("stargan/200000-D.ckpt", judge)
    scores, logits = judge(x)
    out.results("stargan.npz", x=x, labels=labels, image=generator(x, labels), scores=scores, logits=logits)


def spade(out):
    for layers, size, latent in (("normal", 64, 6), ("more", 64, 0), ("most", 128, 0)):
        generator = tell_apart(SpadeGenerator(3, 2, layers, size, latent))
        classes = torch.arange(size)[:, None] // 10 + torch.arange(size) // 7
        labels = F.one_hot(classes % 3, 3).permute(2, 0, 1)[None].float()
        z = torch.randn(1, 6)
        for _ in range(2):
            generator.train()(labels.repeat(2, 1, 1, 1), z.repeat(2, 1))  # u and v move, and are not where they will rest
        out.save(f"{layers}/latest_net_G.pth", generator)
        results = {"image": generator.eval()(labels, z)}
        if latent:
            judge, encoder = tell_apart(SpadeDiscriminator(6, 2, 4)), tell_apart(SpadeEncoder(2))
            photo = torch.rand(1, 3, size, size) * 2 - 1
            for _ in range(2):
                judge.train()(torch.cat([labels, photo], 1))
                encoder.train()(photo)
            out.save(f"{layers}/latest_net_D.pth", judge)
            out.save(f"{layers}/latest_net_E.pth", encoder)
            (first, second), (mean, log_variance) = judge.eval()(torch.cat([labels, photo], 1)), encoder.eval()(photo)
            results |= {"photo": photo, "z": z, "first": first, "second": second, "mean": mean, "log_variance": log_variance}
        out.results(f"{layers}.npz", labels=labels, **results)


if __name__ == "__main__":
    write(sys.argv[1])
