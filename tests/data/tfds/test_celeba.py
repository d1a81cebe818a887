"""CelebA through TensorFlow Datasets: its own builder, offline, with faces of one gray value each."""

import io
import sys

import numpy as np
import pytest
from PIL import Image

from tfgan.config import DataConfig, Domain
from tfgan.data import open_dataset
from tfgan.data.tfds.celeba import open_celeba, open_faces
from tfgan.errors import UserError

tfds = pytest.importorskip("tensorflow_datasets")


def face(gray: int) -> io.BytesIO:
    """A JPEG file of CelebA's size, black in the rows that the crop leaves out."""
    pixels = np.full((218, 178), gray, np.uint8)
    pixels[:16], pixels[208:] = 0, 0  # blocks of 8: the compression does not blur them into the others
    content = io.BytesIO()
    Image.fromarray(pixels).convert("RGB").save(content, "JPEG")
    content.seek(0)
    return content


def examples(heads, count):
    """Face i, of gray value 10·i, has the attributes that are set bits of i, counted in the order of all 40 names, again and again."""
    for i in range(1, count + 1):
        yield (
            f"{i:06d}.jpg",
            {
                "image": face(10 * i),
                "landmarks": dict.fromkeys(heads.LANDMARK_HEADINGS, 0),
                "attributes": {name: bool(i >> bit % 4 & 1) for bit, name in enumerate(heads.ATTR_HEADINGS)},
                "identity": dict.fromkeys(heads.IDENTITY_HEADINGS, 1),
            },
        )


@pytest.fixture(scope="module")
def builder_class():
    return tfds.builder_cls("celeb_a")


@pytest.fixture(scope="module", params=["array_record", "tfrecord"])
def prepared(request, builder_class, tmp_path_factory) -> str:
    folder = str(tmp_path_factory.mktemp(request.param))
    heads = sys.modules[builder_class.__module__]

    def splits(self, dl_manager):
        return {"train": examples(heads, 12), "validation": examples(heads, 3), "test": examples(heads, 2)}

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(builder_class, "_split_generators", splits)
        builder_class(data_dir=folder).download_and_prepare(file_format=request.param)
    return folder


def bits(example, *positions):
    """What the attributes at these positions among the 40 must be, by the face's gray value."""
    number = round(float(example["image"][100, 100].mean()) / 10)
    return [number >> position % 4 & 1 for position in positions]


def test_attributes_of_stargan_by_default(prepared):
    splits = open_celeba(DataConfig(tfds_dir=prepared))
    assert {split: [len(source) for source in sources] for split, sources in splits.items()} == {"train": [12], "val": [3], "test": [2]}
    train = splits["train"][0]
    assert train.attribute_names == ("Black_Hair", "Blond_Hair", "Brown_Hair", "Male", "Young")
    assert train.attribute_groups == (("Black_Hair", "Blond_Hair", "Brown_Hair"),) and train.attribute_sets == ()
    assert train.domains == {"image": Domain("image", 3)}
    found = [train.load(index) for index in range(12)]
    assert {round(float(example["image"].mean()) / 10) for example in found} == set(range(1, 13))
    for example in found:
        assert example["image"].shape == (178, 178, 3) and example["image"].dtype == np.uint8
        assert example["attributes"].tolist() == bits(example, 8, 9, 11, 20, 39)  # their places in list_attr_celeba.txt
        assert example["mask"].tolist() == [1] * 5
        assert example["attributes"].dtype == example["mask"].dtype == np.float32
    assert train.name(3) == "000003"
    assert open_celeba(DataConfig(tfds_dir=prepared, fit="crop"))["train"][0].load(0)["image"].shape == (218, 178, 3)


def test_chosen_attributes(prepared):
    settings = DataConfig(tfds_dir=prepared, attributes=("Smiling", "Bald", "Gray_Hair"), attribute_groups=("Bald+Gray_Hair",))
    train = open_celeba(settings)["train"][0]
    assert train.attribute_names == ("Smiling", "Bald", "Gray_Hair") and train.attribute_groups == (("Bald", "Gray_Hair"),)
    for example in map(train.load, range(12)):
        assert example["attributes"].tolist() == bits(example, 31, 4, 17)
    with pytest.raises(UserError, match="no attribute 'Smilling'. Did you mean Smiling"):
        open_celeba(DataConfig(tfds_dir=prepared, attributes=("Smilling",)))


def test_joined_with_a_folder(prepared, tmp_path):
    for mood in ("happy", "sad"):
        for number in range(3):
            (tmp_path / mood).mkdir(exist_ok=True)
            Image.new("L", (10, 8)).save(tmp_path / mood / f"{number}.png")
    splits = open_celeba(DataConfig(tfds_dir=prepared, extra_data_dirs=(str(tmp_path),)))
    celeba, moods = splits["train"]
    assert celeba.attribute_names == ("Black_Hair", "Blond_Hair", "Brown_Hair", "Male", "Young", "happy", "sad")
    assert celeba.attribute_sets == (celeba.attribute_names[:5], ("happy", "sad")) and len(celeba.attribute_groups) == 2
    assert celeba.load(0)["mask"].tolist() == [1, 1, 1, 1, 1, 0, 0]
    example = moods.load(0)
    assert example["mask"].tolist() == [0, 0, 0, 0, 0, 1, 1] and example["attributes"].tolist() == [0, 0, 0, 0, 0, 1, 0]
    assert example["image"].shape == (8, 8, 3)


def test_faces_alone(prepared):
    splits = open_faces(prepared)
    assert {split: len(source) for split, source in splits.items()} == {"train": 12, "val": 3, "test": 2}
    example = splits["val"].load(0)
    assert list(example) == ["image"] and example["image"].shape == (218, 178, 3)
    found = {}
    for fit in ("crop", "squeeze"):
        faces = open_dataset(DataConfig(dataset="celeba", tfds_dir=prepared, fit=fit), "images", (16, 16), (16, 16))
        assert faces.spec.class_names == faces.spec.attribute_names == () and faces.spec.domains == {"image": Domain("image", 3)}
        found[fit] = faces.validation_example(0)["image"]
    # Of 218 rows the crop leaves out 20 at each end, so all black ones; squeezed, sixteen of them make the first row.
    assert found["crop"][0].min() > -0.95 and found["squeeze"][0].max() < -0.95


def test_refused_download_says_what_to_do(builder_class, tmp_path, monkeypatch):
    def refuse(self, dl_manager):
        raise tfds.download.DownloadError("Failed to obtain confirmation link")

    monkeypatch.setattr(builder_class, "_split_generators", refuse)
    with pytest.raises(UserError, match="(?s)cannot prepare celeba .*confirmation link.*Google Drive.*--data_dir=FOLDER"):
        open_celeba(DataConfig(tfds_dir=str(tmp_path)))
    with pytest.raises(UserError, match="(?s)cannot prepare celeba .*confirmation link.*Google Drive.*--data_dir=FOLDER"):
        open_faces(str(tmp_path))
