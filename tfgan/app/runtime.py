"""LiteRT.js, the runtime that runs networks in a browser: fetched from its npm package once, checked, and kept.

Of its four builds for WebAssembly the page brings the one that runs in every browser, without threads and without relaxed SIMD: pages on a
disk may not have threads, and Safari has no relaxed SIMD.
"""

import hashlib
import re
import shutil
import subprocess
import tarfile
import tempfile
from pathlib import Path
from typing import NamedTuple

from tfgan.errors import UserError, first_line
from tfgan.paths.files import write_atomically
from tfgan.paths.home import cache

PACKAGE, VERSION = "@litertjs/core", "2.5.3"
CORE, GLUE, WASM = "dist/index.js", "wasm/litert_wasm_compat_internal.js", "wasm/litert_wasm_compat_internal.wasm"
CHECKSUMS = {
    CORE: "e7daccc3a31eef890848a737ccb863ded5f046a6b40c3fdc0556495adeb5d9b3",
    GLUE: "4d8f894b7883654fd6e8439730aa41e79ceaab7d19184fc4f1f0b0f1a2a2c8a5",
    WASM: "5255c8ad06eabdbd2522cdebf6b22fc10faf74625c23a49b9e072570cd1fa41c",
}
"""SHA-256 of the files of the package that a page brings."""
FOLDER = f"litertjs-core-{VERSION}"
CURE = f"`npm pack {PACKAGE}@{VERSION}` on another machine makes a file to unpack; name its folder with --runtime=FOLDER"
PACKING_SECONDS = 300  # for 12 MB

IMPORT = 'import { createWasmLib } from "@litertjs/wasm-utils";'
EXPORT = re.compile(r"export \{[^}]*\};\s*(//# sourceMappingURL=\S*\s*)?$")
HEAD = """const runtime = { wasm: null, complaints: [] };
const createWasmLib = async (LiteRt) => {
  const printErr = (line) => /^(ERROR|FATAL)/.test(line) && runtime.complaints.push(line);
  return new LiteRt(await ModuleFactory({ wasmBinary: runtime.wasm, print: () => {}, printErr }));
};
"""
"""In the place of the function that loads WebAssembly from a server: the page has its bytes, and hands them over."""


class Runtime(NamedTuple):
    """What a page brings of LiteRT.js."""

    script: str  # defines `litert`, the runtime's functions, and `runtime`, whose `wasm` they take
    wasm: bytes


def find_runtime(folder: str = "") -> Runtime:
    """The runtime of a page: from `folder`, an unpacked npm package, or the cache, which npm fills when it is empty.

    Raises:
        UserError: `folder` holds another package, version or other files; or there is no npm, or it does not reach its registry.
        OutputError: the cache cannot be written.
    """
    if folder:
        found = _read(Path(folder).expanduser())
        if isinstance(found, str):
            raise UserError(f"--runtime={folder}: {found}. It must be the unpacked npm package {PACKAGE} {VERSION}: {CURE}.")
    else:
        found = _read(cache() / FOLDER)
        if isinstance(found, str):
            fetch(cache() / FOLDER)
            found = _read(cache() / FOLDER)
        if isinstance(found, str):
            raise UserError(f"npm's package {PACKAGE} {VERSION} is not the one that this version of tfgan knows: {found}. {CURE}.")
    return _joined(found)


def _read(folder: Path) -> dict[str, bytes] | str:
    """The files of the runtime in an unpacked package; or, in words, why it is none."""
    folder = folder / "package" if (folder / "package").is_dir() else folder
    files = {}
    for name, checksum in CHECKSUMS.items():
        try:
            files[name] = (folder / name).read_bytes()
        except OSError as error:
            return f"{name} cannot be read: {error.strerror or first_line(error)}"
        if hashlib.sha256(files[name]).hexdigest() != checksum:
            return f"{name} is of another version, or was changed"
    return files


def fetch(folder: Path):
    """Fetches the package through npm, which asks the registry that it is set up for, and keeps the files of the runtime in `folder`.

    Raises:
        UserError: there is no npm, or it does not reach its registry.
        OutputError: the folder cannot be written.
    """
    npm = shutil.which("npm")
    if npm is None:
        raise UserError(f"The page needs LiteRT.js, which is fetched once by npm, and there is no npm here: install Node.js, or {CURE}.")
    try:
        with tempfile.TemporaryDirectory() as temporary:
            command = [npm, "pack", f"{PACKAGE}@{VERSION}", "--ignore-scripts", "--silent"]
            done = subprocess.run(command, cwd=temporary, capture_output=True, text=True, timeout=PACKING_SECONDS)
            archives = list(Path(temporary).glob("*.tgz"))
            if done.returncode or not archives:
                raise UserError(f"npm does not fetch {PACKAGE} {VERSION}: {_reason(done.stderr)}. {CURE}.")
            _keep(archives[0], folder)
    except subprocess.TimeoutExpired:
        raise UserError(f"npm did not fetch {PACKAGE} {VERSION} in {PACKING_SECONDS} seconds. {CURE}.") from None
    except (tarfile.TarError, KeyError, EOFError) as error:
        raise UserError(f"npm's package {PACKAGE} {VERSION} cannot be unpacked: {first_line(error)}. {CURE}.") from None


def _keep(archive: Path, folder: Path):
    """Keeps the files that a page brings, by their names alone: nothing else of the archive is unpacked."""
    with tarfile.open(archive) as packed:
        for name in CHECKSUMS:
            file = packed.extractfile(f"package/{name}")
            if file is None:
                raise KeyError(f"{name} is no file")
            write_atomically(folder / name, file.read())


def _reason(text: str) -> str:
    lines = [line.strip().rstrip(".") for line in text.splitlines() if line.strip()]
    return re.sub(r"^npm (error|ERR!) ?", "", lines[-1] if len(lines) == 1 else " ".join(lines[:2])) if lines else "it says no reason"


def _joined(files: dict[str, bytes]) -> Runtime:
    """One script of the package's two: a worker made of bytes can import none."""
    core = files[CORE].decode()
    body, count = EXPORT.subn("return { loadLiteRt, loadAndCompile, Tensor };", core.replace(IMPORT, ""))
    assert IMPORT in core and count == 1, "the checksums are those of another file"
    wrapped = f'const litert = (() => {{\n"use strict";\n{body}\n}})();\n'
    return Runtime(f"{files[GLUE].decode()}\n{HEAD}{wrapped}", files[WASM])
