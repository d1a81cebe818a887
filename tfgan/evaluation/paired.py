"""Measures of a translated image beside its true one."""

import numpy as np
import tensorflow as tf


def paired_scores(real: np.ndarray, fake: np.ndarray) -> dict[str, float]:
    """Scores of one pair of images H×W×C in [-1, 1].

    Returns:
        l1: mean absolute difference on the [-1, 1] scale (0 to 2); psnr: peak signal-to-noise ratio in dB, at most 100; ssim:
        structural similarity (Wang et al. 2004, 11×11 Gaussian window), 1 for equal images; left out for images smaller than its window.
    """
    # SSIM compares means, so black must be 0: on [-1, 1] mid-grey would be.
    real, fake = real + 1.0, fake + 1.0
    scores = {"l1": float(np.mean(np.abs(real - fake))), "psnr": min(float(tf.image.psnr(real, fake, max_val=2.0)), 100.0)}
    if min(real.shape[:2]) >= 11:
        scores["ssim"] = float(tf.image.ssim(tf.constant(real), tf.constant(fake), max_val=2.0))
    return scores
