"""`tfgan sample --sheet=projection` and `--sheet=directions`, and the same from Python, of tiny runs."""

import re

import keras
import numpy as np
import pytest

import tfgan
from tfgan.cli.main import main
from tfgan.data.reading import images
from tfgan.inference import space
from tfgan.inference.grids import GAP, LEAST_CELL

pytestmark = pytest.mark.usefixtures("eagerly")

SIZE = 8
SMALL = f"--image_size={SIZE} --batch_size=2 --synthetic_images=4 --steps=1 --num_samples=1 --notensorboard --precision=float32"
NETWORK = "--latent_dim=4 --w_dim=6 --mapping_layers=1 --channel_base=8 --channel_max=4 --noprogressive"


@pytest.fixture(scope="module", autouse=True)
def few_samples():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(space, "SAMPLES", 16)
        yield


@pytest.fixture(scope="module")
def folder(tmp_path_factory, eagerly):
    folder = tmp_path_factory.mktemp("runs") / "stylegan"
    assert main(["train", "--method=stylegan", *SMALL.split(), *NETWORK.split(), f"--workdir={folder}"]) == 0
    return folder


@pytest.fixture(scope="module")
def run(folder):
    return tfgan.load(folder)


@pytest.fixture(scope="module")
def cgan(tmp_path_factory, eagerly):
    folder = tmp_path_factory.mktemp("runs") / "cgan"
    assert main(["train", "--method=cgan", *SMALL.split(), f"--workdir={folder}"]) == 0
    return folder


@pytest.fixture
def photos(tmp_path):
    """Two photos of other sizes and types."""
    random = np.random.default_rng(0)
    (tmp_path / "photos" / "more").mkdir(parents=True)
    images.save(tmp_path / "photos" / "a.png", random.integers(0, 256, (20, 30, 3), np.uint8))
    images.save(tmp_path / "photos" / "more" / "b.jpg", random.integers(0, 256, (16, 16, 1), np.uint8))
    return tmp_path / "photos"


def sample(folder, output, *flags):
    return main(["sample", str(folder), str(output), *flags])


def test_projection_writes_a_sheet_and_w(folder, run, photos, tmp_path, capsys):
    sheet = tmp_path / "found.png"
    command = [f"--images={photos}", "--sheet=projection", "--projection_steps=2", "--columns=4"]
    assert sample(folder, sheet, *command) == 0
    said = capsys.readouterr().out
    assert re.search(r"a\.png: [\d.e-]+\nmore/b\.jpg: ", said)
    assert "pixels, squared on [-1, 1], and of the maps of the run's discriminator" in said
    assert images.decode(sheet).shape[1] == 4 * LEAST_CELL + 5 * GAP  # image, steps 0 and 1, result
    w = np.load(tmp_path / "found_latents" / "more" / "b.npy", allow_pickle=False)
    found = run.project(photos / "more" / "b.jpg", steps=2)
    assert w.shape == (6,) and w.dtype == np.float32
    np.testing.assert_array_equal(found.latents, w[None])
    assert f"more/b.jpg: {found.distances[0]:.4g}\n" in said and found.with_noise[0] == found.distances[0]
    np.testing.assert_allclose(run.sample(w=w[None], dtype="float32"), found.images, atol=1e-6)
    assert run.sample(w=w[None]).dtype == np.uint8

    assert sample(folder, sheet, *command) == 2 and "found.png exists" in capsys.readouterr().err
    sheet.unlink()
    assert sample(folder, sheet, *command) == 2 and "a.npy exists: use --overwrite" in capsys.readouterr().err
    command = [f"--images={photos}/a.png", "--sheet=projection", "--projection_steps=1", "--projection_noise", "--overwrite"]
    assert sample(folder, sheet, *command) == 0
    assert re.search(r"a\.png: [\d.e-]+, [\d.e-]+ with noise maps of its own\n", capsys.readouterr().out)


def test_distances_by_given_features(folder, run, photos, tmp_path, capsys):
    image = keras.Input((None, None, 3))
    keras.Model(image, keras.layers.Conv2D(4, 3, strides=4)(image)).save(tmp_path / "net.keras")
    found = run.project(photos / "a.png", steps=1, features=tmp_path / "net.keras")
    assert found.measure == "distance of the feature maps of net.keras, of unit length, without LPIPS' learned weights"
    command = [f"--images={photos}/a.png", "--sheet=projection", "--features=absent.keras"]
    assert sample(folder, tmp_path / "no.png", *command) == 2
    assert "--features=absent.keras is missing" in capsys.readouterr().err and not (tmp_path / "no.png").exists()


@pytest.mark.slow
def test_projection_of_a_class(cgan, photos, tmp_path, capsys):
    command = [f"--images={photos}/a.png", "--sheet=projection", "--projection_steps=1"]
    assert sample(cgan, tmp_path / "found.png", *command) == 2 and "say which, --classes=NAME" in capsys.readouterr().err
    run = tfgan.load(cgan)
    name = run.sampler.class_names[1]
    assert sample(cgan, tmp_path / "found.png", *command, f"--classes={name}") == 0
    z = np.load(tmp_path / "found_latents" / "a.npy", allow_pickle=False)
    found = run.project(photos / "a.png", steps=1, label=name)
    np.testing.assert_array_equal(z, found.latents[0])
    np.testing.assert_allclose(run.sampler(z[None], [1]), found.images, atol=1e-6)
    assert "noise maps" not in capsys.readouterr().out
    with pytest.raises(ValueError, match="w is StyleGAN's"):
        run.sample(w=z[None])


def test_main_directions(folder, run, tmp_path, capsys):
    assert sample(folder, tmp_path / "d.png", "--sheet=directions", "--rows=2", "--strengths=0,2", "--seed=3") == 0
    assert re.search(r"component 1: \d+\.\d% of the variance\ncomponent 2: ", capsys.readouterr().out)
    with np.load(tmp_path / "d.npz", allow_pickle=False) as arrays:
        vectors, deviations, names = (arrays[name] for name in ("vectors", "deviations", "names"))
        assert arrays["run"] == "stylegan" and len(str(arrays["weights"])) == 16
    found = run.directions(2)
    np.testing.assert_array_equal(found.vectors, vectors)
    assert vectors.shape == (2, 6) and names.tolist() == ["component 1", "component 2"]
    styles = run.sampler.styles.map(run.sampler.latents([3]), 0.7).numpy()
    edited = run.sample(w=styles + 2.0 * deviations[1] * vectors[1])
    picture = images.decode(tmp_path / "d.png")
    factor, left = LEAST_CELL // SIZE, GAP + LEAST_CELL + GAP
    bottom = picture[picture.shape[0] - GAP - LEAST_CELL : picture.shape[0] - GAP, left : left + LEAST_CELL]
    np.testing.assert_allclose(bottom[::factor, ::factor].astype(int), edited[0].astype(int), atol=1)


@pytest.mark.slow
def test_directions_of_sorted_samples(folder, run, tmp_path, capsys, caplog):
    """Samples of the run are known by their seeds, whatever they are called; another image is projected."""
    assert sample(folder, tmp_path / "all", "--count=6") == 0
    for seed in range(6):
        place = tmp_path / ("with", "without")[seed % 2]
        place.mkdir(exist_ok=True)
        (tmp_path / "all" / f"seed{seed:06d}.png").rename(place / f"{seed}.png")
    images.save(tmp_path / "with" / "other.png", np.zeros((9, 7, 3), np.uint8))
    folders = [f"--having={tmp_path / 'with'}", f"--lacking={tmp_path / 'without'}"]
    command = ["--sheet=directions", *folders, "--rows=1", "--projection_steps=1"]
    with caplog.at_level("INFO"):
        assert sample(folder, tmp_path / "d.png", *command) == 0
    assert "--having: 3 of 4 images are samples of the run, whose seeds are known; the others are projected" in caplog.text
    assert "--lacking: 3 of 3 images are samples of the run, whose seeds are known\n" in caplog.text
    assert re.search(r"with: \d+\.\d% of the images told apart", capsys.readouterr().out)
    w = run.sampler.styles.map(run.sampler.latents([1, 3, 5, 0, 2, 4]), 1.0).numpy()[:, 0]
    w = np.concatenate([w, run.project(tmp_path / "with" / "other.png", steps=1).latents])
    expected = run.directions(latents=w, labels=[0, 0, 0, 1, 1, 1, 1])
    with np.load(tmp_path / "d.npz", allow_pickle=False) as arrays:
        np.testing.assert_allclose(arrays["vectors"], expected.vectors, atol=1e-4)
        assert arrays["names"].tolist() == ["with"]


def test_truncation_and_noise_of_samples(folder, run, tmp_path):
    flags = ["--count=2", "--truncation=0", "--truncation_layers=1"]
    assert sample(folder, tmp_path / "out", *flags, "--noise_mode=none") == 0
    made = run.sample([1], truncation=0.0, truncation_layers=1, noise_mode="none")
    np.testing.assert_array_equal(images.decode(tmp_path / "out" / "seed000001.png"), made[0])
    assert np.any(made != run.sample([1], truncation=0.0, noise_mode="none"))
    assert sample(folder, tmp_path / "out", *flags) == 1  # what is there has other noise


@pytest.mark.parametrize(
    "name, flags, message",
    [
        ("stylegan", ["--sheet=projection"], "needs --images"),
        ("stylegan", ["--sheet=projection", "--images={photos}", "--truncation=0.5"], "--truncation does nothing with --sheet=projection"),
        ("stylegan", ["--sheet=mixing", "--noise_mode=none"], "--noise_mode does nothing"),
        ("stylegan", ["--sheet=directions", "--features=inception"], "--features does nothing without images to project"),
        ("stylegan", ["--projection_steps=5"], "--projection_steps does nothing without --sheet=projection"),
        ("stylegan", ["--sheet=directions", "--rows=7"], "has no 7 directions"),
        ("stylegan", ["--sheet=directions", "--images={photos}"], "main directions are shown of --seed"),
        ("cgan", ["--noise_mode=random"], ": it is for StyleGAN"),
        ("cgan", ["--sheet=directions"], "has no main directions"),
    ],
)
def test_what_cannot_be_is_refused(folder, cgan, photos, tmp_path, capsys, name, flags, message):
    folders = {"stylegan": folder, "cgan": cgan}
    assert sample(folders[name], tmp_path / "out.png", *(flag.format(photos=photos) for flag in flags)) == 2
    assert message in capsys.readouterr().err and not list(tmp_path.glob("out*"))


def test_python_says_what_does_not_fit(run):
    with pytest.raises(ValueError, match="give N×6 or N×4×6"):
        run.sample(w=np.zeros([1, 5]))
    with pytest.raises(ValueError, match="truncation does nothing with w"):
        run.sample(w=np.zeros([1, 6]), truncation=0.5)
    with pytest.raises(ValueError, match="go together"):
        run.directions(latents=np.zeros([3, 6]))
    with pytest.raises(ValueError, match="give N×6"):
        run.directions(latents=np.zeros([3, 5]), labels=[0, 1, 1])


def test_path_length_of_a_run(folder, tmp_path, capsys):
    image = keras.Input((None, None, 3))
    keras.Model(image, keras.layers.Conv2D(4, 3, strides=4)(image)).save(tmp_path / "net.keras")
    command = ["evaluate", str(folder), "--count=4", f"--features={tmp_path / 'net.keras'}"]
    assert main([*command, "--metrics=ppl_features"]) == 0
    assert re.search(r"ppl_features ↓ +[\d.]+ \([\d.]+ to [\d.]+\)", capsys.readouterr().out)
    assert main([*command, "--metrics=ppl"]) == 2 and "ppl needs --lpips_weights=FILE" in capsys.readouterr().err
