"""Imports TensorFlow Datasets (TFDS), prepares its sets, and has a builder for the data sets of pix2pix.

The archives of Isola et al., Image-to-Image Translation with Conditional Adversarial Networks, CVPR 2017, hold side by side JPEG files.
The builder stores these files' own bytes, so nothing is encoded a second time.
"""

import contextlib
import dataclasses
import functools
import hashlib
import importlib.util
import logging
import os
import socket
import tarfile
import urllib.request
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tfgan.data.finding.order import natural_key
from tfgan.data.folders.splits import SPLITS
from tfgan.data.reading.images import EXTENSIONS
from tfgan.errors import UserError

logger = logging.getLogger(__name__)

URLS = (
    "https://efrosgans.eecs.berkeley.edu/pix2pix/datasets/{name}.tar.gz",
    # The first home of the data. Users met "404 not found" there from 2021 on; it is asked only when the first one fails.
    "https://people.eecs.berkeley.edu/~tinghuiz/projects/pix2pix/datasets/{name}.tar.gz",
)
"""Addresses of the archives, in the order in which they are tried."""


@dataclasses.dataclass(frozen=True)
class Archive:
    """What is known of one pix2pix archive; it holds NAME/train, NAME/val and NAME/test, as far as they exist, of side by side files."""

    left: str  # domain in the left half of each file
    right: str
    images: dict[str, int]  # split -> number of files
    citation: str  # of the images; the pairs are by Isola et al., CVPR 2017
    label_domain: str = ""  # the half that is a map of flat class colors
    bytes: int | None = None  # of the archive
    md5: str | None = None  # of the archive; None: not published, and so not checked


# Halves and sources: the authors' docs/datasets.md (junyanz/pytorch-CycleGAN-and-pix2pix), which trains day to night with --direction
# BtoA, so that night is left. Counts are as users of the archives list them. The authors publish no checksums and TFDS has none.
# The MD5 sums are those that TheProjectsGuy/MLHub (src/mlhub/pix2pix/data.py) checks downloads by; its line for night2day lacks a comma,
# so that sum was never tried, and is left out. The sizes stand in logs of wget and in code that waits for them.
PIX2PIX = {
    "facades": Archive(
        left="photo",
        right="labels",
        images={"train": 400, "val": 100, "test": 106},
        citation="Tyleček and Šára, Spatial Pattern Templates for Recognition of Objects with Regular Structure, GCPR 2013",
        label_domain="labels",
        bytes=30_168_306,
        md5="e2e25dd517e9d15828416ab329da2854",
    ),
    "maps": Archive(
        left="aerial",
        right="map",
        images={"train": 1096, "val": 1098},
        citation="Isola et al., from Google Maps",
        bytes=250_242_400,
        md5="e5f65d26eb288457f5ac056deb94d154",
    ),
    "cityscapes": Archive(
        left="photo",
        right="labels",
        images={"train": 2975, "val": 500},
        citation="Cordts et al., The Cityscapes Dataset for Semantic Urban Scene Understanding, CVPR 2016",
        label_domain="labels",
        bytes=103_441_232,
        md5="32569df708076e427e9cd02abbca7748",
    ),
    "edges2shoes": Archive(
        left="edges",
        right="photo",
        images={"train": 49_825, "val": 200},
        citation="Yu and Grauman, Fine-Grained Visual Comparisons with Local Learning, CVPR 2014",
        md5="71da478b54fedde126e234a2a050bc15",
    ),
    "edges2handbags": Archive(
        left="edges",
        right="photo",
        images={"train": 138_567, "val": 200},
        citation="Zhu et al., Generative Visual Manipulation on the Natural Image Manifold, ECCV 2016",
        md5="815592f22fa7f7534a286a25bb73bf03",
    ),
    "night2day": Archive(
        left="night",
        right="day",
        images={"train": 17_823, "val": 10, "test": 2287},
        citation="Laffont et al., Transient Attributes for High-Level Understanding and Editing of Outdoor Scenes, SIGGRAPH 2014",
    ),
}
"""Name of a pix2pix data set -> what is known of its archive."""


def import_tfds():
    """The module `tensorflow_datasets`, imported.

    Raises:
        UserError: the module, or `importlib_resources` which it needs but does not ask pip for, is not installed.
    """
    packages = {"tensorflow_datasets": "tensorflow-datasets", "importlib_resources": "importlib_resources"}
    missing = [package for module, package in packages.items() if importlib.util.find_spec(module) is None]
    if missing:
        raise UserError(f"this data set is read through TensorFlow Datasets; install it with: pip install {' '.join(missing)}")
    import tensorflow_datasets as tfds

    return tfds


def pix2pix_builder(name: str, tfds_dir: str):
    """The prepared TFDS builder of the pix2pix data set `name`; it downloads the archive unless that has been done before.

    Each example holds `image`, the bytes of a side by side file, and `file_name`. Splits: of train, val and test those in the archive,
    each in natural order of its file names.

    Args:
        name: a key of `PIX2PIX`.
        tfds_dir: where TFDS keeps its files; empty: ~/tensorflow_datasets. An archive placed in its folder downloads/manual is used
            instead of a download.

    Raises:
        UserError: TFDS is not installed; the archive cannot be downloaded, is not the published one, or is damaged; the disk is full.
    """
    builder = _builder_class()(config=name, data_dir=os.path.expanduser(tfds_dir) or None)
    prepare(builder, name)
    return builder


def prepare(builder, name: str):
    """Downloads and prepares the set of a TFDS builder, as ArrayRecord files where those can be written, unless it is prepared already.

    Args:
        builder: the builder, as `tensorflow_datasets.builder` makes it.
        name: the set, as the user calls it.

    Raises:
        UserError: the set cannot be downloaded or written; the message has the reason that TFDS gives.
    """
    tfds = import_tfds()
    import requests  # as TFDS does
    from tensorflow_datasets.core.download import download_manager, extractor

    failures = (tfds.download.DownloadError, download_manager.NonMatchingChecksumError, extractor.ExtractError)
    file_format = "array_record" if importlib.util.find_spec("array_record") else None
    try:
        with _no_retries_offline(builder):
            builder.download_and_prepare(file_format=file_format)
    except requests.ConnectionError as error:
        server = urlsplit(str(error.request.url)).hostname if error.request else "its server"
        raise UserError(f"{name} cannot be downloaded: {server} cannot be reached. Is there a network connection?") from error
    # TFDS asserts that files are where a user has to put them, and imports what a builder needs when it needs it.
    except (*failures, OSError, AssertionError, ImportError) as error:
        raise UserError(f"TensorFlow Datasets cannot prepare {name} in {builder.data_dir_root}: {error}") from error


@contextlib.contextmanager
def _no_retries_offline(builder) -> Iterator[None]:
    """A context in which TFDS does not repeat a download for minutes where no server of the set is known, as without a network."""
    from tensorflow_datasets.core.download import downloader

    retries = downloader.MAX_RETRIES
    hosts = {urlsplit(url).hostname for url in builder.url_infos or ()}
    if hosts and not any(map(_is_known, hosts)):
        downloader.MAX_RETRIES = 0
    try:
        yield
    finally:
        downloader.MAX_RETRIES = retries


def _is_known(host: str | None) -> bool:
    """Whether the name of a server leads to an address."""
    try:
        return bool(socket.getaddrinfo(host, 443))
    except (OSError, UnicodeError):
        return False


@functools.cache
def _builder_class():
    """The class of the builder of all pix2pix archives, one a configuration; made here because a TFDS builder inherits from TFDS."""
    tfds = import_tfds()
    base: Any = tfds.core.GeneratorBasedBuilder

    class Pix2pix(base):
        VERSION = tfds.core.Version("1.0.0")
        BUILDER_CONFIGS = [tfds.core.BuilderConfig(name=name, description=facts.citation) for name, facts in PIX2PIX.items()]

        def _info(self):
            facts = PIX2PIX[self.builder_config.name]
            return tfds.core.DatasetInfo(
                builder=self,
                description=f"Pairs of pix2pix side by side: left {facts.left}, right {facts.right}.",
                citation=f"{facts.citation}; Isola et al., Image-to-Image Translation with Conditional Adversarial Networks, CVPR 2017",
                features=tfds.features.FeaturesDict({"image": tfds.features.Image(), "file_name": tfds.features.Text()}),
                disable_shuffling=True,  # in the order of the keys
            )

        def _split_generators(self, dl_manager):
            archive, files = _fetch(self.builder_config.name, dl_manager, Path(self.data_dir_root, "downloads", "manual"))
            return {split: self._generate_examples(dl_manager.iter_archive(archive), paths) for split, paths in files.items()}

        def _generate_examples(self, members, paths):
            # TFDS sorts by key, in buckets that divide 128 bits: keys spread over them keep it from sorting gigabytes in memory.
            keys = {path: rank * 2**128 // len(paths) for rank, path in enumerate(paths)}
            for path, file in members:
                if path in keys:
                    yield keys[path], {"image": file, "file_name": path.split("/", 2)[2]}

    return Pix2pix


def _fetch(name: str, dl_manager, manual_dir: Path) -> tuple[Path, dict[str, list[str]]]:
    """The archive, from `manual_dir` or else downloaded, and split -> paths of the images in it, in natural order."""
    placed = manual_dir / f"{name}.tar.gz"
    archive = placed if placed.is_file() else _download(name, dl_manager, placed)
    try:
        _verify(name, archive)
        paths = sorted((path for path, _ in dl_manager.iter_archive(archive) if _is_image(path)), key=natural_key)
        files = {split: found for split in SPLITS if (found := [path for path in paths if path.startswith(f"{name}/{split}/")])}
        if "train" not in files:
            raise UserError(f"it holds no images in {name}/train")
    except (UserError, OSError, EOFError, zlib.error, tarfile.TarError) as error:
        if archive != placed:  # the next attempt is to download it again; TFDS keeps its notes on the file beside it
            archive.unlink(missing_ok=True)
            archive.with_name(f"{archive.name}.INFO").unlink(missing_ok=True)
        raise UserError(f"the archive {archive} cannot be used: {error}\n{_by_hand(name, placed)}") from None
    return archive, files


def _is_image(path: str) -> bool:
    return path.lower().endswith(tuple(f".{extension}" for extension in EXTENSIONS))


def _download(name: str, dl_manager, placed: Path) -> Path:
    from tensorflow_datasets import download

    failures = []
    for url in (pattern.format(name=name) for pattern in URLS):
        try:
            # TFDS repeats a failing connection for more than three minutes: ask first whether the server answers at all.
            urllib.request.urlopen(urllib.request.Request(url, method="HEAD"), timeout=30).close()
            return Path(dl_manager.download(url))
        except (OSError, download.DownloadError) as error:
            failures.append(f"  {url}: {error}")
    raise UserError("\n".join([f"cannot download the data set {name}:", *failures, _by_hand(name, placed)]))


def _by_hand(name: str, placed: Path) -> str:
    url = URLS[0].format(name=name)
    return f"Download {url} by hand and place it as {placed}, or unpack it and train with --data_dir=FOLDER/{name}."


def _verify(name: str, archive: Path):
    """Raises `UserError` unless the archive has the published size and checksum."""
    facts, size = PIX2PIX[name], archive.stat().st_size
    if facts.bytes not in (None, size):
        raise UserError(f"it has {size} bytes, expected {facts.bytes}")
    if facts.md5 is None:
        logger.info(f"{archive}: not verified, since no checksum of the {name} archive is published.")
        return
    digest = hashlib.md5(usedforsecurity=False)
    with archive.open("rb") as file:
        while block := file.read(2**20):
            digest.update(block)
    if digest.hexdigest() != facts.md5:
        raise UserError(f"its MD5 checksum is {digest.hexdigest()}, expected {facts.md5}")
