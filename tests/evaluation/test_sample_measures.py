"""Made-up pictures: of one mold, negatives, with a grid."""

import numpy as np
import pytest

from tfgan.evaluation.detectors import LEAST_CORRELATION, LEAST_DIVERSITY, MOST_CHECKERBOARD
from tfgan.evaluation.sample_measures import checkerboard, diversity, grid_peak, luminance_correlation, spread

RNG = np.random.default_rng(0)


def photographs(count=4, size=64, seed=0, channels=3):
    """Noise whose amplitude falls as 1/f, as that of photographs does (Field 1987); N×H×W×C in [-1, 1]."""
    rng = np.random.default_rng(seed)
    frequency = np.hypot(*np.meshgrid(np.fft.fftfreq(size), np.fft.fftfreq(size)))
    frequency[0, 0] = np.inf
    noise = np.fft.ifft2(np.fft.fft2(rng.normal(size=(count, channels, size, size))) / frequency).real
    return np.clip(noise / noise.std() * 0.4, -1, 1).transpose(0, 2, 3, 1)


class TestDiversity:
    def test_spread_is_the_mean_over_pairs(self):
        images = RNG.uniform(-1, 1, (5, 4, 6, 3))
        squares = [np.mean((images[i] - images[j]) ** 2) for i in range(5) for j in range(i)]
        assert spread(images) == pytest.approx(np.sqrt(np.mean(squares)), rel=1e-12)

    def test_of_black_and_white(self):
        assert spread(np.stack([np.full((4, 4, 1), -1.0), np.full((4, 4, 1), 1.0)])) == pytest.approx(2.0)

    def test_all_alike_is_0_and_like_real_ones_is_1(self):
        real = photographs()
        assert diversity(np.repeat(real[:1], 4, axis=0), spread(real)) == 0.0
        assert diversity(real[::-1], spread(real)) == pytest.approx(1.0)
        assert diversity(photographs(seed=1), spread(real)) == pytest.approx(1.0, abs=0.3)

    @pytest.mark.parametrize(("share", "alarm"), [(0.1, True), (0.14, True), (0.16, False), (0.5, False)])
    def test_a_faint_rest_of_the_input_does_not_hide_a_collapse(self, share, alarm):
        real = photographs()
        outputs = real.mean(axis=0) + share * (real - real.mean(axis=0))
        assert diversity(outputs, spread(real)) == pytest.approx(share)
        assert (diversity(outputs, spread(real)) < LEAST_DIVERSITY) == alarm

    def test_cannot_be_told(self):
        real = photographs()
        assert spread(real[:1]) is None and spread(real[:0]) is None
        assert diversity(real[:1], spread(real)) is None and diversity(real, None) is None
        assert diversity(real, spread(np.zeros((4, 8, 8, 3)))) is None  # real images without differences

    def test_keeps_float32(self):
        assert diversity(photographs().astype(np.float32), spread(photographs())) == pytest.approx(1.0, abs=1e-5)


class TestLuminanceCorrelation:
    def test_of_the_same_and_of_the_negative(self):
        images = photographs()
        assert luminance_correlation(images, 0.3 * images + 0.2) == pytest.approx(1.0)
        assert luminance_correlation(images, -0.3 * images + 0.2) == pytest.approx(-1.0)

    def test_by_hand(self):
        before = np.array([[-1.0, 0.0], [0.0, 1.0]]).reshape(1, 2, 2, 1)
        after = np.array([[0.0, -1.0], [1.0, 0.0]]).reshape(1, 2, 2, 1)
        assert luminance_correlation(before, before) == pytest.approx(1.0)
        assert luminance_correlation(before, after) == pytest.approx(0.0)
        assert luminance_correlation(before, after + before) == pytest.approx(1 / np.sqrt(2))

    def test_is_the_mean_over_images_and_each_has_its_own_mean(self):
        image = photographs(1)
        both = np.concatenate([image, image + 0.5])
        assert luminance_correlation(both, np.concatenate([image, -image])) == pytest.approx(0.0)

    def test_colors_may_change(self):
        """Red for green is no negative; other images are not either."""
        images = photographs()
        assert luminance_correlation(images, images[..., ::-1]) == pytest.approx(1.0)
        assert luminance_correlation(images, photographs(seed=1)) > LEAST_CORRELATION

    def test_numbers_of_channels_may_differ_and_transparency_does_not_count(self):
        gray = photographs(channels=1)
        transparent = np.concatenate([np.repeat(gray, 3, axis=3), -5 * gray], axis=3)
        assert luminance_correlation(gray, transparent) == pytest.approx(1.0)

    def test_flat_images_say_nothing(self):
        images = photographs(2)
        assert luminance_correlation(images, np.zeros_like(images)) is None
        half = np.concatenate([images[:1], np.zeros_like(images[:1])])
        assert luminance_correlation(images, half) == pytest.approx(1.0)


def pattern(kind, period, size=64, amplitude=0.1):
    """N×H×W×C: what overlapping kernels of a stride leave."""
    wave = np.cos(2 * np.pi * np.arange(size) / period)
    rows, columns = np.meshgrid(wave, wave, indexing="ij")
    grid = {"rows": rows, "columns": columns, "checks": rows * columns}[kind]
    return amplitude * grid[None, :, :, None]


class TestCheckerboard:
    @pytest.mark.parametrize("size", [32, 64, 100, 256])
    @pytest.mark.parametrize("seed", range(3))
    def test_photographs_have_none(self, size, seed):
        assert grid_peak(photographs(size=size, seed=seed)) < 7
        assert checkerboard(photographs(size=size, seed=seed), grid_peak(photographs(size=size, seed=9))) < MOST_CHECKERBOARD / 1.5

    @pytest.mark.parametrize("period", [2, 4, 8])
    @pytest.mark.parametrize("kind", ["rows", "columns", "checks"])
    def test_a_pattern_of_each_period_and_direction(self, kind, period):
        real = photographs(size=64)
        assert checkerboard(real + pattern(kind, period, amplitude=0.3), grid_peak(real)) > MOST_CHECKERBOARD

    @pytest.mark.parametrize("period", [3, 5, 6, 7, 16])
    def test_other_periods_are_no_strides(self, period):
        real = photographs(size=64)
        assert checkerboard(real + pattern("checks", period), grid_peak(real)) < MOST_CHECKERBOARD / 2

    def test_size_of_a_pure_pattern(self):
        """On gray, the floor is the power of an amplitude of 0.01 in one frequency; the Nyquist frequency is its own mirror image and
        holds twice the amplitude, four times the power."""
        gray = np.zeros((1, 64, 64, 1))
        assert grid_peak(gray) == pytest.approx(0.0, abs=1e-9)
        assert grid_peak(gray + pattern("checks", 2, amplitude=0.1)) == pytest.approx(10 * np.log10(1 + 4 * 100), abs=1e-6)
        assert grid_peak(gray + pattern("rows", 4, amplitude=0.1)) == pytest.approx(10 * np.log10(1 + 100), abs=1e-6)

    def test_what_cannot_be_seen_is_none(self):
        smooth = photographs(size=64) * 1e-3
        assert grid_peak(smooth + pattern("rows", 4, amplitude=0.005)) < 1.1

    def test_real_images_that_have_it_too(self):
        real = photographs(size=64) + pattern("checks", 8, amplitude=0.5)
        assert checkerboard(photographs(size=64, seed=1) + pattern("checks", 8, amplitude=0.5), grid_peak(real)) < 3

    @pytest.mark.parametrize("size", [32, 48])
    def test_small_images_show_the_small_periods(self, size):
        real = photographs(size=size)
        assert checkerboard(real + pattern("checks", 2, size, 0.3), grid_peak(real)) > MOST_CHECKERBOARD
        assert checkerboard(real + pattern("checks", 4, size, 0.3), grid_peak(real)) > MOST_CHECKERBOARD

    def test_sizes_that_are_no_multiple_of_8_and_not_square(self):
        images = photographs(size=100)[:, :70]
        assert checkerboard(images + pattern("checks", 4, 100, 0.3)[:, :70], grid_peak(images)) > MOST_CHECKERBOARD

    def test_cannot_be_told(self):
        assert grid_peak(photographs(size=31)) is None and grid_peak(photographs()[:0]) is None
        assert checkerboard(photographs(), None) is None and checkerboard(photographs(size=16), 3.0) is None

    def test_a_transposed_convolution_shows_and_resizing_does_not(self):
        """Two layers of stride 2 with kernels of 3, whose windows overlap unevenly, against twice nearest neighbor and a blur."""
        small = photographs(size=32) + 0.3

        def blur(images):
            return sum(np.roll(images, shift, axis) for axis in (1, 2) for shift in (-1, 0, 1)) / 6

        def deconvolve(images):
            spread_out = np.zeros((len(images), 2 * images.shape[1], 2 * images.shape[2], images.shape[3]))
            spread_out[:, ::2, ::2] = images
            return sum(np.roll(spread_out, (y, x), (1, 2)) for y in (-1, 0, 1) for x in (-1, 0, 1)) / 2.25

        real = grid_peak(photographs(size=128, seed=5))
        resized = blur(blur(small.repeat(2, 1).repeat(2, 2)).repeat(2, 1).repeat(2, 2))
        assert checkerboard(deconvolve(deconvolve(small)), real) > MOST_CHECKERBOARD
        assert checkerboard(resized, real) < 0
