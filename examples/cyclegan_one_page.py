"""CycleGAN on one page: the authors' recipe in plain eager PyTorch (Zhu et al. 2017, arXiv 1703.10593).

    python examples/cyclegan_one_page.py DATA OUT [SIZE] [STEPS]

DATA holds trainA, trainB, testA and testB; OUT receives the translations of testA and testB. No resume, no metrics:
the tests compare the first losses of viceversa with this page, the benchmarks its speed.
"""

import random
import sys
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import nn
from torch.nn.functional import l1_loss, mse_loss


class Residual(nn.Module):
    def __init__(self, c):
        super().__init__()
        layers = [nn.ReflectionPad2d(1), nn.Conv2d(c, c, 3), nn.InstanceNorm2d(c), nn.ReLU(True)]
        layers += [nn.ReflectionPad2d(1), nn.Conv2d(c, c, 3), nn.InstanceNorm2d(c)]
        self.conv_block = nn.Sequential(*layers)

    def forward(self, x):
        return x + self.conv_block(x)


def generator(width=64, blocks=9):
    w = width
    layers = [nn.ReflectionPad2d(3), nn.Conv2d(3, w, 7), nn.InstanceNorm2d(w), nn.ReLU(True)]
    for c in (w, 2 * w):
        layers += [nn.Conv2d(c, 2 * c, 3, stride=2, padding=1), nn.InstanceNorm2d(2 * c), nn.ReLU(True)]
    layers += [Residual(4 * w) for _ in range(blocks)]
    for c in (4 * w, 2 * w):
        layers += [nn.ConvTranspose2d(c, c // 2, 3, stride=2, padding=1, output_padding=1)]
        layers += [nn.InstanceNorm2d(c // 2), nn.ReLU(True)]
    return nn.Sequential(*layers, nn.ReflectionPad2d(3), nn.Conv2d(w, 3, 7), nn.Tanh())


def discriminator(width=64):
    w = width
    layers = [nn.Conv2d(3, w, 4, stride=2, padding=1), nn.LeakyReLU(0.2, True)]
    for c, stride in ((w, 2), (2 * w, 2), (4 * w, 1)):
        layers += [nn.Conv2d(c, 2 * c, 4, stride=stride, padding=1), nn.InstanceNorm2d(2 * c), nn.LeakyReLU(0.2, True)]
    return nn.Sequential(*layers, nn.Conv2d(8 * w, 1, 4, padding=1))


def initialise(net):
    for layer in net.modules():
        if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d):
            nn.init.normal_(layer.weight, 0.0, 0.02)
            nn.init.zeros_(layer.bias)
    return net


class Pool:
    def __init__(self, size=50):
        self.size, self.images = size, []

    def __call__(self, images):
        shown = []
        for image in images.detach():
            if len(self.images) < self.size:
                self.images.append(image)
            elif random.random() < 0.5:
                i = random.randrange(self.size)
                image, self.images[i] = self.images[i], image
            shown.append(image)
        return torch.stack(shown)


class CycleGAN:
    def __init__(self, width=64, blocks=9, lr=2e-4):
        self.G, self.F = (initialise(generator(width, blocks)) for _ in range(2))  # A -> B, B -> A
        self.D_A, self.D_B = (initialise(discriminator(width)) for _ in range(2))
        self.discriminators = nn.ModuleList([self.D_A, self.D_B])
        self.opt_G = torch.optim.Adam([*self.G.parameters(), *self.F.parameters()], lr, (0.5, 0.999))
        self.opt_D = torch.optim.Adam(self.discriminators.parameters(), lr, (0.5, 0.999))
        self.pool_a, self.pool_b = Pool(), Pool()

    def step(self, a, b, lambda_cyc=10.0, lambda_idt=5.0):
        def gan_loss(D, x, real):
            logits = D(x)
            return mse_loss(logits, torch.full_like(logits, float(real)))

        self.discriminators.requires_grad_(False)
        self.opt_G.zero_grad()
        fake_b, fake_a = self.G(a), self.F(b)
        gan = gan_loss(self.D_B, fake_b, True) + gan_loss(self.D_A, fake_a, True)
        cyc = l1_loss(self.F(fake_b), a) + l1_loss(self.G(fake_a), b)
        idt = l1_loss(self.G(b), b) + l1_loss(self.F(a), a)
        (gan + lambda_cyc * cyc + lambda_idt * idt).backward()
        self.opt_G.step()

        self.discriminators.requires_grad_(True)
        self.opt_D.zero_grad()
        d_a = (gan_loss(self.D_A, a, True) + gan_loss(self.D_A, self.pool_a(fake_a), False)) / 2
        d_b = (gan_loss(self.D_B, b, True) + gan_loss(self.D_B, self.pool_b(fake_b), False)) / 2
        d_a.backward()
        d_b.backward()
        self.opt_D.step()
        return dict(gan=gan.item(), cyc=cyc.item(), idt=idt.item(), D_A=d_a.item(), D_B=d_b.item())


def picture(path, size, crop=True):
    load = round(size * 286 / 256) if crop else size
    image = np.asarray(Image.open(path).convert("RGB").resize((load, load), Image.Resampling.BICUBIC))
    if crop:
        top, left = random.randint(0, load - size), random.randint(0, load - size)
        image = image[top : top + size, left : left + size]
        image = image[:, ::-1] if random.random() < 0.5 else image
    return torch.from_numpy(image.transpose(2, 0, 1) / np.float32(127.5) - np.float32(1))[None]


def train(data, size, steps, blocks=9, seed=0, progress=lambda step, steps, model: step / steps):
    """Train at batch 1 until `progress`, from 0 to 1, is 1; the learning rate falls over the second half."""
    random.seed(seed)
    torch.manual_seed(seed)
    model = CycleGAN(blocks=blocks)
    files_a, files_b = (sorted((Path(data) / side).iterdir()) for side in ("trainA", "trainB"))
    step = 0
    while (done := progress(step, steps, model)) < 1:
        rate = 2e-4 * min(1.0, 2 * (1 - done))
        for group in model.opt_G.param_groups + model.opt_D.param_groups:
            group["lr"] = rate
        losses = model.step(picture(random.choice(files_a), size), picture(random.choice(files_b), size))
        if step % 100 == 0:
            print(step, {name: round(value, 3) for name, value in losses.items()}, flush=True)
        step += 1
    return model


if __name__ == "__main__":
    data, out = Path(sys.argv[1]), Path(sys.argv[2])
    size, steps = int((sys.argv[3:] or ["256"])[0]), int((sys.argv[4:] or ["200000"])[0])
    model = train(data, size, steps, blocks=9 if size >= 256 else 6)
    for side, net in (("testA", model.G), ("testB", model.F)):
        (out / side).mkdir(parents=True, exist_ok=True)
        for path in sorted((data / side).iterdir()):
            with torch.no_grad():
                x = net(picture(path, size, crop=False))[0]
            pixels = ((x + 1) * 127.5).round().clamp(0, 255).byte().permute(1, 2, 0).numpy()
            Image.fromarray(pixels).save(out / side / f"{path.stem}.png")
