"""`tfgan translate` where a run knows several ways, attributes or styles: --to, --set, --style and --seed, with one tiny run a method."""

import numpy as np
import pytest
from PIL import Image

from tfgan.cli.main import main
from tfgan.config.verbs import TranslateConfig
from tfgan.data import open_dataset
from tfgan.data.label_maps.maps import paint
from tfgan.data.preparation.normalization import denormalize
from tfgan.data.reading import images
from tfgan.errors import UserError
from tfgan.inference import open_inference
from tfgan.inference.tiling import translate_image
from tfgan.runs.judging import judge_translation
from tfgan.runs.opening import open_run
from tfgan.runs.results.conditions import choose_translator, make_conditions
from tfgan.runs.training.pictures import stored_inputs

pytestmark = pytest.mark.usefixtures("eagerly")

COMMON = "--image_size=16 --ngf=4 --ndf=4 --batch_size=2 --synthetic_images=4 --steps=1 --num_samples=2 --notensorboard"
FLAGS = {
    "pix2pix": "--generator=unet_16 --n_layers=1",
    "cyclegan": "--generator=resnet_1 --n_layers=1",
    "stargan": "--n_layers=2 --n_blocks=1 --n_critic=1",
    "spade": "--depth=2 --n_layers=2 --style_encoder --encoder_size=16 --latent_dim=4",
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Name of a method -> the folder of its run, trained by the command line for one step."""
    made = {}

    def find(name):
        if name not in made:
            made[name] = tmp_path_factory.mktemp("runs") / name
            assert main(["train", f"--method={name}", *COMMON.split(), *FLAGS[name].split(), f"--workdir={made[name]}"]) == 0
        return made[name]

    return find


@pytest.fixture(scope="module")
def opened(folder):
    """Name of a method -> its run, and its signatures."""
    made = {}

    def find(name):
        if name not in made:
            run = open_run(str(folder(name)))
            made[name] = run, open_inference(run.method)
        return made[name]

    return find


@pytest.fixture
def photo(tmp_path):
    pixels = np.random.default_rng(0).integers(0, 256, (16, 20, 3), np.uint8)
    Image.fromarray(pixels).save(tmp_path / "photo.png")
    return pixels


@pytest.fixture
def label_file(opened, tmp_path):
    """The indices of a label map that is in a file, in the colors of the built-in set."""
    indices = np.random.default_rng(0).integers(0, 3, (4, 5)).astype(np.int32).repeat(4, axis=0).repeat(4, axis=1)
    images.save(tmp_path / "labels.png", paint(indices, opened("spade")[0].config.spec.domains["labels"].classes))
    return indices


def translate(folder, source, output, *flags):
    assert main(["translate", str(folder), str(source), str(output), "--overwrite", "--size=full", *flags]) == 0
    return images.decode(output / source.name)


def test_each_direction_by_the_name_of_its_target(folder, opened, photo, tmp_path, capsys):
    _, signatures = opened("cyclegan")
    for to, name, words in (("night", "to_night", "day to night"), ("day", "to_day", "night to day")):
        result = translate(folder("cyclegan"), tmp_path / "photo.png", tmp_path / "out", f"--to={to}")
        np.testing.assert_array_equal(result, signatures[name].pixels(photo[None])[0])
        assert words in capsys.readouterr().out


def test_a_result_of_the_other_way_is_not_taken_for_one_of_this(folder, photo, tmp_path, capsys):
    command = ["translate", str(folder("cyclegan")), str(tmp_path / "photo.png"), str(tmp_path / "out")]
    assert main([*command, "--to=night"]) == main([*command, "--to=night"]) == 0
    capsys.readouterr()
    assert main([*command, "--to=day"]) == 1
    assert (
        f"0 written to {tmp_path / 'out'}\n1 in {tmp_path / 'out'} have another way (day to night, not night to day). They stay: "
        "--overwrite replaces them, or name another folder." in capsys.readouterr().out
    )
    before = (tmp_path / "out" / "photo.png").read_bytes()
    assert main([*command, "--to=day", "--overwrite"]) == 0 and main([*command, "--to=day"]) == 0
    assert "0 written" in capsys.readouterr().out and (tmp_path / "out" / "photo.png").read_bytes() != before


def test_a_style_a_seed_and_attributes_are_part_of_a_results_origin(folder, photo, label_file, tmp_path, capsys):
    spade = ["translate", str(folder("spade")), str(tmp_path / "labels.png"), str(tmp_path / "spade")]
    stargan = ["translate", str(folder("stargan")), str(tmp_path / "photo.png"), str(tmp_path / "stargan")]
    for command, flag, other in ((spade, "--seed=1", "--seed=2"), (stargan, "--set=night", "--set=~night")):
        assert [main([*command, word]) for word in (flag, flag, other)] == [0, 0, 1]
    assert "have another seed (1, not 2)" in (said := capsys.readouterr().out) and "have another set (night, not ~night)" in said
    style = [*spade, f"--style={tmp_path / 'photo.png'}"]
    assert main([*style, "--overwrite"]) == main(style) == 0
    images.save(tmp_path / "photo.png", photo[::-1])
    assert main(style) == 1


def test_the_end_of_training_names_both_ways(tmp_path, capsys):
    assert main(["train", "--method=cyclegan", *COMMON.split(), *FLAGS["cyclegan"].split(), f"--workdir={tmp_path / 'run'}"]) == 0
    assert f"  tfgan translate {tmp_path / 'run'} IMAGES OUTPUT --to=night  (or --to=day)\n" in capsys.readouterr().out


def test_attributes_are_those_of_the_image_but_for_the_changed_ones(folder, opened, photo, tmp_path):
    run, signatures = opened("stargan")
    names = run.config.spec.attribute_names
    scores = signatures["classify"].pixels(photo[None]).numpy()[0]
    wanted = (scores > 0.5).astype(np.float32)
    materials = [names.index(name) for name in run.config.spec.attribute_groups[0]]
    wanted[materials] = 0
    wanted[names.index("brick")] = 1
    wanted[names.index("night")] = 0
    expected = translate_image(signatures["translate"], photo, {"attributes": wanted})
    result = translate(folder("stargan"), tmp_path / "photo.png", tmp_path / "out", "--set=brick,~night")
    np.testing.assert_array_equal(result, expected)
    assert (translate(folder("stargan"), tmp_path / "photo.png", tmp_path / "out", "--set=wood,night") != result).any()


def test_attributes_are_looked_up_in_each_image(opened):
    run, signatures = opened("stargan")
    classify = signatures["classify"]
    seen = []

    class Spy(type(classify)):
        def pixels(self, image):
            seen.append(int(image[0, 0, 0, 0]))
            return super().pixels(image)

    spied = signatures | {"classify": Spy(classify.encoding)}
    conditions = make_conditions(run, spied, signatures["translate"], TranslateConfig(set="night"))
    for value in (7, 200):
        conditions(np.full((16, 16, 3), value, np.uint8))
    assert seen == [7, 200]


def test_style_of_an_image(folder, opened, photo, label_file, tmp_path):
    _, signatures = opened("spade")
    style = signatures["encode"].pixels(photo[None]).numpy()[0]
    expected = translate_image(signatures["translate"], label_file, {"latent": style})
    result = translate(folder("spade"), tmp_path / "labels.png", tmp_path / "out", f"--style={tmp_path / 'photo.png'}")
    np.testing.assert_array_equal(result, expected)


def test_random_style_is_the_seeds_and_one_for_all_images(folder, opened, label_file, tmp_path):
    run, signatures = opened("spade")
    conditions = make_conditions(run, signatures, signatures["translate"], TranslateConfig(seed=3))
    style = conditions(label_file)["latent"]
    assert style.shape == (4,) and np.abs(style).max() > 0.1
    np.testing.assert_array_equal(conditions(np.zeros((8, 8), np.int32))["latent"], style)
    result = translate(folder("spade"), tmp_path / "labels.png", tmp_path / "out", "--seed=3")
    np.testing.assert_array_equal(result, translate_image(signatures["translate"], label_file, {"latent": style}))
    others = [
        make_conditions(run, signatures, signatures["translate"], TranslateConfig(seed=seed))(label_file)["latent"] for seed in (0, 4)
    ]
    assert all((other != style).any() for other in others)


def test_runs_that_need_nothing(opened):
    for name in ("pix2pix", "cyclegan"):
        run, signatures = opened(name)
        translator = next(iter(signatures.values()))
        assert make_conditions(run, signatures, translator, TranslateConfig())(np.zeros((4, 4, 3), np.uint8)) == {}


REFUSED = [
    ("pix2pix", ["--to=photo"], "--to=photo: the run translates to labels."),
    ("cyclegan", [], "The run translates in 2 ways. Say which: --to=night for day to night, or --to=day for night to day."),
    ("cyclegan", ["--to=nihgt"], "--to=nihgt: the run knows day and night. Did you mean night?"),
    ("cyclegan", ["--to=day", "--set=night"], "--set does nothing for {run}, which has no attributes: leave it out."),
    (
        "pix2pix",
        ["--style={photo}"],
        "--style does nothing for {run}, which has no style encoder (spade with --style_encoder)",
    ),
    ("stargan", ["--set=night", "--style={photo}"], "--style does nothing for {run}, which has no style encoder"),
    ("stargan", [], "Say what to change: --set=NAME,~NAME. The attributes of the run are brick"),
    ("stargan", ["--set=nigth"], "there is no attribute 'nigth'. Did you mean night?"),
    ("spade", ["--set=night"], "--set does nothing for {run}, which has no attributes: leave it out."),
    ("spade", ["--style={folder}/none.png"], "--style={folder}/none.png: cannot be read: No such file"),
    ("spade", ["--style={folder}/broken.png"], "--style={folder}/broken.png: not an image"),
    ("spade", ["--style={photo}", "--seed=1"], "--seed does nothing with --style, which replaces the random one: leave it out."),
    ("cyclegan", ["--to=day", "--seed=1"], "--seed does nothing for {run}, which takes no random style: leave it out."),
    ("stargan", ["--set=night", "--seed=1"], "--seed does nothing for {run}, which takes no random style: leave it out."),
]


def test_a_way_is_asked_for_from_the_record_and_from_the_networks(folder, opened, photo, tmp_path):
    said = "The run translates in 2 ways. Say which: --to=night for day to night, or --to=day for night to day."
    with pytest.raises(UserError, match=said):
        judge_translation(str(folder("cyclegan")), str(tmp_path / "photo.png"), str(tmp_path / "out"), TranslateConfig())
    with pytest.raises(UserError, match=said):
        choose_translator(opened("cyclegan")[1], "")


@pytest.mark.parametrize(("name", "flags", "message"), REFUSED)
def test_refusals(folder, photo, tmp_path, capsys, name, flags, message):
    (tmp_path / "broken.png").write_bytes(b"no image")
    words = {"photo": tmp_path / "photo.png", "folder": tmp_path, "run": folder(name)}
    arguments = [str(folder(name)), str(tmp_path / "photo.png"), str(tmp_path / "out"), *(flag.format(**words) for flag in flags)]
    assert main(["translate", *arguments]) == 2
    assert message.format(**words) in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("name", FLAGS)
def test_stored_inputs_are_the_first_validation_images(opened, name):
    run, signatures = opened(name)
    config = run.config
    dataset = open_dataset(config.data, config.spec.kind, config.hparams.image_size, config.hparams.loaded_size())
    count = config.spec.sizes["validation"]
    for signature in signatures.values():
        found = stored_inputs(run.folder, signature)
        assert len(found) == 2
        for image, index in zip(found, (0, count // 2)):
            expected = dataset.validation_example(index)[signature.input_key]
            maps = signature.source.dtype == "int32"
            assert image.dtype == signature.source.dtype and image.ndim == 3 - maps
            np.testing.assert_array_equal(image, expected if maps else denormalize(expected, signature.source))


def test_maps_that_cannot_be_read_do_not_stop_the_others(folder, photo, label_file, tmp_path, capsys):
    (tmp_path / "maps").mkdir()
    (tmp_path / "labels.png").rename(tmp_path / "maps" / "labels.png")
    images.save(tmp_path / "maps" / "other.png", np.full((16, 16, 3), (250, 250, 250), np.uint8))
    assert main(["translate", str(folder("spade")), str(tmp_path / "maps"), str(tmp_path / "out")]) == 1
    printed = capsys.readouterr()
    assert "1 written" in printed.out and "an area of color #fafafa belongs to none of the classes" in printed.err
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["labels.png"]


def test_choice_of_a_translation_passes_encoders_over(opened):
    _, signatures = opened("stargan")
    backwards = dict(reversed(signatures.items()))
    assert choose_translator(backwards, "") is signatures["translate"] and choose_translator(backwards, "photo") is signatures["translate"]
