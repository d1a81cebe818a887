"""LiteRT.js from npm: fetched once, checked, kept, and taken from a folder. The registry here is a script that is called npm."""

import hashlib
import io
import tarfile

import pytest

from tfgan.app import runtime
from tfgan.errors import UserError

FILES = {
    runtime.CORE: b'import { createWasmLib } from "@litertjs/wasm-utils";\nvar loadLiteRt = 1, loadAndCompile = 2, Tensor = 3, Extra = 4;\n'
    b"export {\n  Extra,\n  loadLiteRt\n};\n//# sourceMappingURL=index.js.map\n",
    runtime.GLUE: b"var ModuleFactory = null;\n",
    runtime.WASM: b"\0asm",
}


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setattr(runtime, "CHECKSUMS", {name: hashlib.sha256(data).hexdigest() for name, data in FILES.items()})
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/usr/bin:/bin")
    monkeypatch.setattr(runtime.shutil, "which", lambda name: str(tmp_path / "bin" / name) if (tmp_path / "bin" / name).exists() else None)
    return tmp_path / "cache"


def unpacked(folder, files=FILES):
    for name, data in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    return folder


def npm(place, script):
    (place / "bin").mkdir(exist_ok=True)
    (place / "bin" / "npm").write_text(f"#!/bin/sh\n{script}\n")
    (place / "bin" / "npm").chmod(0o755)


def archive(place, files=FILES):
    with tarfile.open(place / "package.tgz", "w:gz") as packed:
        for name, data in files.items():
            entry = tarfile.TarInfo(f"package/{name}")
            entry.size = len(data)
            packed.addfile(entry, io.BytesIO(data))
    return place / "package.tgz"


def test_it_is_fetched_once_and_kept(tmp_path, cache):
    npm(tmp_path, f'echo "$@" >> {tmp_path}/said; cp {archive(tmp_path)} .')
    first = runtime.find_runtime()
    assert (tmp_path / "said").read_text() == f"pack @litertjs/core@{runtime.VERSION} --ignore-scripts --silent\n"
    (tmp_path / "bin" / "npm").unlink()
    assert runtime.find_runtime() == first and first.wasm == b"\0asm"
    assert sorted(path.name for path in cache.rglob("*") if path.is_file()) == sorted(name.split("/")[-1] for name in FILES)


@pytest.mark.parametrize("inner", ["", "package"])
def test_a_folder_needs_neither_npm_nor_cache(tmp_path, cache, inner):
    unpacked(tmp_path / "own" / inner)
    script = runtime.find_runtime(str(tmp_path / "own")).script
    assert script.startswith("var ModuleFactory") and "createWasmLib = async" in script and not cache.exists()
    assert "return { loadLiteRt, loadAndCompile, Tensor };" in script and "import {" not in script and "export {" not in script


@pytest.mark.parametrize("name", FILES)
def test_files_of_another_version_are_refused(tmp_path, cache, name):
    own = unpacked(tmp_path / "own", FILES | {name: FILES[name] + b" "})
    with pytest.raises(UserError, match=f"{name} is of another version, or was changed.*npm pack @litertjs/core@{runtime.VERSION}"):
        runtime.find_runtime(str(own))
    npm(tmp_path, f"cp {archive(tmp_path, FILES | {name: b'evil'})} .")
    with pytest.raises(UserError, match="not the one that this version of tfgan knows"):
        runtime.find_runtime()


@pytest.mark.parametrize(
    "script, message",
    [
        ("echo 'npm error code E404' >&2; echo 'npm error 404 Not Found' >&2; exit 1", "does not fetch @litertjs/core .*: code E404"),
        ("exit 1", "it says no reason"),
        ("exit 0", "does not fetch"),
        ("echo no archive > package.tgz", "cannot be unpacked"),
        (None, "there is no npm here: install Node.js, or `npm pack"),
    ],
)
def test_what_goes_wrong_is_one_line_with_a_cure(tmp_path, cache, script, message):
    if script:
        npm(tmp_path, script)
    with pytest.raises(UserError, match=message) as error:
        runtime.find_runtime()
    assert "--runtime=FOLDER" in str(error.value) and "\n" not in str(error.value) and not cache.exists()


def test_an_archive_without_a_file_is_refused(tmp_path, cache):
    npm(tmp_path, f"cp {archive(tmp_path, {runtime.CORE: FILES[runtime.CORE]})} .")
    with pytest.raises(UserError, match="cannot be unpacked"):
        runtime.find_runtime()
