"""Files for other runtimes, each run by its own: of networks with random weights, whose results are those of the run's signatures."""

import io
import json
import os
import zipfile

import numpy as np
import pytest
import tensorflow as tf
from tiny_methods import LABELS, SIZE, make_batch, make_method

from tfgan.config import Domain
from tfgan.inference import Sampler, open_inference
from tfgan.inference.translator import Translator
from tfgan.methods import METHODS
from tfgan.methods.base import Translation
from tfgan.one_hot import one_hot
from tfgan.portable import agreement, cases, files, litert
from tfgan.portable.agreement import BOUNDS, compare
from tfgan.portable.cases import Case, fitted
from tfgan.portable.files import Portable
from tfgan.portable.graph import Function, draws, frozen, functions
from tfgan.portable.quiet import quiet

CHANGES = {"spade": {"style_encoder": True, "encoder_size": 16, "latent_dim": 8}, "stylegan": {"progressive": True}}


def make_portable(name, **changes):
    method = make_method(name, **CHANGES.get(name, {}) | changes)
    signatures, batch = open_inference(method), make_batch(method.batch_kind)
    images = {}
    for key, signature in signatures.items():
        if not isinstance(signature, Sampler):
            found = batch[signature.input_key]
            images[key] = list(found if signature.source.is_map else np.round((found + 1) * 127.5).astype(np.uint8))
    for network in (method.networks | method.ema).values():  # noise and shifts, which are zero at first
        for variable in network.trainable_variables:
            if "bias" in variable.path or "strength" in variable.path or "beta" in variable.path:
                variable.assign(tf.random.stateless_normal(variable.shape, [1, 2], stddev=0.1))
    facts = {"run": name, "method": name, "step": 0, "license": "CC-BY-4.0"}
    return Portable(method, signatures, images, facts, (SIZE, SIZE))


def metadata(path):
    if path.suffix == ".onnx":
        import onnxruntime

        return json.loads(onnxruntime.InferenceSession(str(path)).get_modelmeta().custom_metadata_map["tfgan.json"])
    with zipfile.ZipFile(path) as archive:
        return json.loads(archive.read("tfgan.json"))


def check(portable, folder, formats, quantize=("none",)):
    """Writes all formats; the files, which all agree with the run and say what they are of."""
    found = files.write(portable, folder, formats, quantize)
    assert found and all(one.fits for one in found), agreement.table(found)
    written = sorted(path for path in folder.rglob("*") if path.is_file())
    assert {path.relative_to(folder).as_posix() for path in written} == {name for one in found for name in one.file.split(" and ")}
    for path in written:
        told = metadata(path)
        assert told["run"] == portable.facts["run"] and told["license"] == "CC-BY-4.0" and told["functions"]
    return found, written


@pytest.mark.slow
@pytest.mark.parametrize("name", METHODS)
def test_every_method_in_every_format(name, tmp_path):
    pytest.importorskip("ai_edge_litert")
    pytest.importorskip("tf2onnx")
    portable = make_portable(name)
    found, _ = check(portable, tmp_path, ("litert", "onnx", "keras"))
    made = {function.name for some in functions(portable.signatures, None, None).values() for function in some}
    for folder in ("litert", "onnx"):
        assert {one.function for one in found if one.file.startswith(folder)} == made
    for some in functions(portable.signatures, portable.size).values():
        for function in some:
            check_graph(function)


def check_graph(function):
    graph = frozen(function)
    operations = graph.graph.get_operations()
    assert not draws(graph) and not [
        op.type for op in operations if op.type in ("While", "StatelessWhile", "If", "StatelessIf", "ClipByValue")
    ]
    assert max(output.shape.rank or 0 for op in operations for output in op.outputs) <= 4
    assert function.output not in [spec.name for spec in function.inputs]


@pytest.fixture(scope="module")
def labeled(tmp_path_factory):
    """A generator from noise with classes, in LiteRT and ONNX."""
    pytest.importorskip("ai_edge_litert")
    pytest.importorskip("tf2onnx")
    folder, portable = tmp_path_factory.mktemp("labeled"), make_portable("cgan")
    return portable, folder, *check(portable, folder, ("litert", "onnx"), ("none", "float16", "int8"))


def test_noise_and_labels(labeled):
    portable, folder, found, written = labeled
    (sampler,) = portable.signatures.values()
    latents, labels = sampler.latents([5, 6, 7]), np.array([2, 0, 1], np.int32)
    expected = sampler(latents, labels).numpy()
    assert np.abs(expected[0] - expected[1]).max() > 0.01
    import onnxruntime
    from ai_edge_litert.interpreter import Interpreter

    session = onnxruntime.InferenceSession(str(folder / "onnx" / "generate_floats.onnx"))
    assert [value.shape for value in session.get_inputs()] == [["N", 100], ["N"]]
    np.testing.assert_allclose(session.run(["generated"], {"latents": latents, "labels": labels})[0], expected, atol=1e-4)
    run = Interpreter(str(folder / "litert" / "generate.tflite")).get_signature_runner("generate_floats")
    for i in range(3):
        made = run(latents=latents[i : i + 1], labels=labels[i : i + 1])["generated"]
        np.testing.assert_allclose(made, expected[i : i + 1], atol=1e-4)
    sizes = {path.stem: path.stat().st_size for path in written}
    assert sizes["generate_float16"] < 0.6 * sizes["generate"] and sizes["generate_int8"] < 0.3 * sizes["generate"]
    activations = [tensor["dtype"] for tensor in Interpreter(str(folder / "litert" / "generate_int8.tflite")).get_tensor_details()]
    assert activations.count(np.int8) > activations.count(np.float32)  # with weights alone in 8 bits, all that flows is float32


def test_the_files_alone_say_what_goes_in(labeled):
    for path in labeled[3]:
        told = metadata(path)
        assert told["class_names"] == ["brick", "wood", "stone"]
        assert told["prior"] == {"latents": 100, "drawn_from": "N(0, 1)", "name": "normal"}
        (function,) = [value for name, value in told["functions"].items() if name == "generate_floats"] or told["functions"].values()
        assert function["takes"]["labels"]["dtype"] == "int32" and function["to"] == "photo"


def test_a_stylegan_that_is_all_but_untrained_is_the_same_in_onnx():
    """Its first maps are 1 and next to nothing: other runtimes, which round in another way, would norm their own rounding."""
    pytest.importorskip("tf2onnx"), pytest.importorskip("onnxruntime")
    from tfgan.portable import onnx

    portable = make_portable("stylegan")
    networks = portable.method.ema or portable.method.networks
    const = networks["synthesis"].const
    const.assign(1.0 + 1e-5 * tf.random.stateless_normal(const.shape, [3, 4]))
    ((synthesis,),) = ([one for one in some if one.name == "synthesis"] for some in functions(portable.signatures, None, None).values())
    styles = np.random.default_rng(0).normal(size=(2, *synthesis.inputs[0].shape[1:])).astype(np.float32)
    import onnxruntime

    session = onnxruntime.InferenceSession(onnx.convert(synthesis, {}))
    np.testing.assert_allclose(session.run(None, {"styles": styles})[0], synthesis.call(tf.constant(styles)), atol=1e-5)


@pytest.mark.slow
def test_stylegan2s_weights_of_each_images_own_are_the_same_elsewhere(tmp_path):
    pytest.importorskip("tf2onnx"), pytest.importorskip("ai_edge_litert")
    onnxruntime = pytest.importorskip("onnxruntime")
    from tfgan.portable import onnx

    portable = make_portable("stylegan", architecture="stylegan2", progressive=False)
    for batch in (None, 1):
        ((synthesis,),) = (
            [one for one in some if one.name == "synthesis"] for some in functions(portable.signatures, None, batch).values()
        )
        styles = np.random.default_rng(0).normal(size=(batch or 3, *synthesis.inputs[0].shape[1:])).astype(np.float32)
        expected = synthesis.call(tf.constant(styles))
        check_graph(synthesis)
        if batch is None:
            made = onnxruntime.InferenceSession(onnx.convert(synthesis, {})).run(None, {"styles": styles})[0]
        else:
            (tmp_path / "f.tflite").write_bytes(litert.convert([synthesis]))
            made = litert.Model(tmp_path / "f.tflite").run("synthesis", {"styles": styles})
        np.testing.assert_allclose(made, expected, atol=1e-5)
    assert np.std(expected) > 0.01


def test_signatures_of_a_litert_file_share_their_weights(labeled):
    portable, folder = labeled[:2]
    (made,) = functions(portable.signatures, portable.size).values()
    alone = litert.convert(made[:1])
    assert (folder / "litert" / "generate.tflite").stat().st_size < 1.1 * len(alone)


def test_the_padded_translation_converts_at_every_size():
    """Converted to ONNX by hand, as `serving_default`: remainders of negative numbers were wrong there, without a word."""
    tf2onnx, onnxruntime = pytest.importorskip("tf2onnx"), pytest.importorskip("onnxruntime")
    translator = Translator(Translation(lambda x: -x, Domain("a", 3), Domain("b", 3), 16, 16))
    graph = tf.function(translator.translate_pixels, input_signature=[translator.pixel_spec])
    model, _ = tf2onnx.convert.from_function(graph, input_signature=[translator.pixel_spec], opset=18)
    session = onnxruntime.InferenceSession(model.SerializeToString())
    for shape in ((1, 16, 16, 3), (2, 5, 9, 3), (1, 1, 1, 3), (1, 37, 53, 3)):
        pixels = np.random.default_rng(0).integers(0, 256, shape).astype(np.uint8)
        np.testing.assert_array_equal(session.run(None, {"images": pixels})[0], 255 - pixels)


def test_pixels_without_a_class_have_none_in_onnx_either():
    tf2onnx, onnxruntime = pytest.importorskip("tf2onnx"), pytest.importorskip("onnxruntime")
    spec = tf.TensorSpec([None, None, None], tf.int32, "labels")
    graph = tf.function(lambda labels: one_hot(labels, LABELS), input_signature=[spec])
    session = onnxruntime.InferenceSession(tf2onnx.convert.from_function(graph, input_signature=[spec], opset=18)[0].SerializeToString())
    (made,) = session.run(None, {"labels": np.array([[[-1, 0, 1, 2]]], np.int32)})
    np.testing.assert_array_equal(made, [[[[0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1]]]])


def test_images_are_brought_to_a_size():
    ramp = np.arange(5)[:, None] * np.ones((1, 4), int)
    np.testing.assert_array_equal(fitted(ramp, (3, 4))[:, 0], [1, 2, 3])
    np.testing.assert_array_equal(fitted(ramp, (9, 4))[:, 0], [2, 1, 0, 1, 2, 3, 4, 3, 2])
    assert fitted(ramp, (5, 11)).shape == (5, 11)


PHOTO = Domain("b", 3)


def function(name="f_floats", output="generated", domain=PHOTO):
    return Function(name, "f", lambda x: x, (), output, domain)


def compared(made, expected, quantize="none", **kind):
    return compare("file", function(**kind), quantize, [Case({}, expected, "")], lambda inputs: made)


def test_differences_and_bounds():
    expected = np.random.default_rng(0).uniform(-1, 1, (2, 16, 16, 3)).astype(np.float32)
    assert compared(expected, expected) == ("file", "f_floats", "none", "", 0.0, 0.0, 0.0, 1.0, 0.0, True)
    off = expected.copy()
    off[1, 3, 4, 2] += 2e-4
    one = compared(off, expected)
    assert not one.fits and one.largest_difference == pytest.approx(2e-4, rel=1e-3) and one.largest == pytest.approx(0.0255, rel=1e-3)
    assert compared(off, expected, "float16").fits
    assert not compared(expected + 0.5, expected, "float16").fits and not compared(expected[::-1], expected, "int8").fits
    assert not compared(np.full_like(expected, np.nan), expected, "int8").fits
    flat = np.zeros_like(expected)
    assert compared(flat, expected).ssim < 0.1
    with pytest.raises(ValueError, match="shape"):
        compared(expected[:1], expected)


def test_differences_of_pixels_vectors_and_classes():
    pixels = np.random.default_rng(0).integers(0, 255, (1, 16, 16, 3)).astype(np.uint8)
    one = compared(pixels + 1, pixels, name="f_pixels")
    floats = compared(*((values / 127.5 - 1).astype(np.float32) for values in (pixels + 1.0, pixels)))
    assert floats.ssim == pytest.approx(one.ssim, abs=1e-5) and floats.largest == pytest.approx(1.0, abs=1e-4)
    assert one.fits and one.mean == one.largest == 1.0 and one.largest_difference == pytest.approx(1 / 127.5)
    assert not compared(pixels + 2, pixels, name="f_pixels").fits
    vectors = np.array([[10.0, -20.0]], np.float32)
    one = compared(vectors + 1.0, vectors, "int8", output="vectors", domain=None)
    assert one.ssim is None and one.largest == pytest.approx(127.5 / 20) and not one.fits
    labels = np.zeros((1, 10, 10), np.int32)
    other = labels.copy()
    other[0, 0] = 1
    one = compared(other, labels, "dynamic", name="f_pixels", output="translated_labels")
    assert one.share == pytest.approx(0.1) and not one.fits and "10.00% of pixels" in agreement.table([one])[1]
    assert compared(labels, labels, name="f_pixels", output="translated_labels").fits


def test_a_model_with_a_file_in_it_begins_as_before():
    model = bytes(range(256)) * 3
    whole = litert.with_file(model, "tfgan.json", b"{}")
    assert whole.startswith(model) and zipfile.ZipFile(io.BytesIO(whole)).read("tfgan.json") == b"{}"


def test_usual_lines_of_converters_are_not_shown(capfd):
    usual = "E0000 00:00:1795739221.236927   29797 node_def_util.cc:682] NodeDef mentions attribute\nfully_quantize: 0\n"
    with quiet():
        os.write(2, f"{usual}Killed\n".encode())
    assert capfd.readouterr().err == "Killed\n"
    with pytest.raises(ValueError, match="no"), quiet():
        os.write(2, usual.encode())
        raise ValueError("no")
    assert capfd.readouterr().err == usual


def test_bounds_are_looser_where_numbers_are_smaller():
    for name, other in zip(litert.ENDINGS, list(litert.ENDINGS)[1:]):
        assert BOUNDS[name].mean < BOUNDS[other].mean and BOUNDS[name].ssim > BOUNDS[other].ssim


def test_what_is_compared_is_not_what_8_bits_are_calibrated_on():
    portable = make_portable("cgan")
    (sampler,), ((made, *_),) = portable.signatures.values(), functions(portable.signatures, portable.size).values()
    found = cases.calibration(made, sampler, [], portable.size)
    assert len(found) == 32 and found[0]["latents"].shape == (1, 100) and {int(one["labels"][0]) for one in found} == {0, 1, 2}
    (case,) = cases.cases(made, sampler, [], portable.size, dynamic=False)
    assert not {one["latents"].tobytes() for one in found} & {latents.tobytes() for latents in case.inputs["latents"]}


def test_8_bits_are_calibrated_on_all_of_the_run_s_images_turned():
    way, images = Translator(Translation(lambda x: -x, PHOTO, PHOTO, 16, 16)), np.random.default_rng(0).integers(0, 256, (3, 16, 16, 3))
    (made, *_) = functions({"translate": way}, (16, 16))["translate"]
    found = [one["images"] for one in cases.calibration(made, way, list(images.astype(np.uint8)), (16, 16))]
    assert len(found) == 3
    for own, image in zip(found, images):
        np.testing.assert_allclose(own[0], image[:, ::-1] / 127.5 - 1.0, atol=1e-6)


def test_ranges_of_8_bits_span_all_that_they_are_calibrated_on(tmp_path):
    pytest.importorskip("ai_edge_litert")
    kernel = tf.eye(3)[None, None] * 2.0
    made = Function("f_floats", "f", lambda x: tf.nn.conv2d(x, kernel, 1, "SAME"), (tf.TensorSpec([1, 4, 4, 3], name="images"),), "made")
    ramp = np.linspace(-1.0, 1.0, 48, dtype=np.float32).reshape(1, 4, 4, 3)
    (tmp_path / "f.tflite").write_bytes(litert.convert([made], "int8", {"f_floats": [{"images": 0.1 * ramp}, {"images": ramp}]}))
    found = litert.Model(tmp_path / "f.tflite").run("f_floats", {"images": ramp})
    np.testing.assert_allclose(found, 2.0 * ramp, atol=0.03)  # a step is 4 / 255; what lies outside of the ranges is cut off
    assert len(np.unique(found)) > 40


@pytest.mark.parametrize(
    "shape, named",
    [([None, None, None, 3], ["N", "H", "W", 3]), ([None, None, None], ["N", "H", "W"]), ([None, 5], ["N", 5]), ([None], ["N"])],
)
def test_unknown_sizes_have_names_in_onnx(shape, named):
    onnxruntime = pytest.importorskip("onnxruntime")
    pytest.importorskip("tf2onnx")
    from tfgan.portable import onnx

    made = Function("f_floats", "f", lambda x: 2.0 * x, (tf.TensorSpec(shape, name="given"),), "made")
    session = onnxruntime.InferenceSession(onnx.convert(made, {"tfgan.json": "{}"}))
    assert [value.shape for value in (*session.get_inputs(), *session.get_outputs())] == [named, named]
    assert session.get_modelmeta().custom_metadata_map == {"tfgan.json": "{}"}


def test_cases_show_the_run_images_that_need_padding():
    portable = make_portable("pix2pix")
    (made,) = functions(portable.signatures, None, None).values()
    found = cases.cases(made[0], portable.signatures["translate"], portable.images["translate"], (16, 16), dynamic=True)
    assert [case.words for case in found] == ["16×16", "32×48", "8×11 padded", "24×43 padded"]
    assert [case.inputs["images"].shape[1:3] for case in found] == [(16, 16), (32, 48), (16, 16), (32, 48)]
    for case in found:
        np.testing.assert_allclose(case.cut(made[0].call(case.inputs["images"]).numpy()), case.expected, atol=1e-5)
    assert np.abs(found[0].expected).max() > 1e-3
