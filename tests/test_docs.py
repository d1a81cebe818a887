"""The README and the pages of docs/: links lead somewhere, commands have flags that exist, code runs on names that exist."""

import ast
import dataclasses
import importlib
import re
import runpy
import shlex
import typing
from importlib.util import find_spec
from pathlib import Path

import pytest

import tfgan
from tfgan.cli.main import VERBS, main
from tfgan.config import DataConfig, TrainConfig, from_text, unfit
from tfgan.config.verbs import (
    AppConfig,
    EvaluateConfig,
    ExportConfig,
    ImportConfig,
    ReportConfig,
    SampleConfig,
    ServeConfig,
    TranslateConfig,
)
from tfgan.methods import METHODS, method_class

ROOT = Path(__file__).parents[1]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
RECORDS = {
    "translate": [TranslateConfig],
    "sample": [SampleConfig],
    "evaluate": [EvaluateConfig],
    "export": [ExportConfig],
    "import": [ImportConfig, DataConfig],
    "report": [ReportConfig],
    "app": [AppConfig],
    "serve": [ServeConfig],
    "list": [],
}
ELSEWHERE = {"import": {"as"}, "evaluate": {"real", "fake", "out", "stored"}}  # flags of a verb that are no settings


def blocks(language):
    """(page, code) of every block of a language."""
    for page in PAGES:
        for code in re.findall(rf"^```{language}\n(.*?)^```", page.read_text(), re.DOTALL | re.MULTILINE):
            yield page, code


def commands():
    """(page, words) of every command of tfgan in the pages."""
    for page, code in blocks("bash"):
        for line in code.replace("\\\n", " ").splitlines():
            for command in line.split("&&"):
                words = shlex.split(command, comments=True)
                if words[:2] == ["python", "run_train.py"]:
                    yield page, ["train", *words[2:]]
                elif words[:1] == ["tfgan"]:
                    yield page, words[1:]


def by_page(items):
    return pytest.mark.parametrize(
        "page, item", items, ids=[f"{page.relative_to(ROOT)}-{number}" for number, (page, _) in enumerate(items)]
    )


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page):
    text = re.sub(r"```.*?```", "", page.read_text(), flags=re.DOTALL)
    for target in re.findall(r"\]\(([^)#]+)(?:#[\w-]*)?\)", text):
        assert target.startswith("https://") or (page.parent / target).exists(), target


def test_the_readme_is_short():
    assert len((ROOT / "README.md").read_text().splitlines()) <= 150


@by_page(list(commands()))
def test_commands_have_flags_that_exist(page, item, capsys, monkeypatch):
    monkeypatch.chdir(ROOT)
    verb, *words = item
    assert verb in VERBS
    if verb in ("train", "check", "sweep"):
        flags = [word for word in words if word.startswith("-")]
        own = ("--sheet", "--noprobe", "--search", "--trials", "--pruner")
        assert main(["train", *(flag for flag in flags if not flag.startswith(own)), "--dry_run"]) == 0
        if verb == "sweep" and find_spec("optuna"):
            assert main(["sweep", *flags, "--dry_run"]) == 0
        return
    fields = {
        field.name: (field, typing.get_type_hints(record)[field.name]) for record in RECORDS[verb] for field in dataclasses.fields(record)
    }
    for word in words:
        name, _, value = word.removeprefix("--").partition("=")
        if not word.startswith("--") or name in ELSEWHERE.get(verb, ()):
            continue
        assert name in fields, word
        field, hint = fields[name]
        assert hint is bool or not unfit(field, from_text(hint, value)), word


@by_page(list(blocks("python")))
def test_code_uses_names_that_exist(page, item):
    tree = ast.parse(item)
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            module = importlib.import_module(node.module)
            assert all(hasattr(module, alias.name) or importlib.import_module(f"{node.module}.{alias.name}") for alias in node.names)
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and isinstance(node.func.value, ast.Name):
            if node.func.value.id == "run":
                assert hasattr(tfgan.Run, node.func.attr)
            elif node.func.value.id == "tfgan":
                function = getattr(tfgan, node.func.attr)
                if node.func.attr in ("train", "sweep"):
                    check_settings(node)
                assert callable(function)


def check_settings(call):
    """Keywords of `tfgan.train` and `tfgan.sweep` are settings of the method, or their own."""
    method = call.args[0].value if isinstance(call.args[0], ast.Constant) else "pix2pix"
    known = {"data", "callbacks", "recipe", "filters", "search", "trials", "pruner"}  # the last is that of the example of an own method
    for record in (DataConfig, TrainConfig, method_class(method).HParams):
        known |= {field.name for field in dataclasses.fields(record)}
    assert {keyword.arg for keyword in call.keywords} <= known


def test_the_example_of_a_method_trains(tmp_path, monkeypatch):
    """The code of docs/methods/own.md as it stands, but for the data set."""
    (code,) = (code for page, code in blocks("python") if page.name == "own.md")
    assert len(code.splitlines()) <= 50
    monkeypatch.chdir(tmp_path)
    small = 'synthetic_images=2, image_size=16, load_size=16, steps=1, num_samples=1, tensorboard=False, workdir="runs/regression"'
    code = code.replace('data_dir="facades", epochs=5, workdir="runs/regression"', small)
    (tmp_path / "own.py").write_text(code)
    run = runpy.run_path(str(tmp_path / "own.py"))["run"]
    assert run.step == 1 and run.config.hparams.filters == 8


def test_pages_of_methods_list_their_settings():
    for name in METHODS:
        text = (ROOT / "docs" / "methods" / f"{name}.md").read_text()
        assert f"{{{{ settings {name} }}}}" in text
        settings = {field.name for field in dataclasses.fields(method_class(name).HParams)}
        others = {field.name for record in (DataConfig, TrainConfig, SampleConfig, TranslateConfig) for field in dataclasses.fields(record)}
        known = settings | others
        assert {flag if flag in known else flag.removeprefix("no") for flag in re.findall(r"`--(\w+)", text)} <= known  # norm is no no-flag


def test_the_site_is_built_so_that_warnings_count_and_tables_of_settings_hold_no_links_by_accident(monkeypatch):
    (build,) = [line for line in (ROOT / ".ci" / "run").read_text().splitlines() if "mkdocs build" in line]
    assert "--strict" in build.partition("#")[0] and "--quiet" not in build.partition("#")[0]  # which hides what --strict counts
    monkeypatch.syspath_prepend(ROOT / "docs")
    hooks = importlib.import_module("hooks")
    for name in (*METHODS, *hooks.RECORDS):
        assert not re.search(r"(?<!\\)[][]", hooks.table(name))


@pytest.mark.parametrize("name", ["pix2pix", "data", "translate"])
def test_tables_of_settings(name, monkeypatch):
    monkeypatch.syspath_prepend(ROOT / "docs")
    hooks = importlib.import_module("hooks")
    lines = hooks.on_page_markdown(f"before\n{{{{ settings {name} }}}}\nafter").splitlines()
    record = method_class(name).HParams if name in METHODS else hooks.RECORDS[name]
    assert len(lines) == 4 + len(dataclasses.fields(record)) and lines[1] == "| flag | default | meaning |"
