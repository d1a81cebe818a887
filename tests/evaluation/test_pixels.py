import numpy as np
import pytest

from tfgan.errors import UserError
from tfgan.evaluation.pixels import paired_scores


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


def components_by_the_paper(x, y, peak):
    """Wang et al. 2004, eq. 6 and 13: 11×11 Gaussian window of σ 1.5, K1 0.01, K2 0.03; luminance, and contrast with structure, at the
    windows inside the image."""
    weights = np.exp(-((np.arange(11) - 5.0) ** 2) / (2 * 1.5**2))
    window = np.outer(weights, weights) / weights.sum() ** 2
    c1, c2 = (0.01 * peak) ** 2, (0.03 * peak) ** 2

    def mean(image):
        return np.einsum("abcij,ij->abc", np.lib.stride_tricks.sliding_window_view(image, (11, 11), axis=(0, 1)), window)

    mx, my = mean(x), mean(y)
    covariance, variances = mean(x * y) - mx * my, mean(x * x) - mx**2 + mean(y * y) - my**2
    return (2 * mx * my + c1) / (mx**2 + my**2 + c1), (2 * covariance + c2) / (variances + c2)


def ssim_by_the_paper(x, y, peak):
    luminance, structure = components_by_the_paper(x, y, peak)
    return np.mean(luminance * structure)


def ms_ssim_by_the_paper(x, y, peak):
    """Wang et al. 2003, eq. 7 and §3.2, on sizes that halve four times without a rest: a product of a channel's scales."""
    score = 1.0
    for weight in (0.0448, 0.2856, 0.3001, 0.2363):
        score = score * components_by_the_paper(x, y, peak)[1].mean(axis=(0, 1)) ** weight
        x, y = ((image[::2, ::2] + image[1::2, ::2] + image[::2, 1::2] + image[1::2, 1::2]) / 4 for image in (x, y))
    luminance, structure = components_by_the_paper(x, y, peak)
    score = score * (luminance * structure).mean(axis=(0, 1)) ** 0.1333
    return score.mean()


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


@pytest.mark.parametrize("channels, ssim, psnr", [(1, 0.90803853, 17.5746975), (3, 0.88678596, 17.0634016)])
def test_ssim_and_psnr_as_scikit_image_has_them(channels, ssim, psnr):
    real, fake = noisy_pair(channels=channels)
    scores = paired_scores(real, fake)
    assert scores["ssim"] == pytest.approx(ssim, abs=2e-6) and scores["psnr"] == pytest.approx(psnr, abs=1e-5)  # scikit-image 0.26.0
    metrics = pytest.importorskip("skimage.metrics", reason="scikit-image is not installed: its figures above were taken with 0.26.0")
    images = [image.astype(np.float64) + 1.0 for image in (real, fake)]
    settings = {"data_range": 2.0, "gaussian_weights": True, "sigma": 1.5, "use_sample_covariance": False, "channel_axis": 2}
    assert metrics.structural_similarity(*images, **settings) == pytest.approx(scores["ssim"], abs=2e-6)
    assert metrics.peak_signal_noise_ratio(*images, data_range=2.0) == pytest.approx(scores["psnr"], abs=1e-5)


def test_ms_ssim():
    real, fake = noisy_pair(176)
    found = paired_scores(real, fake)["ms_ssim"]
    assert found == pytest.approx(ms_ssim_by_the_paper(*(image.astype(np.float64) + 1.0 for image in (real, fake)), peak=2), abs=2e-5)
    assert found == pytest.approx(0.9083184, abs=2e-5)  # pytorch-msssim 1.0.0, window 11, data range 2, images from 0 to 2
    assert found > paired_scores(real, fake)["ssim"] + 0.01  # coarse scales see less of the noise


def test_ms_ssim_of_constants_by_hand():
    # Contrast and structure of constants are 1 on each scale; luminance counts on the last alone, with its exponent.
    assert paired_scores(constant(-1, 176), constant(1, 176))["ms_ssim"] == pytest.approx((1e-4 / (1 + 1e-4)) ** 0.1333, abs=1e-4)
    assert paired_scores(constant(0.3, 176), constant(0.3, 176))["ms_ssim"] == pytest.approx(1, abs=1e-6)


def test_images_smaller_than_the_window_on_the_fifth_scale_have_no_ms_ssim():
    shape = (176, 175, 1)
    assert "ms_ssim" not in paired_scores(np.zeros(shape, np.float32), np.zeros(shape, np.float32))


def test_images_of_two_sizes():
    with pytest.raises(UserError, match=r"\(16, 16, 3\).*\(12, 12, 3\)"):
        paired_scores(constant(0), constant(0, 12))
