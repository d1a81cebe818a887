"""SPADE with instance maps (--instances), from the check to the export: in a folder of their own, and beside the label maps."""

import contextlib
import io
import json

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image
from tiny_folders import check, save

import tfgan
from tfgan.cli.main import main
from tfgan.config.verbs import ServeConfig
from tfgan.data.label_maps.objects import numbered, read_instances
from tfgan.errors import UnreadableImage, UserError
from tfgan.instances import packed
from tfgan.runs.opening import open_run, read_config

DATA = ("--method=spade", "--direction=label_to_img", "--instances=inst")
SMALL = ("--image_size=16", "--depth=2", "--n_layers=2")
FLAGS = (
    *(*SMALL, "--ngf=4", "--ndf=4", "--batch_size=2", "--num_samples=2", "--steps=2"),
    *("--notensorboard", "--validate_every=1", "--dont_care", "--precision=float32"),
)
pytestmark = pytest.mark.usefixtures("eagerly")


def scene(number):
    """A map of three ids, some of 255, of 24×20, and its instances: two objects of the class 2 that touch."""
    labels = np.zeros((24, 20), np.uint8)
    labels[6:18, 4:16], labels[:2] = 2, 255
    labels[20:] = 1
    instances = labels.astype(np.uint16) * 100
    instances[6:18, 10:16] = 40_000 + number
    return labels, instances


def classes_in(labels):
    return np.where(labels == 255, -1, labels.astype(np.int32))


def make(folder, count=4):
    """The layout of pix2pixHD: train_label, train_img and train_inst, whose files have 16 bits, palettes or colors."""
    for split in ("train", "test"):
        for number in range(count if split == "train" else 2):
            labels, instances = scene(number)
            photo = np.array([(200, 30, 30), (30, 200, 30), (30, 30, 200)], np.uint8)[np.minimum(labels, 2)]
            save(folder / f"{split}_img" / f"{number}.png", photo)
            save(folder / f"{split}_label" / f"{number}.png", labels)
            path = folder / f"{split}_inst" / f"{number}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            dense = numbered(instances, instances.shape).astype(np.uint8)
            if number == 1:
                picture = Image.fromarray(dense)
                picture.putpalette([channel for index in range(256) for channel in (index, 0, 255 - index)])
                picture.save(path)
            else:
                save(path, instances if number % 2 == 0 else np.stack([dense * 9, 255 - dense, dense], axis=-1))


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    folder = tmp_path_factory.mktemp("instances") / "data"
    make(folder)
    return folder


@pytest.fixture(scope="module")
def run(data):
    folder = data.parent / "run"
    with contextlib.redirect_stdout(io.StringIO()) as said:
        assert main(["train", *DATA, *FLAGS, f"--data_dir={data}", f"--workdir={folder}"]) == 0
    assert f"tfgan translate {folder} IMAGES OUTPUT --instances=FOLDER" in said.getvalue()
    return folder


def test_the_run_has_a_channel_for_edges(run):
    spec = read_config(run).spec
    assert spec.domains["labels"].instances == "inst" and spec.domains["image"].instances == ""
    assert [tuple(x.shape) for x in tfgan.load(run).networks["generator"].inputs] == [(None, None, None, 3 + 1 + 1)]


def test_check_looks_at_instance_maps(data, tmp_path):
    code, found, text = check(f"--data_dir={data}", *DATA, "--image_size=16", "--noprobe")
    assert code == 0 and not [name for severity, name in found if severity == "error"], text
    assert not {"unused_images", "label_ids"} & {name for _, name in found}, text
    broken = tmp_path / "data"
    make(broken)
    (broken / "train_inst" / "0.png").unlink()
    save(broken / "train_inst" / "2.png", np.zeros((9, 20), np.uint8))
    code, found, text = check(f"--data_dir={broken}", *DATA, "--image_size=16", "--noprobe")
    assert code == 1 and "train_label/0.png has no instance map (--instances=inst)" in text
    assert "train_inst/2.png: instance map is 9×20 but label map is 24×20 (height×width)" in text


def test_all_codings_say_the_same(data):
    """The numbers of instances are those of the files' values, whatever these are; crops and flips move both alike."""
    opened = tfgan.open_dataset("semantic", (24, 20), data_dir=str(data), direction="label_to_img", instances="inst")
    for number in range(4):
        labels, instances = scene(number)
        classes = classes_in(labels)
        found = opened._train[0].source.load(number)["labels"]
        np.testing.assert_array_equal(found, packed(classes, numbered(instances, instances.shape)))


def refused(capsys, *arguments):
    """What a command says that ends with exit code 2."""
    capsys.readouterr()
    assert main(list(map(str, arguments))) == 2
    return capsys.readouterr().err


def test_translate_needs_the_instance_maps(run, data, tmp_path, capsys):
    assert "--instances=FOLDER" in refused(capsys, "translate", run, data / "test_label", tmp_path / "out")
    folder = ["translate", str(run), str(data / "test_label"), str(tmp_path / "out"), f"--instances={data / 'test_inst'}"]
    assert main(folder) == 0
    single = [str(data / "test_label" / "1.png"), str(tmp_path / "one.png"), f"--instances={data / 'test_inst' / '1.png'}"]
    assert main(["translate", str(run), *single]) == 0
    one = np.asarray(Image.open(tmp_path / "one.png"))
    assert one.shape == (24, 20, 3) and (one == np.asarray(Image.open(tmp_path / "out" / "1.png"))).all()
    (tmp_path / "none").mkdir()
    save(tmp_path / "none" / "7.png", np.zeros((4, 4), np.uint8))
    save(tmp_path / "none" / "8.png", np.zeros((4, 4), np.uint8))
    assert "0.png and 1 more of" in refused(capsys, *folder[:-1], f"--instances={tmp_path / 'none'}", "--overwrite")


def test_a_jpeg_is_no_instance_map_whatever_its_name(tmp_path):
    Image.fromarray(scene(0)[1]).convert("L").save(tmp_path / "0.png", "JPEG")
    with pytest.raises(UnreadableImage, match="JPEG blurs the edges between instances"):
        read_instances(tmp_path / "0.png", "first", (24, 20))


def test_translate_in_python(run, data, tmp_path):
    opened = tfgan.load(run)
    labels, instances = scene(0)
    classes = classes_in(labels)
    by_arrays = opened.translate(classes, instances=instances)
    by_files = opened.translate(data / "test_label" / "0.png", instances=str(data / "test_inst" / "0.png"))
    np.testing.assert_array_equal(by_arrays, np.asarray(by_files))
    assert np.any(by_arrays != opened.translate(classes, instances=np.zeros_like(instances)))
    with pytest.raises(UserError, match="give them as instances="):
        opened.translate(classes)
    with pytest.raises(UserError, match="instance map is 3×3 but label map is 24×20"):
        opened.translate(classes, instances=instances[:3, :3])


def test_evaluate_report_and_export(run, tmp_path, capsys):
    assert main(["evaluate", str(run), "--metrics=l1", "--features="]) == 0
    assert main(["report", str(run)]) == 0
    capsys.readouterr()
    out = tmp_path / "export"
    assert main(["export", str(run), f"--output={out}"]) == 0
    assert "plus 256 × the number of the pixel's instance" in capsys.readouterr().out
    about = json.loads((out / "tfgan.json").read_text())
    assert (
        "256 ×" in about["domains"]["label"]["instances"] and "256 ×" in about["functions"]["translate_floats"]["takes"]["labels"]["values"]
    )
    labels, instances = scene(0)
    given = packed(classes_in(labels), numbered(instances, instances.shape))
    served = tf.saved_model.load(str(out)).signatures["serving_default"](labels=tf.constant(given[None]))["images"]
    own = tfgan.load(run).translate(classes_in(labels), instances=instances, size="full")
    assert np.abs(served.numpy()[0].astype(int) - own).max() <= 1


def test_a_page_in_a_browser_takes_one_image(run, capsys):
    assert "was trained with instance maps" in refused(capsys, "app", run)


def png_of(width, height):
    """A PNG of one color."""
    content = io.BytesIO()
    Image.new("L", (width, height)).save(content, "PNG")
    return content.getvalue()


def test_a_server_takes_the_instance_map_beside(run, data, tmp_path, caplog):
    """And gives the very file that `translate` writes; what is missing, too much or does not fit is told."""
    pytest.importorskip("fastapi")
    from fastapi.testclient import TestClient

    from tfgan.runs.results.serving import make_serving

    labels, instances = data / "test_label" / "0.png", data / "test_inst" / "0.png"
    assert main(["translate", str(run), str(labels), str(tmp_path / "one.png"), f"--instances={instances}"]) == 0
    app = make_serving({"streets": open_run(str(run))}, ServeConfig(), "").config.app
    with TestClient(app, base_url="http://localhost") as client:

        def ask(**files):
            return client.post("/translate", files={name: (name, content) for name, content in files.items()})

        made = ask(file=labels.read_bytes(), instances=instances.read_bytes())
        assert made.status_code == 200 and made.content == (tmp_path / "one.png").read_bytes(), made.text
        assert client.get("/v1/models/streets").status_code == 200 and client.get("/app/streets/record.json").status_code == 404
        blurred = io.BytesIO()
        Image.open(instances).convert("L").save(blurred, "JPEG")
        for content, said in (
            (None, 'send that of the label map as "instances" of a form'),
            (blurred.getvalue(), "JPEG blurs the edges between instances: save instance maps as PNG"),
            (png_of(3, 3), "instance map is 3×3 but label map is 24×20"),
            (b"no image", "the instance map: "),
        ):
            answer = ask(file=labels.read_bytes(), **({"instances": content} if content else {}))
            assert answer.status_code == 400 and said in answer.json()["error"], answer.text
        large = png_of(4000, 4000)  # of 16 million pixels in a few bytes
        answer = ask(file=labels.read_bytes(), instances=large)
        assert answer.status_code == 413 and "the instance map has 4000×4000 pixels" in answer.json()["error"], answer.text
    assert "streets has no live page at its server" in caplog.text


@pytest.mark.parametrize(
    "flags, message",
    [
        (("--method=pix2pix", "--instances=inst"), "--instances has no effect for a method that learns from paired images"),
        ((*DATA[:2], "--instances=insd"), "insd"),
        ((*DATA[:2], "--instances={}_inst"), "no label map has an instance map there"),
    ],
)
def test_settings_that_cannot_work(data, tmp_path, capsys, flags, message):
    small = SMALL if "spade" in flags[0] else ("--image_size=16", "--generator=unet_16", "--n_layers=1")
    assert message in refused(capsys, "train", *flags, f"--data_dir={data}", f"--workdir={tmp_path / 'run'}", *small)


def test_instance_maps_beside_the_label_maps(tmp_path):
    """The layout of Cityscapes: label maps and instance maps in one folder, told by --pair_names and a pattern."""
    for split in ("train", "val"):
        for number in range(2):
            labels, instances = scene(number)
            save(tmp_path / "leftImg8bit" / split / f"a_{number}_leftImg8bit.png", np.zeros((24, 20, 3), np.uint8))
            save(tmp_path / "gtFine" / split / f"a_{number}_gtFine_labelIds.png", labels)
            save(tmp_path / "gtFine" / split / f"a_{number}_gtFine_instanceIds.png", instances)
    opened = tfgan.open_dataset(
        "semantic",
        (24, 20),
        data_dir=str(tmp_path),
        direction="gtFine_to_leftImg8bit",
        pair_names=("{}_leftImg8bit", "{}_gtFine_labelIds"),
        instances="{}_gtFine_instanceIds",
    )
    labels, instances = scene(1)
    expected = packed(classes_in(labels), numbered(instances, instances.shape))
    np.testing.assert_array_equal(opened._train[0].source.load(1)["labels"], expected)
    assert [path.name for path in opened._train[0].source.paths(1)][2:] == ["a_1_gtFine_instanceIds.png"]
