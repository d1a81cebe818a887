"""The page as a file and as a folder: whole, closed to others' scripts, and known again."""

import base64
import gzip
import hashlib
import json
import re

import pytest

from tfgan.app import build
from tfgan.app.build import FILES, MARK, MODULES, SERVED, Content, folder, is_page, joined, one_file, served
from tfgan.app.runtime import Runtime

RUNTIME = Runtime("const litert = 1;\n", b"\0asm" * 100)
CONTENT = Content("<b>run</b>", "a & b", {"ways": [], "text": "</script><script>alert(1)</script>"}, b"model", b"\1\2\3")


@pytest.fixture(scope="module")
def page():
    return one_file(CONTENT, RUNTIME).decode()


def source(name):
    return (build.resources.files("tfgan.app") / "page" / f"{name}.js").read_text()


by_kind = pytest.mark.parametrize("modules, stand", [(MODULES, {}), (SERVED, {"parts": "remote", "engine": "remote"})])


@by_kind
def test_modules_stand_behind_those_that_they_import(modules, stand):
    for place, name in enumerate(modules):
        imported = re.findall(r'^import \{ ([^}]*) \} from "\./(\w+)\.js";$', source(name), re.M)
        assert len(imported) == source(name).count("\nimport ") + source(name).startswith("import ")
        for names, other in imported:
            other = stand.get(other, other)
            assert other in modules[:place], name
            exported = re.findall(r"^export (?:async )?(?:function|class|const|let) (\w+)", source(other), re.M)
            assert set(names.split(", ")) <= {*exported}, (name, other)


@by_kind
def test_modules_share_no_name_in_the_joined_script(modules, stand):
    script = joined(modules)
    names = re.findall(r"^(?:async )?(?:function|class|const|let) (\w+)", script, re.M)
    names += [name for names in re.findall(r"^const \w+ = [^;\n]*?, (\w+) = ", script, re.M) for name in [names]]
    assert len(names) == len(set(names)) > 50
    assert not re.findall(r"^(import|export)\b", script, re.M)


def test_every_part_is_in_the_file(page):
    parts = {name: gzip.decompress(base64.b64decode(data)) for name, data in re.findall(r'id="part:([\w.]+)">([^<]*)<', page)}
    assert parts.keys() == {"worker.js", "runtime.wasm", "model.tflite", "examples.bin"}
    assert parts["runtime.wasm"] == RUNTIME.wasm and parts["model.tflite"] == b"model" and parts["examples.bin"] == b"\1\2\3"
    assert parts["worker.js"].decode().startswith("const litert = 1;") and b"onmessage = " in parts["worker.js"]
    record = json.loads(re.search(r'id="record">(.*?)</script>', page)[1])
    assert record["text"] == CONTENT.record["text"] and record["parts"] == {name: len(part) for name, part in parts.items()}


def test_only_its_own_script_and_style_run(page):
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', page)[1]
    for kind, content in (("script-src", re.search(r'<script type="module">(.*?)</script>', page, re.S)[1]),
                          ("style-src", re.search(r"<style>(.*?)</style>", page, re.S)[1])):  # fmt: skip
        assert f"{kind} 'sha256-{base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()}'" in policy
    assert "default-src 'none'" in policy and "unsafe-inline" not in policy and "http" not in policy and "connect-src" not in policy
    assert "<b>run" not in page and "alert(1)</script>" not in page and "a &amp; b" in page
    assert not re.search(r'(?:src|href)="(?!data:)', page)


def test_at_a_server_it_asks_that_server_alone_and_says_nothing_of_a_run():
    shown = served().decode()
    script, style = re.search(r'<script type="module">(.*?)</script>', shown, re.S)[1], re.search(r"<style>(.*?)</style>", shown, re.S)[1]
    runs = [f"'sha256-{base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()}'" for content in (style, script)]
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', shown)[1]
    assert dict(rule.split(" ", 1) for rule in policy.split("; ")) == {
        **{"default-src": "'none'", "img-src": "data: blob:", "style-src": runs[0], "script-src": runs[1], "connect-src": "'self'"},
        **{"base-uri": "'none'", "form-action": "'none'"},
    }
    assert script == joined(SERVED) and "part:" not in shown and "LiteRT" not in shown and not re.search(r"https?://", shown)
    assert re.findall(r'(?:src|href)="([^"]*)"', shown) == ["data:,", "../upload", "../docs"]


def test_the_folder_has_the_same_parts_and_asks_its_own_server_alone():
    files = folder(CONTENT, RUNTIME)
    assert set(files) == FILES and files["model.tflite"] == b"model" and files["app.js"].decode() == source("app")
    assert b"script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'" in files["index.html"] and b"part:" not in files["index.html"]


def test_a_page_is_known_again(tmp_path):
    own, other = tmp_path / "own.html", tmp_path / "other.html"
    own.write_bytes(one_file(CONTENT, RUNTIME))
    other.write_text(f"<!doctype html><p>{MARK}")
    assert is_page(own) and not is_page(other) and not is_page(tmp_path) and not is_page(tmp_path / "none")
