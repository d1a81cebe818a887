"""Runs of weights that somebody else trained, made of files that `tfgan export --format=safetensors` wrote: no PyTorch is needed."""

import json
import shutil

import numpy as np
import pytest
from PIL import Image
from safetensors.numpy import load_file, save_file

import tfgan
from tfgan.cli.main import main
from tfgan.data import parse_direction
from tfgan.errors import UserError
from tfgan.networks.generators import build_generator
from tfgan.networks.patchgan import patchgan
from tfgan.networks.spade import spade_generator
from tfgan.networks.stargan import stargan_discriminator, stargan_generator
from tfgan.runs.importing.choosing import CELEBA
from tfgan.weights import junyanz, nvlabs, yunjey
from tfgan.weights.writing import write_safetensors

SIZE = ["--image_size=32"]


def resnet(taken=3, made=3):
    return build_generator("resnet_1", taken, made, ngf=2, norm="instance", padding_side="before")


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """A folder of weights by the names of the references' code, and the networks that they were of."""
    folder = tmp_path_factory.mktemp("files")
    networks = {
        "cycle/latest_net_G_A": (resnet(3, 1), junyanz.resnet_slots(1, "instance", False)),
        "cycle/latest_net_G_B": (resnet(1, 3), junyanz.resnet_slots(1, "instance", False)),
        "cycle/latest_net_D_A": (patchgan(1, ndf=2, n_layers=1, norm="instance"), junyanz.patchgan_slots(1, "instance")),
        "unet": (
            build_generator("unet_16", 3, 3, ngf=2, norm="batch", skip_activation="relu"),
            junyanz.unet_slots(4, "batch"),
        ),
        "stargan/9-G": (stargan_generator(3, 5, ngf=2, n_blocks=1), yunjey.generator_slots(1)),
        "stargan/9-D": (stargan_discriminator(3, 5, (16, 16), ndf=2, n_layers=2), yunjey.discriminator_slots(2)),
        "spade": (spade_generator(4, 3, ngf=1), nvlabs.generator_slots(4, False, 1)),
    }
    rng = np.random.default_rng(0)
    for name, (network, slots) in networks.items():
        for weight in (it for it in network.weights if not it.path.endswith("/u")):  # which has length 1
            weight.assign(weight + rng.uniform(-0.2, 0.2, weight.shape))  # no weight is as a network begins
        path = folder / f"{name}.safetensors"
        path.parent.mkdir(exist_ok=True)
        write_safetensors(network, path, slots, {})
    return folder, {name: network for name, (network, _) in networks.items()}


def same(found, expected):
    assert len(found.weights) == len(expected.weights)
    for ours, theirs in zip(found.weights, expected.weights):
        np.testing.assert_allclose(ours, theirs, atol=2e-6, err_msg=ours.path)


@pytest.fixture(scope="module")
def cycle(files, tmp_path_factory):
    """The folder of an imported CycleGAN."""
    run = tmp_path_factory.mktemp("runs") / "cycle"
    assert main(["import", str(files[0] / "cycle"), f"--as={run}", "--domains=horse,zebra", *SIZE]) == 0
    return run


def test_both_ways_of_a_cyclegan(files, cycle):
    run = tfgan.load(cycle)
    for name, network in {"to_target": "G_A", "to_source": "G_B", "of_target": "D_A"}.items():
        same(run.networks[name], files[1][f"cycle/latest_net_{network}"])
    assert run.config.method == "cyclegan" and run.config.hparams.padding_side == "before"
    assert [domain.channels for domain in run.config.spec.domains.values()] == [3, 1]
    assert len(run.config.imported) == 3 and all(len(digest) == 64 for digest in run.config.imported.values())
    manifest = json.loads((cycle / "checkpoints" / "manifest.json").read_text())
    assert len(manifest["checkpoints"]["ckpt-0"]) == 2


def test_a_cyclegan_with_batch_norm(tmp_path, capsys):
    """Its discriminators have the authors' bias in the first convolution, and its names are theirs again in an export."""
    networks = {
        name: build_generator("resnet_1", 3, 3, ngf=2, norm="batch", padding_side="before") for name in ("latest_net_G_A", "latest_net_G_B")
    }
    networks["latest_net_D_A"] = patchgan(3, ndf=2, n_layers=2, norm="batch", first_bias=True)
    for name, network in networks.items():
        slots = junyanz.patchgan_slots(2, "batch") if "D" in name else junyanz.resnet_slots(1, "batch", False)
        write_safetensors(network, tmp_path / f"{name}.safetensors", slots, {})
    run = tmp_path / "run"
    assert main(["import", str(tmp_path), f"--as={run}", "--statistics=moving", *SIZE]) == 0
    found = tfgan.load(run)
    assert (found.config.hparams.norm, found.config.hparams.inference_statistics) == ("batch", "moving")
    for name, network in {"to_target": "G_A", "to_source": "G_B", "of_target": "D_A"}.items():
        same(found.networks[name], networks[f"latest_net_{network}"])
    assert main(["export", str(run), f"--output={tmp_path / 'export'}", "--format=safetensors"]) == 0
    assert "latest_net_D_A.safetensors: of_target, by names and order of axes of pytorch-CycleGAN" in capsys.readouterr().out


def test_files_have_the_axes_and_the_order_of_pytorch(files):
    """Out, in, height, width; and of what a decoder joins, what skips comes first there, and last here."""
    tensors, network = load_file(files[0] / "unet.safetensors"), files[1]["unet"]
    kernels = [np.asarray(weight) for weight in network.weights if weight.shape.rank == 4]
    np.testing.assert_array_equal(tensors["model.model.0.weight"], kernels[0].transpose(3, 2, 0, 1))
    last = kernels[-1].transpose(3, 2, 0, 1)  # in, out, height, width: it is transposed
    np.testing.assert_array_equal(tensors["model.model.3.weight"], np.concatenate([last[2:], last[:2]]))
    assert tensors["model.model.3.weight"].shape == (4, 3, 4, 4)


def test_a_run_that_was_imported_translates_and_is_exported(cycle, tmp_path, capsys):
    Image.fromarray(np.random.default_rng(0).integers(0, 255, (40, 60, 3), dtype=np.uint8)).save(tmp_path / "a.png")
    assert main(["translate", str(cycle), str(tmp_path / "a.png"), str(tmp_path / "b.png"), "--to=zebra"]) == 0
    with Image.open(tmp_path / "b.png") as image:
        assert image.size == (60, 40) and image.mode == "L"
    assert main(["export", str(cycle), f"--output={tmp_path / 'export'}", "--format=safetensors"]) == 0
    assert "safetensors/latest_net_G_A.safetensors: to_target, by names and order of axes of pytorch-CycleGAN" in capsys.readouterr().out
    again = tmp_path / "again"
    assert main(["import", str(tmp_path / "export" / "safetensors"), f"--as={again}", *SIZE]) == 0
    for name, network in tfgan.load(cycle).networks.items():
        same(tfgan.load(again).networks[name], network)


def test_what_an_imported_run_cannot_do_is_said(cycle, capsys):
    assert main(["evaluate", str(cycle), "--features=", "--metrics=cycle_l1"]) == 2
    assert "The run was imported and has no images: name a folder of them, --data_dir=FOLDER." in capsys.readouterr().err
    assert main(["train", "--method=cyclegan", "--dataset=synthetic", f"--workdir={cycle}", "--generator=resnet_1", *SIZE]) == 2
    assert f"no training goes on in it. Start a new run from its weights: --init_from={cycle}" in capsys.readouterr().err


def test_a_training_begins_from_imported_weights(files, cycle, tmp_path, capsys):
    settings = {"generator": "resnet_1", "ngf": 2, "ndf": 2, "n_layers": 1, "image_size": 32, "pool_size": 0, "steps": 1, "num_samples": 1}
    arrays = {"source": np.zeros((2, 32, 32, 3), np.uint8), "target": np.zeros((2, 32, 32, 1), np.uint8)}
    more = {"data": {"train": arrays}, "tensorboard": False, "health": False, "init_from": cycle, "learning_rate": 0.0}
    run = tfgan.train("cyclegan", workdir=tmp_path / "run", **settings, **more)
    said = capsys.readouterr().out
    assert "--init_from: --padding_side=after, and before in the other run: the same weights make other images here" in said
    same(run.networks["to_target"], files[1]["cycle/latest_net_G_A"])


def test_one_generator_is_pix2pix(files, tmp_path, capsys):
    assert main(["import", str(files[0] / "unet.safetensors"), f"--as={tmp_path / 'run'}", "--statistics=moving", "--dropout=0"]) == 0
    said = capsys.readouterr().out
    assert "generator: a U-Net of 4 levels (unet_16, batch norm), of unet.safetensors" in said
    assert "There is no discriminator: that of the run is not trained." in said and "--skip_activation=relu" in said
    run = tfgan.load(tmp_path / "run")
    same(run.networks["generator"], files[1]["unet"])
    h = run.config.hparams
    assert (h.generator, h.norm, h.skip_activation, h.inference_statistics, h.dropout) == ("unet_16", "batch", "relu", "moving", 0.0)
    x = np.random.default_rng(0).random((1, 16, 16, 3), np.float32)
    np.testing.assert_allclose(run.networks["generator"](x), files[1]["unet"](x), atol=1e-5)


@pytest.mark.parametrize("further, source", [([], "B"), (["--direction=BtoA"], "B"), (["--domains=x,y", "--direction=x_to_y"], "x")])
def test_the_other_generator_alone_goes_the_other_way(files, tmp_path, capsys, further, source):
    """Its run must not take images of the other side, as the settings of data have it without other words."""
    file = files[0] / "cycle" / "latest_net_G_B.safetensors"
    assert main(["import", str(file), f"--as={tmp_path / 'run'}", "--alone", *SIZE, *further]) == 0
    config = tfgan.load(tmp_path / "run").config
    assert ("--direction=BtoA" in capsys.readouterr().out) == (source == "B")  # in the command that trains on
    names = config.data.domains or ("A", "B")
    assert config.spec.domains["source"].name == source == names[parse_direction(config.data.direction, *names)[0] == "B"]


def test_stargan(files, tmp_path):
    run = tfgan.import_weights(files[0] / "stargan", workdir=tmp_path / "run")
    same(run.networks["generator"], files[1]["stargan/9-G"])
    same(run.networks["discriminator"], files[1]["stargan/9-D"])
    assert run.config.spec.attribute_names == CELEBA and run.config.hparams.image_size == (16, 16)
    named = tfgan.import_weights(files[0] / "stargan", workdir=tmp_path / "own", attributes=list("abcde"), attribute_groups=["a+b"])
    assert named.config.spec.attribute_groups == (("a", "b"),)


def test_spade_without_its_edges(files, tmp_path, capsys):
    told = ["--label_ids=1-2,255", "--instance_edges"]
    told += [
        "--domains=photo,map",
        "--direction=BtoA",
        "--label_names=sky,sea,none",
        "--label_palette=0000ff,00FF00,000000",
        "--image_size=32x64",
    ]
    assert main(["import", str(files[0] / "spade.safetensors"), f"--as={tmp_path / 'run'}", *told]) == 0
    run = tfgan.load(tmp_path / "run")
    classes = run.config.spec.domains["labels"].classes
    assert classes.values == (1, 2, 255) and classes.names == ("sky", "sea", "none") and classes.ignored == -1
    assert {key: domain.name for key, domain in run.config.spec.domains.items()} == {"labels": "map", "image": "photo"}
    assert classes.colors == ("#0000ff", "#00ff00", "#000000")
    labels = np.eye(3, dtype=np.float32)[np.random.default_rng(0).integers(0, 3, (1, 32, 64))]
    whole = files[1]["spade"](np.pad(labels, [(0, 0)] * 3 + [(0, 1)]))  # no edge anywhere
    assert np.std(whole) > 0.01
    np.testing.assert_allclose(run.networks["generator"](labels), whole, atol=1e-5)


def test_spade_sees_its_edges_where_instance_maps_are_named(files, tmp_path, capsys):
    """A square of one class in two objects, which touch: the last channel is 1 on both sides of their border, and at the square's edge."""
    run = tmp_path / "run"
    assert main(["import", str(files[0] / "spade.safetensors"), f"--as={run}", "--instances=inst", "--image_size=32"]) == 0
    said = capsys.readouterr().out
    assert f"tfgan translate {run} IMAGES OUTPUT --instances=FOLDER" in said and "--instances=inst" in said
    labels, objects = np.zeros((32, 32), np.uint8), np.zeros((32, 32), np.uint8)
    labels[8:24, 8:24] = 2
    objects[8:24, 8:16], objects[8:24, 16:24] = 7, 9
    Image.fromarray(labels).save(tmp_path / "map.png")
    Image.fromarray(objects).save(tmp_path / "objects.png")
    edges = np.zeros((32, 32, 1), np.float32)
    edges[[7, 8, 23, 24], 8:24] = edges[8:24, [7, 8, 15, 16, 23, 24]] = 1
    expected = files[1]["spade"](np.concatenate([np.eye(3, dtype=np.float32)[labels], edges], axis=-1)[None])
    output = tmp_path / "out.png"
    assert main(["translate", str(run), str(tmp_path / "map.png"), str(output), f"--instances={tmp_path / 'objects.png'}"]) == 0
    np.testing.assert_allclose(np.asarray(Image.open(output)), 127.5 * (np.asarray(expected)[0] + 1), atol=0.51)


# What cannot be imported, each in one line that says why


def refused(arguments, words, capsys):
    assert main(["import", *map(str, arguments)]) == 2
    said = capsys.readouterr().err
    assert words in said and said.count("\n") == 1, said


@pytest.mark.parametrize(
    "name, given, words",
    [
        (
            "stargan/9-D.safetensors",
            ["--alone"],
            "has no generator: name its file",
        ),
        ("stargan", ["--attributes=a,b"], "--attributes has 2 names, and"),
        ("stargan", ["--attributes=a,b,c,d,a"], "the attribute 'a' is named twice"),
        ("stargan", ["--attribute_groups=Male"], "Male alone is not a group"),
        ("stargan", ["--attribute_groups=Male+Yuong"], "'Yuong' is not among the learned attributes. Did you mean Young?"),
        ("stargan", ["--attribute_groups=Male+Young,Male+Black_Hair"], "'Male' is named twice"),
        ("stargan", ["--image_size=64"], "is of 16×16 pixels: leave it out"),
        ("stargan", ["--label_ids=1"], "--label_ids does nothing for"),
        ("cycle", ["--dropout=0"], "--dropout does nothing for"),
        ("cycle", ["--direction=BtoA"], "CycleGAN, which translates both ways"),
        ("cycle", ["--domains=horse"], "--domains=horse: weights are of two domains"),
        ("unet.safetensors", ["--domains=a,b,c"], "--domains=a,b,c: weights are of two domains"),
        ("cycle", ["--image_size=30"], "--image_size=30x30 does not suit"),
        ("spade.safetensors", ["--label_ids=1,2"], "names 2 ids"),
        ("spade.safetensors", ["--instance_edges", "--instances=inst"], "give one of the two"),
        ("spade.safetensors", ["--label_ids=9-6"], "--label_ids: 9-6 is no id"),
        ("spade.safetensors", ["--ignore_label=3"], "--ignore_label=3: it is one of the classes"),
        ("spade.safetensors", ["--label_ids=1,x"], "--label_ids: x is no id"),
        ("spade.safetensors", ["--label_names=a,b"], "--label_names is of 2 classes, and"),
        ("spade.safetensors", ["--label_names=a,b,a,c"], "two classes are called 'a'"),
        ("spade.safetensors", ["--label_palette=ff0000,00ff00"], "--label_palette is of 2 classes, and"),
        ("spade.safetensors", ["--num_upsampling_layers=most"], "has not that many layers"),
        ("unet.safetensors", ["--attributes=a"], "--attributes has no effect for a method that learns from paired images"),
        (".", [], "holds no weights by the names of their code"),
        ("gone.pth", [], "there is no such file"),
    ],
)
def test_what_does_not_fit_is_refused(files, tmp_path, capsys, name, given, words):
    refused([files[0] / name, f"--as={tmp_path / 'run'}", *given], words, capsys)
    assert not list(tmp_path.iterdir())


def test_the_order_of_classes_of_a_data_set(files, tmp_path, capsys):
    for name in ("labels", "photo"):
        (tmp_path / "data" / "train" / name).mkdir(parents=True)
    for number in range(2):
        maps = np.arange(32 * 32, dtype=np.uint8).reshape(32, 32) % 4
        Image.fromarray(maps).save(tmp_path / "data" / "train" / "labels" / f"{number}.png")
        Image.new("RGB", (32, 32), (80 * number, 0, 0)).save(tmp_path / "data" / "train" / "photo" / f"{number}.png")
    arguments = [files[0] / "spade.safetensors", f"--as={tmp_path / 'run'}", f"--data_dir={tmp_path / 'data'}", "--image_size=32"]
    assert main(["import", *map(str, arguments), "--label_ids=1-3,0"]) == 2  # as ADE20K's are, where 0 is no class and its channel the last
    assert "labels has its classes in another order, 0, 1, 2, 3, and each channel would be another class's" in capsys.readouterr().err
    assert main(["import", *map(str, arguments)]) == 0
    said = capsys.readouterr().out
    assert "are taken for the classes of labels, in this order: class 0, class 1, class 2, class 3 (--label_ids)" in said
    assert "NVlabs puts those" not in said and "domains are called" not in said


def test_one_file_is_not_both_ways(files, tmp_path, capsys):
    file = files[0] / "cycle" / "latest_net_G_A.safetensors"
    refused([file, "--alone", f"--weights_b={file}", f"--as={tmp_path / 'run'}"], "is the same file as the first generator's", capsys)


def test_networks_that_tfgan_does_not_have(files, tmp_path, capsys):
    path, run = tmp_path / "a.safetensors", tmp_path / "run"
    tensors = load_file(files[0] / "unet.safetensors")

    def changed(words, **more):
        save_file({name: value for name, value in (tensors | more).items() if value is not None}, path)
        refused([path, f"--as={run}"], words, capsys)

    changed("attention.weight in it: tfgan's network has no such weight", **{"attention.weight": np.ones(3, np.float32)})
    changed("holds values that are no finite numbers", **{"model.model.3.bias": np.full(3, np.nan, np.float32)})
    changed("model.model.3.bias is 4 in it, which does not fit the network (3 there)", **{"model.model.3.bias": np.ones(4, np.float32)})
    changed("are not those of a whole network: 'model.model.3.weight'", **{"model.model.3.weight": None})
    shutil.copy(files[0] / "stargan" / "9-D.safetensors", path)
    refused([path, f"--as={run}"], "is StarGAN's discriminator of 16×16 pixels and 5 attributes, and a generator is looked for", capsys)
    deep = {slot.key: np.zeros((1, 1, 4, 4) if slot.axes else 1, np.float32) for slot in junyanz.unet_slots(14, "instance")}
    save_file(deep, path)
    refused([path, f"--as={run}"], "is a U-Net of 14 levels (unet_16384, instance norm), larger than any of tfgan's", capsys)
    save_file({"blocks.0.weight": np.ones((3, 3), np.float32)}, path)
    refused([path, f"--as={run}"], "are of no network that is known", capsys)
    save_file({"model.1.filt": np.ones(3, np.float32)}, path)
    refused([path, f"--as={run}"], "as CUT does", capsys)
    assert not run.exists()


def test_nothing_is_overwritten(files, cycle, tmp_path, capsys):
    refused([files[0] / "cycle", f"--as={cycle}", *SIZE], "exists, and stays as it is: choose another name, such as", capsys)
    assert main(["import", str(files[0] / "cycle")]) == 2
    assert "--as=RUN is missing" in capsys.readouterr().err
    shutil.copytree(cycle, tmp_path / "copy")
    assert tfgan.load(tmp_path / "copy").step == 0


def test_images_that_do_not_fit(files, tmp_path):
    for split in ("trainA", "trainB"):
        (tmp_path / "data" / split).mkdir(parents=True)
        for number in range(2):
            Image.fromarray(np.full((32, 32), 40 * number, np.uint8)).save(tmp_path / "data" / split / f"{number}.png")
    with pytest.raises(UserError, match="A has 1 channels, and the weights are of 3: --data_dir does not fit them"):
        tfgan.import_weights(files[0] / "cycle", workdir=tmp_path / "run", image_size=32, data_dir=tmp_path / "data")
    Image.new("RGB", (32, 32)).save(tmp_path / "data" / "trainA" / "0.png")
    Image.new("RGB", (32, 32), "red").save(tmp_path / "data" / "trainA" / "1.png")
    run = tfgan.import_weights(files[0] / "cycle", workdir=tmp_path / "run", image_size=32, data_dir=tmp_path / "data")
    assert run.config.spec.sizes["train"] == 2 and run.config.scale and len(list((run.folder / "samples" / "inputs").iterdir())) == 4
    assert "cycle_l1" in " ".join(run.evaluate(features="", metrics=["cycle_l1"]))
