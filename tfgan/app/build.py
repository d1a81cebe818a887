"""Puts the page together: with the runtime and a run's networks in one HTML file or in a folder of parts, or for a server that has them."""

import base64
import functools
import gzip
import html
import re
from collections.abc import Iterable
from importlib import resources
from pathlib import Path
from string import Template
from typing import Any, NamedTuple

from tfgan.app.runtime import VERSION, Runtime
from tfgan.markup import begins_as, island, source_hash

MARK = '<meta name="generator" content="tfgan app">'
"""In the head of every page, by which it is known again."""

WAYS = ("pixels", "strokes", "noise", "result", "pictures", "encoder", "paint", "latents", "attributes", "translation", "generation", "app")
MODULES = ("dom", "newest", "parts", "engine", *WAYS)
"""The modules of the page, each behind those that it imports."""
SERVED = ("dom", "newest", "remote", *WAYS)
"""Those of the page whose networks are on a server: `remote` stands for both `parts` and `engine`."""

MODEL, EXAMPLES, WORKER, WASM = "model.tflite", "examples.bin", "worker.js", "runtime.wasm"
FILES = {"index.html", "page.css", WORKER, WASM, MODEL, EXAMPLES, *(f"{name}.js" for name in MODULES)}
"""What a folder of parts holds."""

LICENSE = "apache-2.0.txt"
"""The text of the license of LiteRT.js, which goes wherever its code goes; its package does not bring it."""
BROUGHT = (
    "<details><summary>Networks are run by LiteRT.js $version, under the Apache License 2.0</summary>"
    "<p>© the LiteRT authors, https://github.com/google-ai-edge/LiteRT</p><pre>$license</pre></details>"
)
LINKS = '<p><a href="../upload">Files of any size</a> · <a href="../docs">All addresses</a></p>'
"""The foot of the page: with the runtime in it; and at a server, whose other pages it leads to."""
ALWAYS = "base-uri 'none'; form-action 'none'"  # in the policy of every page


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
        f"default-src 'none'; img-src data: blob:; style-src '{source_hash(style)}'; "
        f"script-src '{source_hash(script)}' 'wasm-unsafe-eval'; worker-src blob:; {ALWAYS}"
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
        f"worker-src blob:; {ALWAYS}"
    )
    style, script = '<link rel="stylesheet" href="page.css">', '<script type="module" src="app.js"></script>'
    page = _fill(content, parts, policy, style, "", script)
    own = {f"{name}.js": _read(f"{name}.js").encode() for name in MODULES}
    return {"index.html": page, "page.css": _read("page.css").encode(), **own, **parts}


@functools.cache
def served() -> bytes:
    """The page with its networks at the server that it comes from. It says nothing of any run: it asks for the record of the one whose page
    it is, and for all else, below its own address, with the token if there is one."""
    script, style = joined(SERVED), _read("page.css")
    runs = f"style-src '{source_hash(style)}'; script-src '{source_hash(script)}'"
    return _page(
        policy=f"default-src 'none'; img-src data: blob:; {runs}; connect-src 'self'; {ALWAYS}",
        title="tfgan",
        subtitle="",
        style=f"<style>{style}</style>",
        loading="Loading the page",
        promise="",
        foot=LINKS,
        parts="",
        script=f'<script type="module">{script}</script>',
    )


def _parts(content: Content, runtime: Runtime) -> dict[str, bytes]:
    worker = f"{runtime.script}\n{_read(WORKER)}".encode()
    return {WORKER: worker, WASM: runtime.wasm, MODEL: content.model, EXAMPLES: content.examples}


def _fill(content: Content, parts: dict[str, bytes], policy: str, style: str, islands: str, script: str) -> bytes:
    record = content.record | {"parts": {name: len(part) for name, part in parts.items()}, "models": [MODEL]}
    return _page(
        policy=policy,
        title=html.escape(content.title),
        subtitle=html.escape(content.subtitle),
        style=style,
        loading=f"Loading {_size(parts)}",
        promise=" Nothing is loaded from any server.",
        foot=Template(BROUGHT).substitute(version=VERSION, license=html.escape(_read(LICENSE))),
        parts=f'<script type="application/json" id="record">{island(record)}</script>\n{islands}',
        script=script,
    )


def _page(**filled: str) -> bytes:
    page = Template(_read("template.html")).substitute(filled, mark=MARK)
    return page.encode(errors="replace")  # a file's name may hold what UTF-8 does not know


def _size(parts: dict[str, bytes]) -> str:
    return f"{sum(map(len, parts.values())) / 1e6:.1f} MB"


def joined(modules: Iterable[str] = MODULES) -> str:
    """Modules of the page as one script: their imports are left out, as what they name stands above."""
    return "\n".join(
        re.sub(r"^export (?=\w)", "", re.sub(r"^import [^;]*;\n", "", _read(f"{name}.js"), flags=re.M), flags=re.M) for name in modules
    )


def _packed(content: bytes) -> str:
    return base64.b64encode(gzip.compress(content, 9, mtime=0)).decode()


def _read(name: str) -> str:
    return resources.files(__package__).joinpath("page", name).read_text(encoding="utf-8")


def is_page(path: Path) -> bool:
    """Whether a file is a page that this program wrote: it begins as each of them does."""
    return begins_as(path, _read("template.html"), MARK)
