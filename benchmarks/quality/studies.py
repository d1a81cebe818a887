"""The studies: which settings are trained side by side, on which data, by which flags."""

from typing import NamedTuple

TORCH = "PyTorch"
"""A setting of this name is trained by `torch_training`, with tfgan's networks and the losses of the plain recipe."""

DIFFAUGMENT = "--diffaugment=color,translation,cutout"
ADA = ("--ada_target=0.6", "--ada_images=20000")  # few images, so that p gets anywhere
PENALTIES = ("--r1_gamma=1", "--r2_gamma=1")
PAIRED = ("--flagfile=facades.flags", "--generator=auto")
OWN_FEATURES = ("--frozen_features=own",)  # a segmenter of another seed than the one that measures, which has learned the same
PERCEPTUAL = ("--perceptual_weight=10", *OWN_FEATURES)
INSTANCE = ("--norm=instance", "--nofirst_bias")
WON = ("--ema_decay=0.999", "--upsampling=resize")
UNPAIRED = ("--method=cyclegan", "--domains=labels,photo", "--direction=labels_to_photo", "--generator=resnet_6")
DIGITS = ("--image_size=32", "--noflip", "--batch_size=64")
STYLES = (
    *("--method=stylegan", *DIGITS, "--latent_dim=64", "--w_dim=64", "--mapping_layers=4", "--channel_base=512", "--channel_max=64"),
    *("--r1_gamma=1", "--truncation=1"),
)


class Study(NamedTuple):
    question: str
    data: str  # a layout of `data`: pairs, unpaired, photos or digits
    settings: dict[
        str, tuple[str, ...]
    ]  # name, without commas -> flags of train; the first setting is the one that others are compared with
    epochs: int
    shown: tuple[str, ...]  # metrics, as `protocol` names them
    pairs: int = 0  # training pairs that are learned from; 0: all


PHOTOS = ("pixel_accuracy", "class_accuracy", "mean_iou", "fid", "kid", "encoder fid", "encoder kid", "swd", "ssim", "l1")
BOTH = (
    *(f"photo {name}" for name in ("pixel_accuracy", "mean_iou", "fid", "kid", "encoder fid", "cycle_l1")),
    *("labels pixel_accuracy", "labels cycle_l1"),
)
FACADES = ("--half=left",)
VAEGAN = ("--flagfile=photos_vaegan.flags", *FACADES)
OF_NOISE = ("fid", "kid", "swd", "precision", "recall", "reconstruction l1")
SAMPLES = ("label_accuracy", "fid", "kid", "precision", "recall")

STUDIES = {
    "precision": Study(
        "Does mixed_bfloat16 learn what float32 learns?",
        "pairs",
        {name: (*PAIRED, f"--precision={name}") for name in ("float32", "mixed_bfloat16")},
        2,
        PHOTOS,
    ),
    "pairs": Study(
        "Which settings make better photos of label maps than the paper's?",
        "pairs",
        {
            "paper": PAIRED,
            TORCH: ("pix2pix",),
            "PyTorch's networks": (*PAIRED, "--skip_activation=leaky_relu", "--nofirst_bias"),
            "hinge": (*PAIRED, "--loss=hinge"),
            "lsgan": (*PAIRED, "--loss=lsgan"),
            "EMA": (*PAIRED, "--ema_decay=0.999"),
            "DiffAugment": (*PAIRED, DIFFAUGMENT),
            "ADA": (*PAIRED, *ADA),
            "instance norm": (*PAIRED, *INSTANCE),
            "hinge + R1": (*PAIRED, *INSTANCE, "--loss=hinge", "--r1_gamma=1"),
            "rpgan + R1 + R2": (*PAIRED, *INSTANCE, "--loss=rpgan", *PENALTIES),
            "cosine": (*PAIRED, "--lr_policy=cosine"),
            "resize": (*PAIRED, "--upsampling=resize"),
            "EMA + resize": (*PAIRED, *WON),
            "EMA + resize + perceptual": (*PAIRED, *WON, *PERCEPTUAL),
            "two scales": (*PAIRED, "--discriminator_scales=2"),
            "spectral norm": (*PAIRED, "--discriminator_norm=spectral"),
            "feature matching": (*PAIRED, "--feature_matching=40"),  # pix2pixHD's 10, of a sum over four layers
            "perceptual": (*PAIRED, *PERCEPTUAL),
            "projected": (*PAIRED, "--discriminator=projected", *OWN_FEATURES),
            "SPADE": ("--flagfile=facades_spade.flags",),
        },
        30,
        PHOTOS,
    ),
    "unpaired": Study(
        "Which settings translate better without pairs than CycleGAN's paper?",
        "unpaired",
        {
            "paper": UNPAIRED,
            TORCH: ("cyclegan",),
            "hinge": (*UNPAIRED, "--loss=hinge"),
            "rpgan + R1 + R2": (*UNPAIRED, "--loss=rpgan", *PENALTIES),
            "EMA": (*UNPAIRED, "--ema_decay=0.999"),
            "resize": (*UNPAIRED, "--upsampling=resize"),
            "EMA + resize": (*UNPAIRED, *WON),
            "CUT": ("--method=cut", *UNPAIRED[1:]),
            "FastCUT": ("--method=cut", *UNPAIRED[1:], "--nce_weight=10", "--noidentity_nce", "--flip_equivariance"),
        },
        15,
        BOTH,
    ),
    "photos": Study(
        "Which settings make photos from noise that are as near to real ones as other photos are?",
        "photos",
        {
            "VAE-GAN": VAEGAN,
            "VAE-GAN + latents": (*VAEGAN, "--sample_from=latents"),
            "VAE-GAN + prior": (*VAEGAN, "--prior_weight=4"),
            "StyleGAN": ("--flagfile=photos_stylegan.flags", *FACADES),
            "StyleGAN2": ("--flagfile=photos_stylegan2.flags", *FACADES),
        },
        212,
        OF_NOISE,
    ),
    "digits": Study(
        "Which settings draw digits that are read as asked, and as varied as real ones?",
        "digits",
        {
            "ACGAN of the paper": ("--method=acgan", "--dataset=mnist", *DIGITS),
            "ACGAN": ("--flagfile=mnist_acgan.flags", *DIGITS),
            "CGAN": ("--flagfile=mnist_cgan.flags", *DIGITS),
            "DCGAN": ("--flagfile=mnist_dcgan.flags", *DIGITS),
            "DCGAN + rpgan + R1 + R2": (
                *("--flagfile=mnist_dcgan.flags", *DIGITS),
                *("--loss=rpgan", *PENALTIES, "--discriminator_norm=none"),
            ),
            "StyleGAN": (*STYLES, "--noprogressive"),
            "StyleGAN2": (*STYLES, "--architecture=stylegan2", "--r1_interval=16"),
        },
        10,
        SAMPLES,
    ),
}
STUDIES |= {
    f"few_{count}": Study(
        f"What helps with {count} pairs?",
        "pairs",
        {
            **{"paper": PAIRED, "DiffAugment": (*PAIRED, DIFFAUGMENT), "ADA": (*PAIRED, *ADA)},
            **{"EMA + resize": (*PAIRED, *WON), "EMA + resize + ADA": (*PAIRED, *WON, *ADA)},
        },
        30 * 400 // count,
        PHOTOS,
        count,
    )
    for count in (50, 100, 400)
}
