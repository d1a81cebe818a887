"""Measures of a translated image beside its true one."""

import numpy as np
import tensorflow as tf

from tfgan.errors import UserError

WINDOW = 11  # pixels, of SSIM
WINDOW_OF_SCALES = WINDOW * 2**4  # of MS-SSIM, on the smallest of its five scales


def paired_scores(real: np.ndarray, fake: np.ndarray) -> dict[str, float]:
    """Scores of a generated image beside its true one, both H×W×C in [-1, 1].

    Returns:
        l1: mean absolute difference on the [-1, 1] scale (0 to 2); psnr: peak signal-to-noise ratio in dB, at most 100; ssim:
        structural similarity (Wang et al. 2004, 11×11 Gaussian window), 1 for equal images; ms_ssim: that over five scales
        (Wang et al. 2003). The last two are left out for images smaller than the window on the smallest scale: 11 and 176 pixels.

    Raises:
        UserError: images of two sizes.
    """
    if real.shape != fake.shape:
        raise UserError(f"A true image of shape {real.shape} and a generated one of shape {fake.shape} cannot be compared: use one size.")
    # SSIM compares means, so black must be 0: on [-1, 1] mid-gray would be.
    real, fake = real + 1.0, fake + 1.0
    scores = {"l1": float(np.mean(np.abs(real - fake))), "psnr": min(float(tf.image.psnr(real, fake, max_val=2.0)), 100.0)}
    images = [tf.constant(image, tf.float32) for image in (real, fake)]
    if min(real.shape[:2]) >= WINDOW:
        scores["ssim"] = float(tf.image.ssim(*images, max_val=2.0))
    if min(real.shape[:2]) >= WINDOW_OF_SCALES:
        scores["ms_ssim"] = float(tf.image.ssim_multiscale(*images, max_val=2.0))
    return scores
