"""Changes to what a discriminator sees, by which it cannot learn few images by heart, and which the generator does not learn."""

from tfgan.augmentation.adaptive import ADAPTIVE, adapt, adaptive_augment
from tfgan.augmentation.diffaugment import AUGMENTATIONS, diff_augment

__all__ = ["ADAPTIVE", "AUGMENTATIONS", "adapt", "adaptive_augment", "diff_augment"]
