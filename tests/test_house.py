"""The rules of the house, checked on the source itself: imports point down, files are short, and nothing dead or unsafe stays."""

import ast
import functools
import graphlib
import io
import re
import subprocess
import tokenize
from itertools import pairwise
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = sorted((ROOT / "tfgan").rglob("*.py"))
SOURCES = sorted([*PACKAGE, *ROOT.glob("*.py"), *(ROOT / "tests").rglob("*.py"), *(ROOT / "benchmarks").rglob("*.py")])
OTHERS = [path for path in SOURCES if path != Path(__file__)]  # this file spells out what it looks for

FILE_LINES = 420
FUNCTION_LINES = 75

BELOW = {
    "errors": set(),
    "markup": set(),
    "extras": {"errors"},
    "messages": {"terminal"},
    "terminal": set(),
    "values": {"errors"},
    "faults": {"config", "errors"},
    "lazy": {"layers", "networks", "optimizers"},
    "paths": {"errors"},
    "config": {"errors", "paths"},
    "attributes": {"config", "errors"},
    "layers": set(),
    "losses": {"lazy"},
    "optimizers": set(),
    "augmentation": {"lazy"},
    "cielab": {"lazy"},
    "instances": {"lazy"},
    "one_hot": {"lazy", "config", "cielab", "instances"},
    "sizes": {"config"},
    "data": {"lazy", "cielab", "instances", "config", "errors", "paths", "terminal", "values"},
    "networks": {"layers", "sizes", "errors"},
    "methods": {"lazy", "sizes", "losses", "augmentation", "attributes", "one_hot", "cielab", "instances", "config", "errors"},
}
SHARED_BY_METHODS = ("adam", "adversarial", "base", "hparams", "judging", "latents", "noise")
ROOMS = {
    "runs": {
        "planning": set(),
        "evaluation": set(),
        "training": {"planning", "evaluation"},
        "results": {"training", "evaluation"},
        "importing": {"training"},
        "sweeping": {"planning", "training"},
    },
    "data": {
        "reading": set(),
        "finding": {"reading"},
        "preparation": {"reading"},
        "label_maps": {"reading"},
        "synthetic": {"label_maps"},
        "folders": {"reading", "finding", "preparation"},
        "attributes": {"reading", "finding", "folders"},
        "tfds": {"reading", "finding", "preparation", "folders", "attributes"},
        "checks": {"reading", "finding", "preparation", "label_maps", "folders", "attributes"},
    },
}
"""Folder in tfgan/runs and in tfgan/data -> the others that it may know; files beside them are for all, and in data know folders too."""
CARRIERS = ("training", "inference", "evaluation", "portable", "app", "weights")
"""They take methods and data sets as arguments, and never meet each other."""
BELOW |= dict.fromkeys(CARRIERS, set(BELOW))
BELOW |= {"portable": BELOW["portable"] | {"inference"}}  # whose networks it writes for other runtimes
BELOW |= {"serving": set()}  # HTTP alone: what a model is, `runs` tells it
BELOW |= {"runs": set(BELOW)}
BELOW |= {
    "cli": {"runs", *CARRIERS, "serving", "data", "methods", "config", "errors", "extras", "faults", "messages", "paths", "terminal"},
    "__main__": {"cli"},
    "__init__": set(),
}
BELOW |= {"api": set(BELOW["cli"])}


def faults(paths, find):
    """Path -> what `find` says of its text, of the files of which it says something: a rule is one test, not one for each of 600 files."""
    found = {str(path.relative_to(ROOT)): find(path, path.read_text()) for path in paths}
    return {name: fault for name, fault in found.items() if fault}


def module_name(path):
    """tfgan/data/reading/images.py -> tfgan.data.reading.images; a package's __init__.py is the package."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" and len(parts) > 2 else parts)


@functools.cache
def imported_modules(source):
    """Dotted names of all that the source imports, at the top or inside functions; `from a import b` counts as a.b."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"line {node.lineno}: write relative imports in full"
            found += [f"{node.module}.{alias.name}" for alias in node.names]
    return found


def forbidden(importer, imported):
    """Why module `importer` must not import `imported`; None if it may."""
    if imported.split(".")[0] != "tfgan" or imported in ("tfgan", "tfgan.__version__"):
        return None
    here, there = importer.split(".")[1], imported.split(".")[1]
    if here not in BELOW:
        return f"{here} has no place in the house: give it one in BELOW"
    if here == there == "methods" and imported.split(".")[2] not in SHARED_BY_METHODS:
        return "methods never import each other"
    if there != here and there not in BELOW[here]:
        return f"{here} must not know {there}"
    if here == there in ROOMS and importer.count(".") > 1:
        room, other, rooms = importer.split(".")[2], imported.split(".")[2], ROOMS[here]
        if room != other in rooms and other not in rooms.get(room, rooms if here == "data" else ()):
            return f"{here}.{room} must not know {there}.{other}"
    if here in CARRIERS and there == "methods" and imported.split(".")[2] != "base":
        return "only runs, the command line and the Python API look up methods"
    return None


def test_imports_point_down():
    def upwards(path, source):
        found = {name: forbidden(module_name(path), name) for name in imported_modules(source)}
        return {name: reason for name, reason in found.items() if reason}

    assert not faults(PACKAGE, upwards)


def resolved(name, modules):
    """The module of the package that an imported name lies in; None if it is another's."""
    parts = name.split(".")
    return next((known for count in range(len(parts), 0, -1) if (known := ".".join(parts[:count])) in modules), None)


def test_no_modules_import_each_other_in_a_circle():
    modules = {module_name(path): path for path in PACKAGE}
    found = {name: {resolved(other, modules) for other in imported_modules(path.read_text())} for name, path in modules.items()}
    order = graphlib.TopologicalSorter({name: others - {None, name, "tfgan"} for name, others in found.items()})
    assert len(list(order.static_order())) >= len(modules) - 1  # a circle raises CycleError, which names it


def test_the_entry_imports_the_command_line_alone():
    assert [name for name in imported_modules((ROOT / "run_train.py").read_text()) if "tfgan" in name] == ["tfgan.cli.main.command"]


@pytest.mark.parametrize(
    "importer, imported, allowed",
    [
        ("tfgan.networks.unet", "tfgan.networks.blocks.conv", True),
        ("tfgan.methods.pix2pix", "tfgan.methods.base", True),
        ("tfgan.methods.gan", "tfgan.methods.noise.NoiseMethod", True),
        ("tfgan.training.step", "tfgan.methods.base.Method", True),
        ("tfgan.runs.training.train", "tfgan.methods.METHODS", True),
        ("tfgan.cli.train", "tfgan.methods.METHODS", True),
        ("tfgan.cli.train", "tfgan.runs.training.train.train", True),
        ("tfgan.runs.training.train", "tfgan.runs.planning.plan", True),
        ("tfgan.runs.training.train", "tfgan.runs.opening.open_run", True),
        ("tfgan.runs.training.train", "tfgan.cli.flags", False),
        ("tfgan.runs.evaluation.evaluate", "tfgan.runs.results.translate", False),
        ("tfgan.runs.judging", "tfgan.runs.results.export", False),
        ("tfgan.api.training", "tfgan.cli.flags", False),
        ("tfgan.cli.train", "tfgan.api.training", False),
        ("tfgan.cli.sample", "tfgan.networks.unet", False),
        ("tfgan.training.trainer", "tfgan.runs.training.alarms", False),
        ("tfgan.data.reading.images", "numpy.random", True),
        ("tfgan.data.folders.pairs", "tfgan.data.finding.walk", True),
        ("tfgan.data.finding.walk", "tfgan.data.folders.pairs", False),
        ("tfgan.data.openers", "tfgan.data.folders.idx", True),
        ("tfgan.layers", "tfgan.losses.l1_loss", False),
        ("tfgan.data.dataset", "tfgan.networks.unet", False),
        ("tfgan.networks.unet", "tfgan.data.reading.images", False),
        ("tfgan.methods.cyclegan", "tfgan.methods.pix2pix.Pix2Pix", False),
        ("tfgan.methods.pix2pix", "tfgan.data.reading.images", False),
        ("tfgan.methods.pix2pix", "tfgan.training.step", False),
        ("tfgan.training.trainer", "tfgan.cli.flags", False),
        ("tfgan.training.trainer", "tfgan.inference.grids", False),
        ("tfgan.inference.files", "tfgan.methods.METHODS", False),
        ("tfgan.serving.application", "tfgan.inference.Translator", False),
        ("tfgan.runs.results.serving", "tfgan.serving.model.Model", True),
        ("tfgan.config", "tfgan.cli.main", False),
        ("tfgan.__init__", "tfgan.config", False),
        ("tfgan.novelty", "tfgan.config", False),
    ],
)
def test_the_arrows_of_this_test(importer, imported, allowed):
    assert (forbidden(importer, imported) is None) == allowed


def comments(source):
    """(line, text) of each comment; lines of whole-line comments that follow each other are also joined, as (first line, text)."""
    tokens = list(tokenize.generate_tokens(io.StringIO(source).readline))
    found = [(t.start[0], t.string.lstrip("#"), t.line.lstrip().startswith("#")) for t in tokens if t.type == tokenize.COMMENT]
    yield from ((line, text.strip()) for line, text, _ in found)
    block = found[:1]
    for before, comment in pairwise(found):
        if not (before[2] and comment[2] and comment[0] == before[0] + 1):
            yield block[0][0], "\n".join(text for _, text, _ in block)
            block = []
        block.append(comment)
    if block:
        yield block[0][0], "\n".join(text for _, text, _ in block)


def is_code(text):
    """Whether a comment is a statement: an assignment, import, call, return or the head of a block. Prose does not parse."""
    text = re.sub(r"^ ", "", text, flags=re.MULTILINE)
    statement = f"{text}\n    pass" if text.rstrip().endswith(":") else text
    try:
        body = ast.parse(statement).body
    except SyntaxError:
        return bool(re.fullmatch(r"(elif|except)\b.*:|(else|finally):", text))
    return any(_is_statement(node) for node in body)


def _is_statement(node):
    if isinstance(node, ast.Expr):
        return isinstance(node.value, ast.Call)
    if isinstance(node, ast.AnnAssign):  # `note: text` parses too
        return node.value is not None
    return not isinstance(node, ast.Pass)


def test_no_code_is_commented_out():
    assert not faults(OTHERS, lambda _, source: [line for line, text in comments(source) if is_code(text)])


@pytest.mark.parametrize(
    "text",
    [
        "x = 1",
        "self.step += 2",
        "import os",
        "from a import b",
        "print(x)",
        "return x",
        "if x > 0:",
        "elif x:",
        "for a in b:",
        " f(\n     1,\n )",
    ],
)
def test_commented_out_code_is_found(text):
    source = "a = 0\n" + "\n".join(f"#{line}" if line.startswith(" ") else f"# {line}" for line in text.split("\n")) + "\n"
    assert any(is_code(found) for _, found in comments(source))
    assert any(is_code(found) for _, found in comments(source + "b = 1  # prose\n"))


@pytest.mark.parametrize(
    "text", ["N × H × W × C", "of LeakyReLU", "see fold_in(seed)", "note: text", "1/8 of 16", "height, width", "noqa: E402", "", "x == 1"]
)
def test_prose_is_not_code(text):
    assert not any(is_code(found) for _, found in comments(f"a = 0  # {text}\n# {text}\n"))


def test_nothing_is_left_to_do():
    assert not faults(OTHERS, lambda _, source: re.findall(r"\b(?:TODO|FIXME|XXX|HACK)\b", source))


def test_files_and_functions_are_short():
    def long(_, source):
        functions = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
        found = {node.name: node.lineno for node in functions if node.end_lineno - node.lineno + 1 > FUNCTION_LINES}
        return found | ({"lines": source.count("\n")} if source.count("\n") > FILE_LINES else {})

    assert not faults(SOURCES, long)


def unsafe(source):
    """What could run code from a file or a string: modules that unpickle, `allow_pickle`, `eval`, `exec`, Keras' unsafe loading."""
    for name in imported_modules(source):
        if name.split(".")[0] in ("pickle", "cPickle", "dill", "cloudpickle", "joblib", "shelve", "marshal"):
            yield name
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("eval", "exec", "__import__"):
            yield node.func.id
        elif isinstance(node, ast.Attribute) and node.attr == "enable_unsafe_deserialization":
            yield node.attr
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and (wanted := _says_safe(node.func)):
            if wanted not in [keyword.arg for keyword in node.keywords]:
                yield f"no {wanted}"
        elif isinstance(node, ast.keyword):
            safe = {"allow_pickle": False, "safe_mode": True}.get(node.arg)
            if safe is not None and not (isinstance(node.value, ast.Constant) and node.value.value is safe):
                yield node.arg


def _says_safe(function):
    """The argument by which a call of `np.load` or of Keras' `load_model` must say that it runs no code; "" of any other function."""
    if function.attr == "load_model":
        return "safe_mode"
    return (
        "allow_pickle" if function.attr == "load" and isinstance(function.value, ast.Name) and function.value.id in ("np", "numpy") else ""
    )


def test_nothing_runs_code_from_data():
    assert not faults([*PACKAGE, ROOT / "run_train.py"], lambda _, source: list(unsafe(source)))


@pytest.mark.parametrize(
    "source, found",
    [
        ("import pickle", ["pickle"]),
        ("from pickle import load", ["pickle.load"]),
        ("np.load(f, allow_pickle=True)", ["allow_pickle"]),
        ("np.load(f, allow_pickle=False)", []),
        ("np.load(f)", ["no allow_pickle"]),
        ("keras.models.load_model(f)", ["no safe_mode"]),
        ("keras.models.load_model(f, safe_mode=True)", []),
        ("eval('1')", ["eval"]),
        ("session.eval(x)", []),
        ("keras.models.load_model(f, safe_mode=False)", ["safe_mode"]),
        ("keras.config.enable_unsafe_deserialization()", ["enable_unsafe_deserialization"]),
    ],
)
def test_unsafe_code_is_found(source, found):
    assert list(unsafe(source)) == found


BRITISH = (
    *("colour", "grey", "centre", "neighbour", "behaviour", "favour", "labell", "modell", "cancell", "signall", "catalogue", "artefact"),
    *("learnt", "storey", "normalis", "initialis", "penalis", "synchronis", "serialis", "organis", "recognis", "optimis", "regularis"),
)
OLD_WORDS = ("colours", "labelled")  # of values and keys in the files of earlier versions
AMERICAN = [path for path in (*PACKAGE, *ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "flags").iterdir()) if path.is_file()]


def british(text):
    """British words of a text, each once, but for old words in code, which stand in quotes."""
    words = dict.fromkeys(re.findall(r"\w+", re.sub(rf'"(?:{"|".join(OLD_WORDS)})"', "", text)))
    return [word for word in words if any(form in word.lower() for form in BRITISH)]


def test_spelling_is_american():
    """As TensorFlow's, which the names of layers, arguments and files follow; the help of all verbs is text of the package."""
    assert not faults(AMERICAN, lambda _, text: british(text))


@pytest.mark.parametrize(
    "text, found",
    [("Grey images", ["Grey"]), ("a normalised_map", ["normalised_map"]), ('recorded(formerly="colours")', []), ("gray colors", [])],
)
def test_british_spelling_is_found(text, found):
    assert british(text) == found


ROOT_FILES = {
    *(
        "README.md",
        "CHANGELOG.md",
        "CONTRIBUTING.md",
        "SECURITY.md",
        "CITATION.cff",
        "LICENSE",
        "setup.py",
        "pyproject.toml",
        "mkdocs.yml",
        "run_train.py",
    ),
    *("tfgan", "tests", "notebooks", "benchmarks", "docs", "examples", "flags"),
    *(".ci", ".gitignore", ".pre-commit-config.yaml"),
}


def test_the_root_holds_these_files_and_no_others():
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True)
    if listed.returncode:
        pytest.skip("not a git checkout")
    assert {Path(line).parts[0] for line in listed.stdout.splitlines()} == ROOT_FILES
