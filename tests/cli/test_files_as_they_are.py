"""Files and label maps as people have them, from training to results: links to folders, masks of any two values, maps without photos."""

import numpy as np
import pytest
import tiny_folders as tiny

from tfgan.cli.main import main

pytestmark = pytest.mark.usefixtures("eagerly")


def blocks(number, low=0, high=255):
    return np.random.default_rng(number).choice([low, high], (4, 4)).repeat(4, 0).repeat(4, 1).astype(np.uint8)


def photos(folder, names):
    for number, name in enumerate(names):
        tiny.save(folder / name, np.random.default_rng(number).integers(0, 256, (16, 16, 3), np.uint8))


def test_links_to_folders_are_trained_on_checked_and_translated(train, tmp_path):
    store, data = tmp_path / "store", tmp_path / "data"
    for side in "AB":
        photos(store / side, [f"{number}.png" for number in range(4)])
        (data / "train").mkdir(parents=True, exist_ok=True)
        (data / "train" / side).symlink_to(store / side)
    (store / "A" / "up").symlink_to(data)  # which leads back
    code, output = train(tmp_path / "run", f"--data_dir={data}", "--steps=1")
    assert code == 0, output
    assert "4 images to train" in output and "Images   4 train" in tiny.check(data, "--noprobe")[2]
    (tmp_path / "inputs").mkdir()
    for day, side in (("monday", "A"), ("tuesday", "B")):
        (tmp_path / "inputs" / day).symlink_to(store / side)
    assert main(["translate", str(tmp_path / "run"), str(tmp_path / "inputs"), str(tmp_path / "out")]) == 0
    written = sorted(path.relative_to(tmp_path / "out").as_posix() for path in (tmp_path / "out").rglob("*.png"))
    assert written == [f"{day}/{number}.png" for day in ("monday", "tuesday") for number in range(4)]


@pytest.mark.parametrize("values, flags", [((0, 255), []), ((0, 1), ["--label_coding=ids"]), ((3, 128), ["--label_coding=ids"])])
def test_masks_come_out_with_their_own_values(values, flags, train, tmp_path):
    data = tmp_path / "data" / "train"
    for number in range(4):
        tiny.save(data / "mask" / f"{number}_mask.png", blocks(number, *values))
    photos(data / "photo", [f"{number}.jpg" for number in range(4)])
    own = ["--label_domains=mask", "--direction=photo_to_mask", *flags]
    code, output = train(tmp_path / "run", f"--data_dir={data.parent}", "--steps=1", *own)
    assert code == 0 and "Pairs by {}_mask and {}" in output, output
    assert main(["translate", str(tmp_path / "run"), str(data / "photo"), str(tmp_path / "out")]) == 0
    results = sorted((tmp_path / "out").iterdir())
    assert [path.name for path in results] == [f"{number}.png" for number in range(4)]  # JPEG would blur the classes
    assert {value for path in results for value in np.unique(tiny.read(path)).tolist()} <= set(values)


def test_label_maps_without_photos_are_translated(train, tmp_path):
    data = tmp_path / "data" / "train"
    for number in range(4):
        tiny.save(data / "label" / f"{number}.png", blocks(number, 0, 1))
        tiny.save(tmp_path / "only" / f"{number}.png", blocks(number + 9, 0, 1))
    photos(data / "photo", [f"{number}.png" for number in range(4)])
    arguments = ["train", "--method=spade", f"--data_dir={data.parent}", f"--workdir={tmp_path / 'run'}", "--image_size=16", "--depth=2"]
    small = ["--ngf=4", "--ndf=4", "--steps=1", "--batch_size=2", "--num_samples=1", "--notensorboard", "--direction=label_to_photo"]
    assert main([*arguments, *small]) == 0
    assert main(["translate", str(tmp_path / "run"), str(tmp_path / "only"), str(tmp_path / "out")]) == 0
    assert len(list((tmp_path / "out").iterdir())) == 4
