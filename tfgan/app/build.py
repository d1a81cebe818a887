"""Puts the page together: our page, the runtime and a run's networks, in one HTML file or in a folder of parts."""

import base64
import gzip
import hashlib
import html
import json
import re
from importlib import resources
from pathlib import Path
from string import Template
from typing import Any, NamedTuple

from tfgan.app.runtime import VERSION, Runtime

MARK = '<meta name="generator" content="tfgan app">'
"""In the head of every page, by which it is known again."""

MODULES = (
    *("dom", "parts", "engine", "pixels", "strokes", "noise", "result", "pictures", "paint", "latents", "attributes"),
    *("translation", "generation", "app"),
)
"""The modules of the page, each behind those that it imports."""

MODEL, EXAMPLES, WORKER, WASM = "model.tflite", "examples.bin", "worker.js", "runtime.wasm"
FILES = {"index.html", "page.css", WORKER, WASM, MODEL, EXAMPLES, *(f"{name}.js" for name in MODULES)}
"""What a folder of parts holds."""

LICENSE = "apache-2.0.txt"
"""The text of the license of LiteRT.js, which goes wherever its code goes; its package does not bring it."""


class Content(NamedTuple):
    """What a page shows: texts, the record of what the run can do (see docs/app.md), its networks and examples."""

    title: str
    subtitle: str
    record: dict[str, Any]
    model: bytes
    examples: bytes


def one_file(content: Content, runtime: Runtime) -> bytes:
    """The page as one HTML file in UTF-8, which asks nothing of any server."""
    parts = _parts(content, runtime)
    script, style = joined(), _read("page.css")
    policy = (
        f"default-src 'none'; img-src data: blob:; style-src '{_hash(style)}'; script-src '{_hash(script)}' 'wasm-unsafe-eval'; "
        "worker-src blob:; base-uri 'none'; form-action 'none'"
    )
    islands = "\n".join(
        f'<script type="application/octet-stream" id="part:{name}">{_packed(part)}</script>' for name, part in parts.items()
    )
    shown = _fill(content, parts, policy, f"<style>{style}</style>", islands, f'<script type="module">{script}</script>')
    size = len(shown) / 1e6
    return shown.replace(_size(parts).encode(), f"{size:.1f} MB".encode(), 1)


def folder(content: Content, runtime: Runtime) -> dict[str, bytes]:
    """The page as a folder for a web server: name -> content of each of `FILES`."""
    parts = _parts(content, runtime)
    policy = (
        "default-src 'none'; img-src data: blob:; style-src 'self'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'; "
        "worker-src blob:; base-uri 'none'; form-action 'none'"
    )
    style, script = '<link rel="stylesheet" href="page.css">', '<script type="module" src="app.js"></script>'
    page = _fill(content, parts, policy, style, "", script)
    own = {f"{name}.js": _read(f"{name}.js").encode() for name in MODULES}
    return {"index.html": page, "page.css": _read("page.css").encode(), **own, **parts}


def _parts(content: Content, runtime: Runtime) -> dict[str, bytes]:
    worker = f"{runtime.script}\n{_read(WORKER)}".encode()
    return {WORKER: worker, WASM: runtime.wasm, MODEL: content.model, EXAMPLES: content.examples}


def _fill(content: Content, parts: dict[str, bytes], policy: str, style: str, islands: str, script: str) -> bytes:
    record = content.record | {"parts": {name: len(part) for name, part in parts.items()}, "models": [MODEL]}
    page = Template(_read("template.html")).substitute(
        mark=MARK,
        policy=policy,
        title=html.escape(content.title),
        subtitle=html.escape(content.subtitle),
        style=style,
        size=_size(parts),
        version=VERSION,
        license=html.escape(_read(LICENSE)),
        record=json.dumps(record, allow_nan=False, separators=(",", ":")).replace("<", "\\u003c"),
        parts=islands,
        script=script,
    )
    return page.encode(errors="replace")  # a file's name may hold what UTF-8 does not know


def _size(parts: dict[str, bytes]) -> str:
    return f"{sum(map(len, parts.values())) / 1e6:.1f} MB"


def joined() -> str:
    """The modules of the page as one script: their imports are left out, as what they name stands above."""
    return "\n".join(
        re.sub(r"^export (?=\w)", "", re.sub(r"^import [^;]*;\n", "", _read(f"{name}.js"), flags=re.M), flags=re.M) for name in MODULES
    )


def _packed(content: bytes) -> str:
    return base64.b64encode(gzip.compress(content, 9, mtime=0)).decode()


def _hash(content: str) -> str:
    """The hash of an inline script or style, by which the content security policy knows it from any other."""
    return "sha256-" + base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()


def _read(name: str) -> str:
    return resources.files(__package__).joinpath("page", name).read_text(encoding="utf-8")


def is_page(path: Path) -> bool:
    """Whether a file is a page that this program wrote: it begins as each of them does."""
    begin = (_read("template.html").partition("$mark")[0] + MARK + "\n").encode()
    if not path.is_file():
        return False
    with path.open("rb") as file:
        return file.read(len(begin)) == begin
