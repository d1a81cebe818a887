import numpy as np
import pytest

from tfgan.evaluation.paired import paired_scores


def constant(value, size=16):
    return np.full((size, size, 3), value, np.float32)


def noisy_pair(size=24, channels=3):
    random = np.random.default_rng(0)
    real = random.uniform(-1, 1, (size, size, channels)).astype(np.float32)
    return real, np.clip(real + random.normal(0, 0.3, real.shape), -1, 1).astype(np.float32)


def test_equal_images():
    real, _ = noisy_pair()
    assert paired_scores(real, real) == pytest.approx({"l1": 0, "psnr": 100, "ssim": 1}, abs=1e-6)


def test_black_beside_white():
    # PSNR: 10 log10(2² / 2²) = 0. SSIM of two constants: C1 / (1 + C1) with C1 = 0.01², both on a range of 1.
    scores = paired_scores(constant(-1), constant(1))
    assert scores == pytest.approx({"l1": 2, "psnr": 0, "ssim": 1e-4 / (1 + 1e-4)}, abs=1e-5)


def test_constants_by_hand():
    # -0.5 and 0.5 are 1/4 and 3/4 of the range: mse 1, psnr 10 log10 4; SSIM (2 · 3/16 + C1) / (1/16 + 9/16 + C1).
    scores = paired_scores(constant(-0.5), constant(0.5))
    assert scores == pytest.approx({"l1": 1, "psnr": 6.0206, "ssim": (0.375 + 1e-4) / (0.625 + 1e-4)}, abs=1e-4)


def test_psnr_and_l1_of_noise_as_numpy_has_them():
    real, fake = noisy_pair()
    scores = paired_scores(real, fake)
    bytes_real, bytes_fake = (127.5 * (image.astype(np.float64) + 1) for image in (real, fake))  # the same on the scale of 0 to 255
    assert scores["psnr"] == pytest.approx(10 * np.log10(255**2 / np.mean((bytes_real - bytes_fake) ** 2)), abs=1e-4)
    assert scores["l1"] == pytest.approx(np.mean(np.abs(bytes_real - bytes_fake)) / 127.5, abs=1e-6)


def ssim_by_the_paper(x, y, peak):
    """Wang et al. 2004, eq. 13: 11×11 Gaussian window of σ 1.5, K1 0.01, K2 0.03; mean over the windows inside the image."""
    weights = np.exp(-((np.arange(11) - 5.0) ** 2) / (2 * 1.5**2))
    window = np.outer(weights, weights) / weights.sum() ** 2
    c1, c2 = (0.01 * peak) ** 2, (0.03 * peak) ** 2

    def mean(image):
        return np.einsum("abcij,ij->abc", np.lib.stride_tricks.sliding_window_view(image, (11, 11), axis=(0, 1)), window)

    mx, my = mean(x), mean(y)
    covariance, variances = mean(x * y) - mx * my, mean(x * x) - mx**2 + mean(y * y) - my**2
    return np.mean((2 * mx * my + c1) * (2 * covariance + c2) / ((mx**2 + my**2 + c1) * (variances + c2)))


@pytest.mark.parametrize("channels", [1, 3])
def test_ssim_as_the_paper_has_it_on_the_scale_of_0_to_255(channels):
    real, fake = noisy_pair(channels=channels)
    expected = ssim_by_the_paper(*(127.5 * (image.astype(np.float64) + 1) for image in (real, fake)), peak=255)
    assert 0.3 < expected < 0.99
    assert paired_scores(real, fake)["ssim"] == pytest.approx(expected, abs=1e-4)


def test_images_smaller_than_the_window_have_no_ssim():
    assert paired_scores(constant(0, 10), constant(0.5, 10)).keys() == {"l1", "psnr"}
    assert "ssim" in paired_scores(constant(0, 11), constant(0.5, 11))


def test_a_broken_image_has_no_good_score():
    assert np.isnan(paired_scores(constant(0, 10), constant(np.nan, 10))["psnr"])
