"""Sets of TensorFlow Datasets, prepared for real and offline: archives come from a server in this file, other sets from a builder."""

import dataclasses
import functools
import hashlib
import io
import subprocess
import sys
import tarfile
import threading
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tfgan.config import Domain
from tfgan.data.tfds import builders as tfds_builders
from tfgan.data.tfds.builders import PIX2PIX, import_tfds
from tfgan.data.tfds.pairs import open_pix2pix, open_tfds, read_splits
from tfgan.errors import UnreadableImage, UserError

tfds = pytest.importorskip("tensorflow_datasets")


def encode(pixels, form) -> bytes:
    content = io.BytesIO()
    Image.fromarray(pixels).save(content, form)
    return content.getvalue()


def side_by_side(left: int, right: int, width: int = 12) -> bytes:
    """A JPEG file 6 high whose halves have one gray value each; 48 wide keeps the halves in blocks of their own."""
    pixels = np.full((6, width, 3), left, np.uint8)
    pixels[:, width // 2 :] = right
    return encode(pixels, "JPEG")


def make_archive(path: Path, name: str, counts: dict[str, int], **extra: bytes) -> dict[str, bytes]:
    """Writes NAME/SPLIT/1.jpg …, the last file first, and returns path -> content."""
    files = {f"{name}/{split}/{i}.jpg": side_by_side(10 * i, 255 - 10 * i, 48) for split, n in counts.items() for i in range(1, n + 1)}
    files |= {f"{name}/train/{stem}.jpg": content for stem, content in extra.items()}
    path.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(path, "w:gz") as tar:
        for file, content in reversed(files.items()):
            member = tarfile.TarInfo(file)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return files


@dataclasses.dataclass
class Server:
    """A folder that is served as the only place to download from, and the requests that came."""

    folder: Path
    requests: list[str]
    url: str


@pytest.fixture
def server(tmp_path, monkeypatch):
    folder, requests = tmp_path / "served", []
    folder.mkdir()

    class Handler(SimpleHTTPRequestHandler):
        def log_message(self, *_):
            requests.append(f"{self.command} {self.path}")

    running = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Handler, directory=str(folder)))
    threading.Thread(target=running.serve_forever, args=(0.02,), daemon=True).start()
    url = f"http://127.0.0.1:{running.server_port}/{{name}}.tar.gz"
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr(tfds_builders, "URLS", (url,))
    yield Server(folder, requests, url)
    running.shutdown()
    running.server_close()


@pytest.fixture
def publish(monkeypatch):
    """Enters an archive's own size and checksum, or others, into the table."""

    def enter(path: Path, **others):
        name, content = path.name.removesuffix(".tar.gz"), path.read_bytes()
        facts = {"bytes": len(content), "md5": hashlib.md5(content).hexdigest()} | others
        monkeypatch.setitem(PIX2PIX, name, dataclasses.replace(PIX2PIX[name], **facts))

    return enter


def test_facades_from_the_server(server, publish, tmp_path):
    archive = server.folder / "facades.tar.gz"
    files = make_archive(archive, "facades", {"train": 11, "val": 2, "test": 3})
    publish(archive)

    splits = open_pix2pix("facades", str(tmp_path / "tfds"))

    assert {split: len(source) for split, source in splits.items()} == {"train": 11, "val": 2, "test": 3}
    train = splits["train"]
    assert [train.name(i) for i in range(11)] == [f"{i}.jpg" for i in range(1, 12)]  # natural order: 2 before 10
    for split, source in splits.items():
        assert [record["image"] for record in source.records] == [files[f"facades/{split}/{i}.jpg"] for i in range(1, len(source) + 1)]
    assert train.domains == {"A": Domain("photo", 3), "B": Domain("labels", 3, resample="nearest")}
    pair = train.load(4)
    assert pair["A"].shape == pair["B"].shape == (6, 24, 3) and pair["A"].dtype == np.uint8
    assert (pair["A"] == 50).all() and (pair["B"] == 205).all()

    server.requests.clear()
    again = open_pix2pix("facades", str(tmp_path / "tfds"))
    assert again["train"].records[10] == train.records[10]
    assert not server.requests  # prepared once, and for all


def test_archive_placed_by_hand_without_a_published_checksum(server, tmp_path, capsys):
    make_archive(tmp_path / "tfds/downloads/manual/night2day.tar.gz", "night2day", {"train": 1}, odd=side_by_side(9, 9, 13), broken=b"GIF")
    train = open_pix2pix("night2day", str(tmp_path / "tfds"))["train"]
    assert not server.requests
    assert "not verified" in capsys.readouterr().out
    assert [train.domains[side].name for side in "AB"] == ["night", "day"]
    positions = {train.name(i): i for i in range(len(train))}
    with pytest.raises(UnreadableImage, match="must be even, but is 13 pixels"):
        train.load(positions["odd.jpg"])
    with pytest.raises(UnreadableImage):
        train.load(positions["broken.jpg"])


def test_wrong_checksum_or_size_is_an_error_and_the_download_is_repeated(server, publish, tmp_path, monkeypatch):
    archive = server.folder / "maps.tar.gz"
    make_archive(archive, "maps", {"train": 2, "val": 1})
    publish(archive, md5="0" * 32)
    with pytest.raises(UserError, match=f"MD5 checksum is {hashlib.md5(archive.read_bytes()).hexdigest()}, expected 0000") as error:
        open_pix2pix("maps", str(tmp_path / "tfds"))
    assert "--data_dir=FOLDER/maps" in str(error.value)
    publish(archive, bytes=5)
    with pytest.raises(UserError, match=f"it has {archive.stat().st_size} bytes, expected 5"):
        open_pix2pix("maps", str(tmp_path / "tfds"))
    publish(archive)
    assert list(open_pix2pix("maps", str(tmp_path / "tfds"))) == ["train", "val"]
    assert server.requests.count("GET /maps.tar.gz") == 3


def test_archive_placed_by_hand_is_checked_and_left_alone(server, publish, tmp_path):
    placed = tmp_path / "tfds/downloads/manual/maps.tar.gz"
    make_archive(placed, "maps", {"train": 1})
    publish(placed, md5="0" * 32)
    with pytest.raises(UserError, match="expected 0000"):
        open_pix2pix("maps", str(tmp_path / "tfds"))
    assert placed.exists()


def test_damaged_download_is_named_and_repeated(server, tmp_path):
    archive = server.folder / "night2day.tar.gz"  # without a published checksum, so only reading it shows the damage
    noise = encode(np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8), "JPEG")
    make_archive(archive, "night2day", {"train": 3, "val": 1}, noise=noise)
    whole = archive.read_bytes()
    for content in (whole[: len(whole) * 2 // 3], b"\x1f\x8b, but no archive"):
        archive.write_bytes(content)
        with pytest.raises(UserError, match="(?s)night2day.* cannot be used: .*\nDownload http://127.*FOLDER/night2day"):
            open_pix2pix("night2day", str(tmp_path / "tfds"))
        assert not list((tmp_path / "tfds/downloads").rglob("*.tar.gz*"))
    archive.write_bytes(whole)
    assert len(open_pix2pix("night2day", str(tmp_path / "tfds"))["train"]) == 4


def test_archive_of_another_set(server, publish, tmp_path):
    archive = server.folder / "cityscapes.tar.gz"
    make_archive(archive, "maps", {"train": 1})
    publish(archive)
    with pytest.raises(UserError, match="it holds no images in cityscapes/train"):
        open_pix2pix("cityscapes", str(tmp_path / "tfds"))


def test_without_array_record(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "array_record", None)
    files = make_archive(tmp_path / "downloads/manual/night2day.tar.gz", "night2day", {"train": 11})
    train = open_pix2pix("night2day", str(tmp_path))["train"]
    assert isinstance(train.records, list)
    assert [train.name(i) for i in range(11)] == [f"{i}.jpg" for i in range(1, 12)]
    assert train.records[9]["image"] == files["night2day/train/10.jpg"]


def test_order_of_a_set_that_is_sorted_on_disk(tmp_path, monkeypatch):
    monkeypatch.setattr("tensorflow_datasets.core.shuffle.MAX_MEM_BUFFER_SIZE", 1000)
    make_archive(tmp_path / "downloads/manual/night2day.tar.gz", "night2day", {"train": 23})
    train = open_pix2pix("night2day", str(tmp_path))["train"]
    assert [train.name(i) for i in range(23)] == [f"{i}.jpg" for i in range(1, 24)]


def test_no_answer(server, publish, tmp_path, monkeypatch):
    monkeypatch.setattr(tfds_builders, "URLS", ("http://127.0.0.1:9/{name}.tar.gz", server.url))
    with pytest.raises(UserError) as error:
        open_pix2pix("edges2shoes", str(tmp_path / "tfds"))
    text = str(error.value)
    assert "http://127.0.0.1:9/edges2shoes.tar.gz: " in text and "refused" in text
    assert f"{server.url.format(name='edges2shoes')}: HTTP Error 404" in text
    assert str(tmp_path / "tfds/downloads/manual/edges2shoes.tar.gz") in text
    assert "--data_dir=FOLDER/edges2shoes" in text

    archive = server.folder / "edges2shoes.tar.gz"
    make_archive(archive, "edges2shoes", {"train": 1})
    publish(archive)
    splits = open_pix2pix("edges2shoes", str(tmp_path / "tfds"))  # the second place has it now
    assert [splits["train"].domains[side].name for side in "AB"] == ["edges", "photo"]


def test_table():
    assert set(PIX2PIX) == {"facades", "maps", "cityscapes", "edges2shoes", "edges2handbags", "night2day"}
    for facts in PIX2PIX.values():
        assert facts.left != facts.right and facts.label_domain in ("", facts.left, facts.right)
        assert facts.images["train"] > 0 and set(facts.images) <= {"train", "val", "test"}
        assert facts.md5 is None or len(facts.md5) == 32


@pytest.mark.parametrize("package", ["tensorflow-datasets", "importlib_resources"])
def test_missing_package_is_named(monkeypatch, package):
    monkeypatch.setitem(sys.modules, package.replace("-", "_"), None)
    with pytest.raises(UserError, match=f"pip install {package}$"):
        import_tfds()


def test_import_is_light():
    code = "import sys, tfgan.data.tfds.pairs; assert not {'tensorflow', 'tensorflow_datasets'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


GRAY16 = np.arange(24, dtype=np.uint16).reshape(4, 6) * 2000


class TinyPairs(tfds.core.GeneratorBasedBuilder):
    """Photos of 4×6 and, nested, label maps of 4×6 in gray; one photo is higher."""

    VERSION = tfds.core.Version("1.0.0")
    BUILDER_CONFIGS = [tfds.core.BuilderConfig(name="plain"), tfds.core.BuilderConfig(name="unsplit")]

    def _info(self):
        any_size = (None, None)
        features = {
            "photo": tfds.features.Image(shape=(*any_size, 3)),
            "truth": {"labels": tfds.features.Image(shape=(*any_size, 1)), "class": tfds.features.ClassLabel(names=["a", "b"])},
            "rgba": tfds.features.Image(shape=(*any_size, 4)),
            "deep": tfds.features.Image(shape=(*any_size, 1), dtype=np.uint16),
            "open": tfds.features.Image(shape=(*any_size, None)),
            "depth": tfds.features.Image(shape=(*any_size, 1), dtype=np.float32),
        }
        return tfds.core.DatasetInfo(builder=self, features=tfds.features.FeaturesDict(features), disable_shuffling=True)

    def _split_generators(self, dl_manager):
        if self.builder_config.name == "unsplit":
            return {"everything": self._generate_examples(1)}
        return {"train": self._generate_examples(3), "validation": self._generate_examples(2)}

    def _generate_examples(self, count):
        for i in range(count):
            gray = np.full((4, 6), 20 * i, np.uint8)
            photo = np.full((8 if i == 2 else 4, 6, 3), 10 * i, np.uint8)
            yield (
                i,
                {
                    "photo": encode(photo, "PNG"),
                    "truth": {"labels": encode(gray, "PNG"), "class": i % 2},
                    "rgba": encode(np.dstack([photo, photo[..., :1] * 0]), "PNG"),
                    "deep": encode(GRAY16, "PNG"),
                    "open": encode(gray, "PNG"),
                    "depth": np.zeros((4, 6, 1), np.float32),
                },
            )


@pytest.fixture(scope="module", params=["array_record", "tfrecord"])
def prepared(request, tmp_path_factory) -> str:
    folder = str(tmp_path_factory.mktemp(request.param))
    tfds.builder("tiny_pairs/plain", data_dir=folder).download_and_prepare(file_format=request.param)
    return folder


def test_any_set_with_two_image_features(prepared):
    splits = open_tfds("tiny_pairs/plain", "truth/labels", "photo", prepared, ("truth/labels",), "composite")
    assert {split: len(source) for split, source in splits.items()} == {"train": 3, "val": 2}
    train = splits["train"]
    assert train.domains == {"A": Domain("truth/labels", 1, resample="nearest"), "B": Domain("photo", 3)}
    pair = train.load(1)
    assert pair["A"].shape == (4, 6, 1) and (pair["A"] == 20).all()
    assert pair["B"].shape == (4, 6, 3) and (pair["B"] == 10).all()
    assert train.name(1) == "000001"
    with pytest.raises(UnreadableImage, match=r"truth/labels is 4×6 but photo is 8×6 \(height×width\)"):
        train.load(2)


def test_channels_and_depth_of_features(prepared):
    train = open_tfds("tiny_pairs/plain", "deep", "rgba", prepared, (), "composite")["train"]
    assert train.domains == {"A": Domain("deep", 1, "uint16"), "B": Domain("rgba", 3)}
    pair = train.load(0)
    np.testing.assert_array_equal(pair["A"][..., 0], GRAY16)
    assert (pair["B"] == 255).all()  # transparent black over white
    kept = open_tfds("tiny_pairs/plain", "open", "rgba", prepared, (), "keep")["train"]
    assert kept.domains == {"A": Domain("open", 1), "B": Domain("rgba", 4)}
    assert kept.load(1)["B"][0, 0].tolist() == [10, 10, 10, 0]


@pytest.mark.parametrize(
    "name, source, target, labels, message",
    [
        ("tiny_pairs/plain", "image", "photo", (), "no image feature 'image'; its image features: photo, truth/labels, rgba, deep, open"),
        ("tiny_pairs/plain", "photo", "depth", (), "has no image feature 'depth'"),
        ("tiny_pairs/plain", "photo", "", (), "needs --tfds_target, the feature that holds domain B"),
        ("tiny_pairs/plain", "photo", "open", ("labels",), "unknown label domain 'labels'; the domains of .*plain are photo and open"),
        ("no_such_pairs", "a", "b", (), "cannot open 'no_such_pairs'"),
        ("tiny_pairs/unknown", "a", "b", (), "cannot open 'tiny_pairs/unknown'"),
        ("tiny_pairs/unsplit", "photo", "open", (), "has no split named train, validation or test, but everything"),
    ],
)
def test_wrong_settings(prepared, name, source, target, labels, message):
    with pytest.raises(UserError, match=message):
        open_tfds(name, source, target, prepared, labels, "composite")


def test_set_is_prepared_with_random_access_at_first_use(tmp_path):
    assert len(open_tfds("tiny_pairs/plain", "photo", "open", str(tmp_path), (), "drop")["train"]) == 3
    assert list(tmp_path.rglob("*.array_record*"))


def test_failed_preparation_says_why(tmp_path, monkeypatch):
    def fail(self, dl_manager):
        raise AssertionError("place files.zip in manual/")

    monkeypatch.setattr(TinyPairs, "_split_generators", fail)
    with pytest.raises(UserError, match=f"cannot prepare tfds:tiny_pairs/plain in {tmp_path}: place files.zip in manual/"):
        open_tfds("tiny_pairs/plain", "photo", "open", str(tmp_path), (), "drop")


def test_numbers_of_stored_examples(prepared):
    builder = tfds.builder("tiny_pairs/plain", data_dir=prepared)
    records = read_splits(builder, ("truth/class", "photo"))
    assert [int(record["truth/class"]) for record in records["train"]] == [0, 1, 0]
    assert all(record["photo"].startswith(b"\x89PNG") for record in records["val"])
