"""The same steps in PyTorch: tfgan's networks, losses and settings, written as a PyTorch user would who knows tfgan's order of work.

Both updates of pix2pix are simultaneous, as in tfgan and the TensorFlow tutorial: one forward pass, D(fake) judged once, both gradients
at the old weights. CycleGAN's generators take the real image of each side in one call, its discriminators real and fake. (junyanz's
pytorch-CycleGAN-and-pix2pix does more calls and is slower by that.) Adam is PyTorch's fused one.
"""

import platform

import torch
from torch import nn
from torch.nn import functional as F
from torch.utils.flop_counter import FlopCounterMode

from benchmarks.torch_networks import ResNet, UNet, batch_norm, patchgan


class Pix2Pix:
    def __init__(self, image_size, ngf, ndf=0):
        self.generator = UNet(min(8, image_size.bit_length() - 1), ngf)
        self.discriminator = patchgan(6, ndf or ngf, batch_norm)
        self.groups = [["generator"], ["discriminator"]]

    def phases(self, source, target):
        """Yields the losses that are differentiated together, each with the number of its group of networks."""
        fake = self.generator(source)
        real_logits = self.discriminator(torch.cat([source, target], 1)).float()
        fake_logits = self.discriminator(torch.cat([source, fake], 1)).float()
        generator_loss = F.softplus(-fake_logits).mean() + 100.0 * F.l1_loss(fake, target)
        yield [(generator_loss, 0), (F.softplus(-real_logits).mean() + F.softplus(fake_logits).mean(), 1)]


class CycleGAN:
    def __init__(self, image_size, ngf, ndf=0, blocks=9):
        self.to_target, self.to_source = ResNet(blocks, ngf), ResNet(blocks, ngf)
        self.of_target, self.of_source = (patchgan(3, ndf or ngf, nn.InstanceNorm2d) for _ in range(2))
        self.remembered = [torch.Tensor.detach] * 2  # what the discriminators see of translations to target and to source
        self.groups = [["to_target", "to_source"], ["of_target", "of_source"]]

    def phases(self, source, target):
        """As of `Pix2Pix`; the discriminators judge after the generators' update."""
        fake_target, same_target = self.to_target(torch.cat([source, target])).chunk(2)
        fake_source, same_source = self.to_source(torch.cat([target, source])).chunk(2)
        adversarial = sum(F.mse_loss(logits, torch.ones_like(logits)) for logits in self._judge(fake_target, fake_source))
        cycle = F.l1_loss(self.to_source(fake_target), source) + F.l1_loss(self.to_target(fake_source), target)
        identity = F.l1_loss(same_target, target) + F.l1_loss(same_source, source)
        yield [(adversarial + 10.0 * cycle + 5.0 * identity, 0)]
        seen = [remember(fake) for remember, fake in zip(self.remembered, (fake_target, fake_source))]
        halves = [logits.chunk(2) for logits in self._judge(torch.cat([target, seen[0]]), torch.cat([source, seen[1]]))]
        yield [(0.5 * sum(F.mse_loss(real, torch.ones_like(real)) + fake.square().mean() for real, fake in halves), 1)]

    def _judge(self, targets, sources):
        return self.of_target(targets).float(), self.of_source(sources).float()


METHODS = {"pix2pix": Pix2Pix, "cyclegan": CycleGAN}


class Step:
    def __init__(self, *, method, batch_size, image_size, ngf, channels_last=False, bfloat16=False, compiled="", fused=True):
        torch.manual_seed(0)
        torch.backends.cudnn.benchmark = True  # as the public reference code has it
        self.place = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        layout = torch.channels_last if channels_last else torch.contiguous_format
        self.method = METHODS[method](image_size, ngf)
        self.trained = []
        for names in self.method.groups:
            networks = [getattr(self.method, name).to(self.place, memory_format=layout) for name in names]
            self.trained.append([value for network in networks for value in network.parameters()])
            for name, network in zip(names, networks):
                setattr(self.method, name, torch.compile(network, mode=compiled) if compiled else network)
        shape = (batch_size, 3, image_size, image_size)
        self.images = [torch.empty(shape, device=self.place).uniform_(-1, 1).to(memory_format=layout) for _ in range(2)]
        self.bfloat16 = bfloat16
        self.optimizers = [torch.optim.Adam(values, 2e-4, betas=(0.5, 0.999), fused=fused or None) for values in self.trained]
        self.compiled = bool(compiled)
        self.operations = 0 if compiled else self._count_operations()

    def train_step(self):
        if self.compiled:
            torch.compiler.cudagraph_mark_step_begin()
        with torch.autocast(self.place.type, torch.bfloat16, enabled=self.bfloat16):
            for losses in self.method.phases(*self.images):
                update(losses, self.trained, self.optimizers)

    def run(self, count: int):
        for _ in range(count):
            self.train_step()
        self.trained[0][-1].detach().cpu()  # waits for a GPU

    def _count_operations(self) -> int:
        """Floating-point operations of a step's convolutions and their gradients."""
        with FlopCounterMode(display=False) as counter:
            self.train_step()
        return counter.get_total_flops()

    def facts(self) -> dict:
        return facts([p for values in self.trained for p in values]) | {"operations": self.operations}

    def peak_memory(self) -> int:
        return peak_memory()


def update(losses, trained, optimizers):
    """Updates the groups of networks by all gradients of a phase, which are taken first.

    Args:
        losses: each with the number of its group, as a method's `phases` yields them.
        trained: the parameters of each group; optimizers: one for each.
    """
    count = len(losses)
    gradients = [torch.autograd.grad(loss, trained[group], retain_graph=i < count - 1) for i, (loss, group) in enumerate(losses)]
    for (_, group), values in zip(losses, gradients):
        for parameter, gradient in zip(trained[group], values):
            parameter.grad = gradient
        optimizers[group].step()


def facts(parameters) -> dict:
    """What is said of a step that trains, or uses, these parameters."""
    return {
        "weights": sum(p.numel() for p in parameters),
        "software": f"PyTorch {torch.__version__} (Python {platform.python_version()})",
        "device": torch.cuda.get_device_name() if torch.cuda.is_available() else "",
    }


def peak_memory() -> int:
    """Bytes that PyTorch has held at most on the GPU; 0 without one."""
    return torch.cuda.max_memory_allocated() if torch.cuda.is_available() else 0
