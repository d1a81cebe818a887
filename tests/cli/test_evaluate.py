"""`tfgan evaluate` of folders and of a small run; tests/cli/test_every_method.py evaluates every method."""

import json
import shutil
import weakref

import keras
import numpy as np
import pytest

from tfgan.cli.main import main
from tfgan.config import TrainConfig
from tfgan.data.reading import images
from tfgan.evaluation.catalog import METRICS
from tfgan.evaluation.pixels import paired_scores
from tfgan.runs.evaluation import comparisons, folders

pytestmark = pytest.mark.usefixtures("eagerly")


def write(folder, count, seed, size=(24, 24)):
    random = np.random.default_rng(seed)
    for number in range(count):
        images.save(folder / f"{number}.png", random.integers(0, 256, (*size, 3), np.uint8))
    return folder


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    image = keras.Input((16, 16, 3))
    file = tmp_path_factory.mktemp("model") / "model.keras"
    keras.Model(image, keras.layers.Conv2D(4, 5, strides=4)(image)).save(file)
    return file


def values(output):
    return {line.split()[0]: float(line.split()[2]) for line in output.splitlines() if "↑" in line or "↓" in line}


def test_two_folders(tmp_path, capsys, model):
    real, fake = write(tmp_path / "real", 25, 0), write(tmp_path / "fake", 25, 1)
    command = ["evaluate", f"--real={real}", f"--fake={fake}", f"--features={model}", f"--out={tmp_path / 'out.json'}"]
    assert main(command) == 0
    found = values(capsys.readouterr().out)
    (written,) = json.loads((tmp_path / "out.json").read_text())["results"]
    assert found == pytest.approx({name: value["value"] for name, value in written["metrics"].items()}, rel=1e-3, abs=1e-6)
    assert main(command) == 2 and "out.json exists" in capsys.readouterr().err
    assert {"l1", "ssim", "swd", "fid", "kid", "precision", "feature_distance"} <= found.keys()
    pairs = [[images.decode(folder / f"{i}.png") / np.float32(127.5) - 1 for folder in (real, fake)] for i in range(25)]
    assert found["l1"] == pytest.approx(np.mean([paired_scores(*pair)["l1"] for pair in pairs]), rel=1e-3)
    assert not list(tmp_path.rglob("evaluation.json"))


@pytest.mark.parametrize(
    "count, metrics, message",
    [
        (4, "inception_score", "inception_score cannot be measured: it needs class probabilities of model.keras, which has none"),
        (1, "fid", "fid cannot be measured: 1 images are too few: it needs 2"),
        (5, "fid,density", "density cannot be measured: 5 images are too few: it needs 6"),
    ],
)
def test_metrics_that_were_asked_for_do_not_vanish(tmp_path, capsys, model, count, metrics, message):
    real, fake = write(tmp_path / "real", count, 0), write(tmp_path / "fake", count, 0)
    command = ["evaluate", f"--real={real}", f"--fake={fake}", f"--features={model}", f"--out={tmp_path / 'out.json'}"]
    assert main([*command, f"--metrics={metrics}"]) == 2
    assert message in capsys.readouterr().err and not (tmp_path / "out.json").exists()


def test_a_result_without_metrics_is_none(tmp_path, capsys):
    real, fake = write(tmp_path / "real", 2, 0, (8, 8)), write(tmp_path / "fake", 3, 0, (8, 8))
    assert main(["evaluate", f"--real={real}", f"--fake={fake}", "--features=", f"--out={tmp_path / 'out.json'}"]) == 2
    assert "No metric can be measured" in capsys.readouterr().err and not (tmp_path / "out.json").exists()


def test_a_folder_beside_its_copy(tmp_path, capsys, model):
    real, fake = write(tmp_path / "real", 8, 0), write(tmp_path / "fake", 8, 0)
    assert main(["evaluate", f"--real={real}", f"--fake={fake}", f"--features={model}"]) == 0
    output = capsys.readouterr().out
    assert "note: All 8 pairs are equal, pixel by pixel: copies?" in output
    found = values(output)
    assert (found["l1"], found["ssim"], found["swd"], found["precision"], found["recall"]) == (0, 1, 0, 1, 1) and found["fid"] < 1e-6


def test_the_same_files_twice_are_refused(tmp_path, capsys):
    real = write(tmp_path / "real", 3, 0)
    (tmp_path / "link").symlink_to(real)
    for fake in (real, f"{real}/*.png", tmp_path / "link"):
        assert main(["evaluate", f"--real={real}", f"--fake={fake}", "--features="]) == 2
        assert "--real and --fake are the same 3 files" in capsys.readouterr().err
    fake = write(tmp_path / "fake", 3, 1)
    (fake / "3.png").symlink_to(real / "1.png")
    assert main(["evaluate", f"--real={real}", f"--fake={fake}", "--features="]) == 0
    assert "1 files are in both --real and --fake" in capsys.readouterr().out


def results_of_another_program(folder, count=12):
    """Inputs, truths and results in one folder."""
    for number in range(count):
        real = np.random.default_rng(number).integers(0, 246, (16, 16, 3)).astype(np.uint8)
        for kind, pixels in (("real_A", 255 - real), ("real_B", real), ("fake_B", real + np.uint8(9))):
            images.save(folder / f"{number}_{kind}.png", pixels)
    return folder


def test_files_of_one_folder_are_paired_by_patterns(tmp_path, capsys):
    folder, out = results_of_another_program(tmp_path / "results"), tmp_path / "out.json"
    sides = [f"--real={folder}/*_real_B.png", f"--fake={folder}/*_fake_B.png"]
    assert main(["evaluate", *sides, "--features=", "--metrics=l1", f"--out={out}"]) == 0
    output = capsys.readouterr().out
    assert "Pairs by {}_real_B and {}_fake_B" in output and values(output)["l1"] == pytest.approx(9 / 127.5, rel=1e-3)
    assert json.loads(out.read_text())["results"][0]["stamp"]["real"] == 12
    one = [f"--real={folder}", f"--fake={folder}", "--pair_names={}_real_B,{}_fake_B"]
    assert main(["evaluate", *one, "--features=", "--metrics=l1"]) == 0
    assert values(capsys.readouterr().out)["l1"] == pytest.approx(9 / 127.5, rel=1e-3)
    (folder / "7_fake_B.png").unlink()
    assert main(["evaluate", *one, "--features="]) == 2
    assert f"7_real_B is in {folder} only" in capsys.readouterr().err
    assert main(["evaluate", *sides, "--features="]) == 0
    assert "not pair by pair: 7_real_B is in " in capsys.readouterr().out


def test_results_of_several_kinds_are_compared_as_sets_until_one_is_chosen(tmp_path, capsys):
    folder = results_of_another_program(tmp_path / "results", 6)
    sides = [f"--real={folder}/*_real_A.png", f"--fake={folder}/*_[rf]*_B.png", "--features=", "--metrics=swd"]
    assert main(["evaluate", *sides]) == 0
    output = capsys.readouterr().out
    assert "in several ways, of which one is chosen by " in output and "'--pair_names={}_real_A,{}_fake_B'" in output


def test_pairs_are_measured_up_to_their_count(tmp_path, capsys):
    """Both sides of the same pairs, though one has more files."""
    folder, out = results_of_another_program(tmp_path / "results"), tmp_path / "out.json"
    command = ["evaluate", f"--real={folder}", f"--fake={folder}", "--pair_names={}_real_B,{}_fake_B", "--count=5", "--features="]
    assert main([*command, "--metrics=l1", f"--out={out}"]) == 0
    assert values(capsys.readouterr().out)["l1"] == pytest.approx(9 / 127.5, rel=1e-3)
    assert json.loads(out.read_text())["results"][0]["stamp"]["real"] == 5


def test_folders_of_other_names_and_sizes_are_no_pairs(tmp_path, capsys):
    real, fake = write(tmp_path / "real", 6, 0), write(tmp_path / "fake", 5, 1, (30, 20))
    images.save(real / "odd.png", np.zeros([40, 40, 1], np.uint8))
    assert main(["evaluate", f"--real={real}", f"--fake={fake}", "--features="]) == 0
    output = capsys.readouterr().out
    assert values(output).keys() == {"swd"} and "6 images are resized to 24×24" in output
    assert f"not pair by pair: 5 and 1 more are in {real} only" in output
    (real / "5.png").unlink()
    (real / "odd.png").unlink()
    assert main(["evaluate", f"--real={real}", f"--fake={fake}", "--features="]) == 0
    output = capsys.readouterr().out
    assert "l1" not in values(output) and f"not pair by pair: 0 is 24×24 in {real} and 30×20 in {fake}" in output


def test_pairs_of_mixed_sizes_in_folders(tmp_path, capsys):
    real, fake = write(tmp_path / "real", 3, 0), write(tmp_path / "fake", 3, 1)
    for folder in (real, fake):
        images.save(folder / "wide.png", np.full([20, 40, 3], 99, np.uint8))
    assert main(["evaluate", f"--real={real}", f"--fake={fake}", "--features=", f"--out={tmp_path / 'out.json'}"]) == 0
    assert "l1" in values(capsys.readouterr().out)
    (written,) = json.loads((tmp_path / "out.json").read_text())["results"]
    assert written["stamp"]["resized images"] == 2


def test_a_damaged_image_is_named(tmp_path, capsys):
    real, fake = write(tmp_path / "real", 3, 0), write(tmp_path / "fake", 3, 1)
    content = (real / "1.png").read_bytes()
    for damaged in (b"no image", content[:-30]):
        (real / "1.png").write_bytes(damaged)
        assert main(["evaluate", f"--real={real}", f"--fake={fake}", "--features="]) == 2
        assert str(real / "1.png") in capsys.readouterr().err


def test_folders_are_decoded_one_at_a_time(tmp_path, monkeypatch):
    """Of large originals only what is kept stays in memory: each is let go before the next is decoded."""
    real, alive, most = write(tmp_path / "real", 6, 0, (300, 300)), [], []
    write(real, 1, 0, (24, 24))
    read = folders.read

    def watched(path, domain, alpha):
        most.append(sum(found() is not None for found in alive))
        pixels = read(path, domain, alpha).copy()
        alive.append(weakref.ref(pixels))
        return pixels

    monkeypatch.setattr(folders, "read", watched)
    assert len(folders.compare_folders(str(real), str(write(tmp_path / "fake", 6, 1, (24, 24))), 5000).real) == 6
    assert max(most) <= 1


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    from conftest import TINY

    folder = tmp_path_factory.mktemp("runs") / "run"
    assert main(["train", *TINY, "--direction=BtoA", "--synthetic_images=16", "--steps=2", f"--workdir={folder}"]) == 0
    return folder


def test_run(run, capsys):
    assert main(["evaluate", str(run), "--features=", "--metrics=l1,swd,mean_iou", "--segmenter_steps=3", "--cases=1"]) == 0
    output = capsys.readouterr().out
    (result,) = json.loads((run / "evaluation.json").read_text())["results"]
    assert values(output) == pytest.approx({name: value["value"] for name, value in result["metrics"].items()}, rel=1e-3)
    scores = [case["scores"]["l1"] for case in result["cases"]]
    shown = [case for case in result["cases"] if "images" in case]
    assert len(scores) == 8 and {case["scores"]["l1"] for case in shown} == {min(scores), max(scores)}
    for case in shown:
        truth, made = (images.decode(run / case["images"][what]) / np.float32(127.5) - 1 for what in ("truth", "result"))
        assert np.mean(np.abs(truth - made)) == pytest.approx(case["scores"]["l1"], rel=1e-4)
    (segmenter,) = (run.parent / "evaluators").glob("*.keras")
    time = segmenter.stat().st_mtime_ns
    assert main(["evaluate", str(run), "--features=", "--metrics=mean_iou", "--segmenter_steps=3"]) == 0
    again = json.loads((run / "evaluation.json").read_text())["results"]
    assert len(again) == 2 and again[1]["metrics"]["mean_iou"]["value"] == result["metrics"]["mean_iou"]["value"]
    assert segmenter.stat().st_mtime_ns == time and "Training a segmenter" not in capsys.readouterr().out


def test_without_a_network_the_rest_is_measured(run, tmp_path, capsys, monkeypatch):
    def no_network(**settings):
        raise Exception("URL fetch failure: name resolution")

    monkeypatch.setattr(keras.applications, "InceptionV3", no_network)
    monkeypatch.setattr("tfgan.evaluation.segmenter.train_segmenter", lambda *args, **kwargs: pytest.fail("not asked for"))
    shutil.copytree(run / "samples", tmp_path / "copy")
    for command in (
        ["evaluate", str(run), "--label_palette=", "--segmenter_steps=3"],
        ["evaluate", f"--real={run}/samples", f"--fake={tmp_path}/copy"],
    ):
        assert main(command) == 0
        output = capsys.readouterr().out
        assert "FID and similar metrics are left out" in output and {"l1", "swd"} <= values(output).keys() and "fid" not in values(output)
    for asked, cure in (("--metrics=fid,l1", "--features="), ("--inception_weights=absent.h5", "absent.h5 is missing")):
        assert main(["evaluate", str(run), asked]) == 2
        assert "left out" not in (error := capsys.readouterr().err) and cure in error


def newest(folder):
    return json.loads((folder / "evaluation.json").read_text())["results"][-1]


@pytest.fixture(scope="module")
def runs_of_files(tmp_path_factory):
    """Runs labels -> photo and back, of gray photos and label maps as ids; and the data's folder."""
    root, random = tmp_path_factory.mktemp("files"), np.random.default_rng(0)
    for split, count in (("train", 6), ("val", 3)):
        for number in range(count):
            classes = random.integers(0, 2, (16, 16, 1)).astype(np.uint8)
            images.save(root / "data" / split / "labels" / f"{number}.png", classes)
            images.save(root / "data" / split / "photo" / f"{number}.png", classes * 180 + random.integers(0, 40, (16, 16, 1), np.uint8))
    data = [f"--data_dir={root / 'data'}", "--label_domains=labels", "--domains=labels,photo"]
    small = ["--generator=unet_16", "--ngf=4", "--ndf=4", "--n_layers=1", "--image_size=16", "--batch_size=2", "--notensorboard"]
    for name in ("labels_to_photo", "photo_to_labels"):
        assert main(["train", *data, *small, "--steps=1", f"--direction={name}", f"--workdir={root / 'runs' / name}"]) == 0
    return root


@pytest.mark.slow
def test_a_network_trained_in_another_way_is_another(runs_of_files, capsys):
    """Kept segmenters are used again for the same steps, classes and pixels alone; the stamp says which."""
    run = runs_of_files / "runs" / "labels_to_photo"
    data = runs_of_files / "data"

    def evaluate(*flags):
        before = set((run.parent / "evaluators").glob("*"))
        assert main(["evaluate", str(run), "--features=", "--metrics=mean_iou", *flags]) == 0
        trained = len(set((run.parent / "evaluators").glob("*")) - before)
        return trained, newest(run)["stamp"]["segmenter"]

    trained, first = evaluate("--segmenter_steps=1")
    assert trained == 1 and first["steps"] == 1
    assert evaluate("--segmenter_steps=1") == (0, first)
    for flags in (["--segmenter_steps=2"], ["--segmenter_steps=1", "--label_names=b,a"]):
        trained, stamp = evaluate(*flags)
        assert trained == 1 and {stamp[key] != first[key] for key in ("steps", "classes")} == {True, False}, flags
    photo = data / "train" / "photo" / "0.png"
    kept = photo.read_bytes()
    images.save(photo, np.zeros([16, 16, 1], np.uint8))
    trained, stamp = evaluate("--segmenter_steps=1")
    photo.write_bytes(kept)
    assert trained == 1 and stamp["trained on"] != first["trained on"]
    assert evaluate("--segmenter_steps=1") == (0, first)


def test_other_directions_and_other_pixels_are_not_compared(runs_of_files, capsys):
    there, back = (runs_of_files / "runs" / name for name in ("labels_to_photo", "photo_to_labels"))
    command = ["--features=", "--metrics=l1"]
    assert main(["evaluate", str(there), str(back), *command]) == 2
    assert "target photo and labels" in capsys.readouterr().err
    first = newest(there)["stamp"]
    assert first["split"] == "val"
    for folder, key in (("photo", "reference pixels"), ("labels", "input pixels")):
        image = runs_of_files / "data" / "val" / folder / "0.png"
        kept = image.read_bytes()
        images.save(image, np.ones([16, 16, 1], np.uint8))
        assert main(["evaluate", str(there), *command]) == 0
        image.write_bytes(kept)
        assert newest(there)["stamp"] == first | {key: newest(there)["stamp"][key]} != first


def test_real_images_stand_beside_as_many_generated_ones(tmp_path, capsys, monkeypatch):
    """16 training images are the reference, 8 validation images what real ones score: of 16 generated ones that would be another figure."""
    small = ["--image_size=16", "--ngf=4", "--ndf=4", "--synthetic_images=16", "--batch_size=2", "--notensorboard", "--steps=1"]
    assert main(["train", "--method=dcgan", *small, f"--workdir={tmp_path}"]) == 0
    command = ["evaluate", str(tmp_path), "--features=", "--metrics=swd"]
    assert main(command) == 0
    assert "real images score is left out: there are 8 for it, but 16" in capsys.readouterr().out
    assert "real" not in newest(tmp_path)["metrics"]["swd"] and newest(tmp_path)["stamp"]["generated"] == 16
    monkeypatch.setattr(comparisons, "ENOUGH", 8)
    for flags in ([], ["--count=8"]):
        assert main([*command, *flags]) == 0
        assert "real" in newest(tmp_path)["metrics"]["swd"]
        assert (newest(tmp_path)["stamp"]["real"], newest(tmp_path)["stamp"]["generated"]) == (8, 8)


def test_several_runs_side_by_side(run, capsys):
    assert main(["evaluate", str(run), str(run), "--features=", "--metrics=l1,swd", "--count=3"]) == 0
    assert capsys.readouterr().out.count("run@2") == 2
    assert main(["evaluate", str(run), "--features=", "--metrics=l1", "--count=4"]) == 0
    other = run.parent / "other"
    other.mkdir()
    (other / "evaluation.json").write_text((run / "evaluation.json").read_text())
    capsys.readouterr()
    assert main(["evaluate", str(run), str(other), "--stored", f"--out={other / 'out.json'}"]) == 0
    assert {"l1", "swd"} <= values(capsys.readouterr().out).keys()  # of which the newest entry has l1 alone
    (written, _) = json.loads((other / "out.json").read_text())["results"]
    counts = {name: part["stamp"]["real"] for part in written["parts"] for name in part["metrics"]}
    assert (counts["l1"], counts["swd"]) == (4, 3)
    assert main(["evaluate", str(run), "--features=", "--metrics=l1", "--count=3"]) == 0
    assert main(["evaluate", str(run), str(other), "--stored"]) == 2
    assert "cannot be compared: real 3 and 4" in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments, message",
    [
        ([], "Name runs, or two folders"),
        (["RUN", "--real=a", "--fake=b"], "Name runs, or two folders"),
        (["--real=a"], "Name runs, or two folders"),
        (["--real=absent", "--fake=absent", "--features="], "absent is missing."),
        (["RUN", "--metrics=sim"], "'sim' is unknown. Did you mean"),
        (["RUN", "--features=", "--metrics=cycle_l1"], "cycle_l1 cannot be measured"),
        (["RUN", "--features=", "--metrics=fid"], "fid needs --features"),
        (["RUN", "--features=", "--metrics=lpips"], "lpips needs --lpips_weights"),
        (["RUN", "--features=absent.keras"], "--features=absent.keras is missing"),
        (["RUN", "--inception_weights=absent.h5"], "absent.h5 is missing"),
        (["RUN", "--features=own", "--inception_weights=a.h5"], "does nothing beside --features=own"),
        (["RUN", "--count=1"], "--count=1"),
        (["--real=a", "--fake=b", "--features=own"], "trained on a run's data"),
        (["--stored", "--real=a", "--fake=b"], "--stored"),
        (["absent", "--features="], "absent is not a run"),
        (["RUN", "absent", "--features=none.keras"], "absent is not a run"),
        (["--real=absent", "--fake=absent", "--features=none.keras"], "absent is missing."),
        (["RUN", "--features=", "--segmenter=absent.keras", "--metrics=mean_iou"], "absent.keras is missing"),
    ],
)
def test_wrong_use(run, arguments, message, capsys):
    before = sorted(path.name for path in run.iterdir())
    assert main(["evaluate", *(str(run) if word == "RUN" else word for word in arguments)]) == 2
    assert message in capsys.readouterr().err and sorted(path.name for path in run.iterdir()) == before


def test_a_metric_without_its_features_is_refused_before_images_are_made(run, capsys):
    assert main(["evaluate", str(run), "--features=", "--metrics=fid"]) == 2
    assert not capsys.readouterr().out  # nothing is loaded or made first


def test_validations_know_their_metrics():
    (field,) = (field for field in TrainConfig.__dataclass_fields__.values() if field.name == "best_metric")
    for name in filter(None, field.metadata["choices"]):
        assert METRICS[name].tool in ("", "features")


@pytest.mark.parametrize(
    "flags, expected",
    [
        (["--method=pix2pix", *("--generator=unet_16", "--n_layers=1")], {"l1", "psnr", "ssim", "swd"}),
        (
            ["--method=cyclegan", *("--generator=resnet_1", "--n_layers=1")],
            {"swd", "cycle_l1", *(f"{domain}_{name}" for domain in ("day", "night") for name in ("swd", "cycle_l1"))},
        ),
        (["--method=cut", *("--generator=resnet_1", "--n_layers=1")], {"swd"}),
        (["--method=dcgan", "--features=MODEL"], {"swd", "fid", "kid", "precision", "recall", "density", "coverage"}),
    ],
    ids=["pix2pix", "cyclegan", "cut", "dcgan"],
)
def test_validation_while_training(tmp_path, flags, expected, model):
    flags = [word.replace("MODEL", str(model)) for word in flags]
    common = ["--image_size=16", "--ngf=4", "--ndf=4", "--synthetic_images=8", "--batch_size=2", "--notensorboard", "--epochs=1"]
    best = ["--validate_every=1", "--best_metric=swd", "--validate_count=7"]
    assert main(["train", *flags, *common, *best, f"--workdir={tmp_path}"]) == 0
    row = json.loads((tmp_path / "metrics.jsonl").read_text().splitlines()[-1])
    assert {name.removeprefix("val_") for name in row if name.startswith("val_")} == expected
    assert json.loads((tmp_path / "checkpoints" / "best.json").read_text())["value"] == row["val_swd"]


def test_a_best_metric_that_does_not_fit_is_refused_before_training(tmp_path, capsys):
    flags = ["--method=dcgan", "--image_size=16", "--ngf=4", "--ndf=4", "--synthetic_images=8", "--validate_every=1", "--best_metric=ssim"]
    assert main(["train", *flags, f"--workdir={tmp_path / 'run'}"]) == 2
    assert "--best_metric=ssim cannot be measured here; there are: swd" in capsys.readouterr().err
    assert not (tmp_path / "run" / "metrics.jsonl").exists()
