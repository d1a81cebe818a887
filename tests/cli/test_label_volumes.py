"""Label volumes, NIfTI, learned slice by slice: results are volumes of the same classes, and lie where their sources lie."""

import numpy as np
import pytest
from PIL import Image

from tfgan.cli.main import main

nibabel = pytest.importorskip("nibabel")
pytestmark = pytest.mark.usefixtures("eagerly")

AFFINE = np.array([[0, -2.0, 0, 7], [3.0, 0, 0, 8], [0, 0, 4.0, 9], [0, 0, 0, 1]])
FLAGS = (
    *("--generator=unet_16", "--ngf=4", "--ndf=4", "--n_layers=1", "--image_size=16", "--epochs=1", "--num_samples=1", "--notensorboard"),
    *("--pages=frames", "--domains=ct,seg", "--label_domains=seg", "--value_range=ct:-100:100"),
)


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    folder = tmp_path_factory.mktemp("volumes") / "data"
    for number in range(2):
        labels = (np.indices((16, 18, 4)).sum(axis=0) // 5 + number) % 3 * 20
        for name, values in (("ct", (labels * 3 - 60).astype(np.int16)), ("seg", labels.astype(np.float32))):
            (folder / "train" / name).mkdir(parents=True, exist_ok=True)
            nibabel.Nifti1Image(values, AFFINE).to_filename(folder / "train" / name / f"p{number}.nii.gz")
    return folder


def train(data, name, *flags):
    run = data.parent / name
    assert run.exists() or main(["train", f"--data_dir={data}", *FLAGS, *flags, f"--workdir={run}"]) == 0
    return str(run)


@pytest.mark.parametrize("name, flag", [("onehot", "--label_encoding=onehot"), ("painted", "--label_coding=ids")])
def test_to_label_volumes(data, name, flag, tmp_path):
    run = train(data, name, flag, "--direction=ct_to_seg")
    assert main(["translate", run, str(data / "train" / "ct"), str(tmp_path / "out")]) == 0
    result = nibabel.load(tmp_path / "out" / "p0.nii.gz")
    assert result.shape == (16, 18, 4) and result.get_data_dtype() == np.uint8
    assert set(np.unique(result.dataobj)) <= {0, 20, 40}
    np.testing.assert_array_equal(result.affine, AFFINE)


def test_along_another_axis(data, tmp_path, capsys):
    run = train(data, "onehot", "--label_encoding=onehot", "--direction=ct_to_seg")
    file = str(data / "train" / "ct" / "p0.nii.gz")
    assert main(["translate", run, file, str(tmp_path / "own.nii.gz")]) == 0
    assert main(["translate", run, file, str(tmp_path / "across.nii.gz"), "--axis=0"]) == 0
    own, across = (np.asarray(nibabel.load(tmp_path / name).dataobj) for name in ("own.nii.gz", "across.nii.gz"))
    assert across.shape == own.shape and (across != own).any()
    Image.new("L", (16, 16)).save(tmp_path / "a.png")
    assert main(["translate", run, str(tmp_path / "a.png"), str(tmp_path / "b.png"), "--axis=0"]) == 2
    assert "--axis does nothing for" in capsys.readouterr().err


@pytest.mark.parametrize("flag", ["--label_encoding=onehot", "--label_coding=ids"])
def test_from_label_volumes(data, flag, tmp_path):
    run = train(data, "from" + flag[9:], flag, "--direction=seg_to_ct")
    assert main(["translate", run, str(data / "train" / "seg" / "p1.nii.gz"), str(tmp_path / "ct.nii.gz")]) == 0
    result = nibabel.load(tmp_path / "ct.nii.gz")
    assert result.shape == (16, 18, 4) and result.get_data_dtype() == np.int16 and np.abs(result.dataobj).max() <= 100
    np.testing.assert_array_equal(result.affine, AFFINE)
