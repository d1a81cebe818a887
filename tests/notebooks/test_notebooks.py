"""The notebooks run from top to bottom with tiny settings, and stay what they are meant to be: clean, short, defining nothing."""

import ast
import base64
import io
import json
import os
import re
from pathlib import Path
from typing import get_type_hints

import numpy as np
import pytest
from cut_pictures import column, planned, stated
from PIL import Image

from tfgan.config import from_text
from tfgan.methods.pix2pix import HParams
from tfgan.runs.recipes import recipe_settings

nbformat, nbclient, _ = (
    pytest.importorskip(package, reason=f"notebooks need {package}, which comes with `pip install .[test]`")
    for package in ("nbformat", "nbclient", "ipykernel")
)

ROOT = Path(__file__).parents[2]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
MOST_LINES = 15  # of one code cell: what a reader takes in at a glance

TINY = {  # notebook -> its parameters cell in the tests
    "pix2pix_facades": """
dataset, data_dir, image_size, generator, epochs, workdir = "synthetic", "", 16, "unet_16", 1, "run"
more = {"synthetic_images": 8, "ngf": 4, "ndf": 4, "n_layers": 1, "precision": "float32"}
""",
    "cyclegan": """
recipe, dataset, data_dir, domains, image_size, epochs, workdir = "quickstart_cyclegan", "synthetic", "", (), 16, 2, "run"
more = {"synthetic_images": 8, "generator": "resnet_1", "ngf": 4, "ndf": 4, "n_layers": 1, "precision": "float32"}
""",
    "pix2pix_ablations": """
base = {"recipe": "quickstart", "epochs": 1, "image_size": 16, "generator": "unet_16", "synthetic_images": 8, "ngf": 4, "ndf": 4}
settings = {"L1": {"objective": "l1"}, "enc-dec": {"generator": "encdec_16"}, "patch 1": {"n_layers": 0}}
folder, rows = "runs", 2
""",
    "conditional_digits": """
recipe, dataset, data_dir, image_size, epochs, workdir = "mnist_cgan", "synthetic", "", 16, 1, "run"
more = {"synthetic_images": 16, "batch_size": 8, "sample_every": 1, "log_every": 1}
""",
}


@pytest.fixture(params=NOTEBOOKS, ids=lambda path: path.stem)
def notebook(request):
    return nbformat.read(request.param, as_version=4)


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """pix2pix_facades.ipynb, executed, and the folder it was executed in."""
    folder = tmp_path_factory.mktemp("training")
    return execute("pix2pix_facades", TINY["pix2pix_facades"], folder, PYTHONPATH=str(ROOT)), folder


@pytest.fixture(scope="module")
def cycled(tmp_path_factory):
    """cyclegan.ipynb, executed, and the run it left."""
    folder = tmp_path_factory.mktemp("cyclegan")
    return execute("cyclegan", TINY["cyclegan"], folder, PYTHONPATH=str(ROOT)), folder / "run"


@pytest.fixture(scope="module")
def compared(tmp_path_factory):
    """pix2pix_ablations.ipynb, executed, and the folder of its runs."""
    folder = tmp_path_factory.mktemp("ablations")
    return execute("pix2pix_ablations", TINY["pix2pix_ablations"], folder, PYTHONPATH=str(ROOT)), folder / "runs"


@pytest.fixture(scope="module")
def drawn(tmp_path_factory):
    """conditional_digits.ipynb, executed, and the run it left."""
    folder = tmp_path_factory.mktemp("digits")
    return execute("conditional_digits", TINY["conditional_digits"], folder, PYTHONPATH=str(ROOT)), folder / "run"


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


def printed(notebook):
    """All text that a notebook's cells printed."""
    return "".join(output.text for cell in code_cells(notebook) for output in cell.outputs if output.output_type == "stream")


def pixels(path):
    return np.asarray(Image.open(path).convert("RGB")).astype(int)


def metrics(run):
    return [json.loads(row) for row in (run / "metrics.jsonl").read_text().splitlines()]


def test_there_are_notebooks():
    assert {*TINY, "serve_saved_model"} <= {path.stem for path in NOTEBOOKS}


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


def test_notebooks_use_the_python_api(notebook):
    assert all("tfgan.cli" not in cell.source for cell in notebook.cells)


@pytest.mark.parametrize("name", TINY)
def test_tiny_settings_replace_all_settings(name):
    notebook = nbformat.read(ROOT / "notebooks" / f"{name}.ipynb", as_version=4)
    assert assigned(tagged(notebook, "parameters").source) == assigned(TINY[name])


def test_settings_of_the_ablations_are_accepted():
    notebook = nbformat.read(ROOT / "notebooks" / "pix2pix_ablations.ipynb", as_version=4)
    exec(tagged(notebook, "parameters").source, values := {})
    base, known = values["base"], HParams.__dataclass_fields__
    (texts,) = recipe_settings(base["recipe"])
    recipe = {name: from_text(get_type_hints(HParams)[name], text) for name, text in texts.items() if name in known}
    given = {name: value for name, value in base.items() if name in known}
    records = {HParams(**recipe | given | changes) for changes in values["settings"].values()}
    assert len(records) == len(values["settings"])  # no two are the same training


@pytest.mark.slow
def test_training_notebook_shows_data_samples_losses_and_results(trained):
    pictures = shown_pictures(trained[0])
    # Data, first and last samples, losses, samples of the resumed run, translations; and the newest one while each training ran.
    assert len(pictures) == 6 + 2
    assert all(np.ptp(picture) > 10 for picture in pictures)


@pytest.mark.slow
def test_training_notebook_resumes_its_run(trained):
    # 8 images an epoch; the row of the first epoch survives only if the second training went on from there.
    assert [row["step"] for row in metrics(trained[1] / "run")] == [8, 16]


@pytest.mark.slow
def test_training_notebook_translates_a_folder(trained):
    inputs, outputs = trained[1] / "run" / "samples" / "inputs", trained[1] / "run" / "translated"
    assert sorted(path.name for path in outputs.iterdir()) == sorted(path.name for path in inputs.iterdir())


@pytest.mark.slow
def test_cyclegan_notebook_shows_data_samples_losses_and_results(cycled):
    pictures = shown_pictures(cycled[0])
    # Data, first and last samples of the first half, last ones, losses, both translations, the round trip; and two while it trained.
    assert len(pictures) == 8 + 2
    assert all(np.ptp(picture) > 10 for picture in pictures)


@pytest.mark.slow
def test_cyclegan_notebook_resumes_its_run(cycled):
    # Two batches of 4 an epoch, one epoch each time.
    assert [row["step"] for row in metrics(cycled[1])] == [2, 4]
    assert "Resuming run from step 2 (epoch 1.00)." in printed(cycled[0])


@pytest.mark.slow
def test_cyclegan_notebook_translates_both_ways(cycled):
    inputs, names = cycled[1] / "samples" / "inputs", range(4)
    for domain, key in (("night", "source"), ("day", "target")):
        files = [cycled[1] / f"to_{domain}" / f"{key}_{number}.png" for number in names]
        assert sorted((cycled[1] / f"to_{domain}").iterdir()) == files
        assert all(np.ptp(pixels(file) - pixels(inputs / file.name)) > 10 for file in files)
    # As in the sample picture: each domain by its own generator.
    samples = cycled[1] / "samples" / "epoch_0002.png"
    picture, geometry = pixels(samples), stated(samples)
    for title, path in (("day to night", "to_night/source_0.png"), ("night to day", "to_day/target_0.png")):
        assert np.abs(column(picture, geometry, title)[0] - pixels(cycled[1] / path)).max() <= 1


@pytest.mark.slow
def test_cyclegan_notebook_exports_both_signatures(cycled):
    signatures = ["serve_bytes", "serving_default", *(f"to_{way}{kind}" for way in ("day", "night") for kind in ("", "_bytes", "_floats"))]
    assert str(signatures) in printed(cycled[0])


@pytest.mark.slow
def test_ablations_are_runs_of_one_seed_that_differ_as_asked(compared):
    records = {run.name: json.loads((run / "config.json").read_text()) for run in compared[1].iterdir() if run.is_dir()}
    assert {record["training"]["seed"] for record in records.values()} == {0}
    chosen = {title: [record["hparams"][name] for name in ("objective", "generator", "n_layers")] for title, record in records.items()}
    assert chosen == {
        "L1": ["l1", "unet_16", 2],
        "enc-dec": ["l1+cgan", "encdec_16", 2],
        "patch 1": ["l1+cgan", "unet_16", 0],
    }


@pytest.mark.slow
def test_comparison_shows_what_each_run_makes_of_the_same_inputs(compared):
    titles = ["labels", "photo", "L1", "enc-dec", "patch 1"]
    picture, geometry = pixels(compared[1] / "comparison.png"), planned(titles, rows=2, size=16)
    for title in titles[2:]:
        path = compared[1] / title / "samples" / "epoch_0001.png"
        samples = pixels(path)
        for name, shown in (("labels", "labels"), ("photo", "photo"), (title, "generated photo")):
            own = column(samples, stated(path), shown)[0]
            assert np.abs(column(picture, geometry, name)[0] - own).max() <= 1
    assert geometry.fits(picture.shape[1], picture.shape[0]) and not geometry.fits(picture.shape[1], picture.shape[0] - 16)


@pytest.mark.slow
def test_ablations_end_in_a_table_of_validation_scores(compared):
    shown = [output.get("data", {}) for cell in code_cells(compared[0]) for output in cell.outputs]
    (table,) = (data["text/markdown"] for data in shown if "text/markdown" in data)
    lines = [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()]
    assert lines[0] == ["setting", "L1", "PSNR", "SSIM"]
    cells = {title: scores for title, *scores in lines[2:]}
    assert list(cells) == ["L1", "enc-dec", "patch 1"]
    for title, scores in cells.items():
        last = metrics(compared[1] / title)[-1]
        assert [float(score) for score in scores] == pytest.approx([last["val_l1"], last["val_psnr"], last["val_ssim"]], abs=0.006)


@pytest.mark.slow
def test_digits_notebook_shows_data_samples_curves_and_walks(drawn):
    pictures = shown_pictures(drawn[0])
    # Data, first and last samples, curves, drawn digits, interpolations, the export's classes; and one while it trained.
    assert len(pictures) == 7 + 1
    assert all(np.ptp(picture) > 10 for picture in pictures)
    assert [row["step"] for row in metrics(drawn[1]) if "real_score" in row] == [1, 2]


@pytest.mark.slow
def test_digits_notebook_reads_its_samples(drawn):
    real, made = re.search(r"read correctly: ([\d.]+)% of the real test images, ([\d.]+)% of the samples", printed(drawn[0])).groups()
    assert 0 <= float(made) <= 100 and float(real) > 15  # of five classes, after four epochs of 400 images


def test_serving_notebook_knows_nothing_of_tfgan():
    assert "tfgan" not in (ROOT / "notebooks" / "serve_saved_model.ipynb").read_text()


@pytest.mark.slow
def test_serving_notebook_shows_pictures(served):
    pictures = shown_pictures(served[0])
    assert len(pictures) == 2
    assert all(np.ptp(picture) > 10 for picture in pictures)


@pytest.mark.slow
def test_served_files_equal_translated_ones(trained, served):
    translated, results = trained[1] / "run" / "translated", served[1] / "served"
    assert sorted(path.stem for path in results.glob("*.png")) == [*sorted(path.stem for path in translated.iterdir()), "wide"]
    for path in translated.iterdir():
        assert np.abs(pixels(results / path.name) - pixels(path)).max() <= 1  # rounding may fall either way
    assert pixels(results / "wide.png").shape == (16, 24, 3)


@pytest.mark.slow
def test_request_for_serving_holds_the_first_file(trained, served):
    request = json.loads((served[1] / "served" / "request.json").read_text())
    assert request["signature_name"] == "serve_bytes"
    (instance,) = request["instances"]
    sent = base64.b64decode(instance["image_bytes"]["b64"])
    assert sent == (trained[1] / "run" / "samples" / "inputs" / "source_0.png").read_bytes()
