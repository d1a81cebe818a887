"""The notebooks run from top to bottom with tiny settings, and stay what they are meant to be: clean, short, defining nothing."""

import ast
import base64
import io
import json
import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

nbformat, nbclient, _ = (
    pytest.importorskip(package, reason=f"notebooks need {package}, which comes with `pip install .[test]`")
    for package in ("nbformat", "nbclient", "ipykernel")
)

ROOT = Path(__file__).parents[2]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
MOST_LINES = 15  # of one code cell: what a reader takes in at a glance

TINY_TRAINING = """
dataset, data_dir, image_size, generator, epochs, workdir = "synthetic", "", 16, "unet_16", 1, "run"
more = ["--synthetic_images=8", "--ngf=4", "--ndf=4", "--n_layers=1"]
"""


@pytest.fixture(params=NOTEBOOKS, ids=lambda path: path.stem)
def notebook(request):
    return nbformat.read(request.param, as_version=4)


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """pix2pix_facades.ipynb, executed, and the folder it was executed in."""
    folder = tmp_path_factory.mktemp("training")
    return execute("pix2pix_facades", TINY_TRAINING, folder, PYTHONPATH=str(ROOT)), folder


@pytest.fixture(scope="module")
def served(trained, tmp_path_factory):
    """serve_saved_model.ipynb, executed on the export of `trained` in a process that cannot import tfgan, and its folder."""
    run, folder = trained[1] / "run", tmp_path_factory.mktemp("serving")
    settings = f"saved_model, pictures, results = {str(run / 'export')!r}, {str(run / 'samples' / 'inputs')!r}, 'served'"
    return execute("serve_saved_model", settings, folder, blocked="tfgan", PYTHONPATH=""), folder


def execute(name, settings, folder, blocked="", **environment):
    """Runs a notebook in `folder` with other settings and without installing anything; `blocked` is a package it cannot import."""
    notebook = nbformat.read(ROOT / "notebooks" / f"{name}.ipynb", as_version=4)
    tagged(notebook, "parameters").source = settings
    notebook.cells.remove(tagged(notebook, "install"))
    if blocked:
        notebook.cells.insert(0, nbformat.v4.new_code_cell(f"import sys\nsys.modules[{blocked!r}] = None"))
    client = nbclient.NotebookClient(notebook, timeout=300, kernel_name="python3", resources={"metadata": {"path": str(folder)}})
    # No GPU: TensorFlow in the process that runs the tests may hold all of its memory.
    return client.execute(env=os.environ | {"CUDA_VISIBLE_DEVICES": "-1"} | environment)


def tagged(notebook, tag):
    (cell,) = (cell for cell in notebook.cells if tag in cell.metadata.get("tags", ()))
    return cell


def code_cells(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def parse(cell):
    """The syntax tree of a cell's Python, without its lines for IPython."""
    return ast.parse("\n".join(line for line in cell.source.splitlines() if not line.startswith("%")))


def assigned(source):
    """Names that some Python source assigns."""
    return {node.id for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}


def shown_pictures(notebook):
    """All pictures among a notebook's outputs, as arrays."""
    outputs = [output for cell in code_cells(notebook) for output in cell.outputs]
    encoded = [output.data["image/png"] for output in outputs if "image/png" in output.get("data", {})]
    return [np.asarray(Image.open(io.BytesIO(base64.b64decode(text))).convert("RGB")) for text in encoded]


def pixels(path):
    return np.asarray(Image.open(path)).astype(int)


def test_there_are_notebooks():
    assert {"pix2pix_facades", "serve_saved_model"} <= {path.stem for path in NOTEBOOKS}


def test_committed_without_outputs(notebook):
    nbformat.validate(notebook)
    assert (notebook.nbformat, notebook.nbformat_minor) == (4, 5)
    assert len({cell.id for cell in notebook.cells}) == len(notebook.cells)
    for cell in code_cells(notebook):
        assert cell.outputs == [] and cell.execution_count is None, cell.source


def test_begins_with_words_and_installs_first(notebook):
    assert notebook.cells[0].cell_type == "markdown" and notebook.cells[0].source.startswith("# ")
    assert tagged(notebook, "install") is code_cells(notebook)[0]
    assert "%pip install" in tagged(notebook, "install").source


def test_cells_are_short_and_define_nothing(notebook):
    for cell in code_cells(notebook):
        assert len(cell.source.splitlines()) <= MOST_LINES, cell.source
        defining = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda, ast.While)
        assert not any(isinstance(node, defining) for node in ast.walk(parse(cell))), cell.source


def test_a_failing_command_fails_the_notebook(notebook):
    """Every `main(…)` stands in `assert main(…) == 0`."""
    for cell in code_cells(notebook):
        tree = parse(cell)
        calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and ast.unparse(node.func) == "main"]
        asserted = [node.test.left for node in ast.walk(tree) if isinstance(node, ast.Assert) and ast.unparse(node.test).endswith(" == 0")]
        assert all(call in asserted for call in calls), cell.source


def test_tiny_settings_replace_all_settings():
    notebook = nbformat.read(ROOT / "notebooks" / "pix2pix_facades.ipynb", as_version=4)
    assert assigned(tagged(notebook, "parameters").source) == assigned(TINY_TRAINING)


def test_training_notebook_shows_data_samples_losses_and_results(trained):
    pictures = shown_pictures(trained[0])
    assert len(pictures) == 6  # data, first and last samples, losses, samples of the resumed run, translations
    assert all(np.ptp(picture) > 10 for picture in pictures)


def test_training_notebook_resumes_its_run(trained):
    rows = [json.loads(line) for line in (trained[1] / "run" / "metrics.jsonl").read_text().splitlines()]
    # 8 images an epoch; the row of the first epoch survives only if the second training went on from there.
    assert [row["step"] for row in rows] == [8, 16]


def test_training_notebook_translates_a_folder(trained):
    inputs, outputs = trained[1] / "run" / "samples" / "inputs", trained[1] / "run" / "translated"
    assert sorted(path.name for path in outputs.iterdir()) == sorted(path.name for path in inputs.iterdir())


def test_serving_notebook_knows_nothing_of_tfgan():
    assert "tfgan" not in (ROOT / "notebooks" / "serve_saved_model.ipynb").read_text()


def test_serving_notebook_shows_pictures(served):
    pictures = shown_pictures(served[0])
    assert len(pictures) == 2
    assert all(np.ptp(picture) > 10 for picture in pictures)


def test_served_files_equal_translated_ones(trained, served):
    translated, results = trained[1] / "run" / "translated", served[1] / "served"
    assert sorted(path.stem for path in results.glob("*.png")) == [*sorted(path.stem for path in translated.iterdir()), "wide"]
    for path in translated.iterdir():
        assert np.abs(pixels(results / path.name) - pixels(path)).max() <= 1  # rounding may fall either way
    assert pixels(results / "wide.png").shape == (16, 24, 3)


def test_request_for_serving_holds_the_first_file(trained, served):
    request = json.loads((served[1] / "served" / "request.json").read_text())
    assert request["signature_name"] == "serve_bytes"
    (instance,) = request["instances"]
    sent = base64.b64decode(instance["image_bytes"]["b64"])
    assert sent == (trained[1] / "run" / "samples" / "inputs" / "0.png").read_bytes()
