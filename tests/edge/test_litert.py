"""The runner gives the same numbers for any batch size, and reports the machine of its measurements."""

import numpy as np
import pytest

from pipeline.edge.export import export_tflite, image_input, keras, tf
from pipeline.edge.litert import Runner, cpu_name, latency, predict
from pipeline.edge.variants import VARIANTS
from pipeline.errors import InkError


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("batch", [7, 50, 64])
def test_batches_do_not_change_the_result(exported, images, variant, batch):
    runner = Runner(exported[variant], batch)
    assert runner.batch == batch
    np.testing.assert_allclose(runner(images), Runner(exported[variant])(images), atol=1e-5)


def test_a_model_that_holds_on_to_its_batch_size_runs_one_by_one(network, images, expected):
    def fixed(image):
        nothing = keras.ops.reshape(image, (1, 576))[:, :40] * 0  # the reshape is written into the graph
        return {"probabilities": keras.ops.softmax(network(image, training=False) + nothing)}

    runner = Runner(export_tflite(network, fixed, [image_input(24)], "float32"), batch=8)
    assert runner.batch == 1
    np.testing.assert_allclose(runner(images), expected, atol=1e-5)


def test_images_come_with_or_without_a_channel_in_any_type(exported, images):
    runner = Runner(exported["dynamic"], batch=16)
    expected = runner(images)
    np.testing.assert_array_equal(runner(images[..., None].astype(np.float32)), expected)


def test_no_images_no_predictions(exported, images):
    assert Runner(exported["float32"])(images[:0]).shape == (0, 40)


def test_wrong_size_is_refused(exported):
    with pytest.raises(InkError, match=r"expected images \[n, 24, 24, 1\], found \[2, 56, 56, 1\]"):
        Runner(exported["float32"])(np.zeros((2, 56, 56)))


def test_predictions_stream(exported, images):
    parts = predict(exported["float32"], iter([images[:32], images[32:]]), batch=32)
    assert len(next(parts)) == 32
    assert len(next(parts)) == 18


@pytest.fixture(scope="module")
def two_outputs(network) -> bytes:
    def two(image):
        logits = network(image, training=False)
        best = tf.argmax(logits, axis=1, output_type=tf.int32)
        return {"second": logits + 1, "best": best, "first": logits}

    return export_tflite(network, two, [image_input(24)], "float32")


@pytest.mark.parametrize("batch", [1, 16])
def test_outputs_go_by_their_names(two_outputs, images, expected, batch):
    found = Runner(two_outputs, batch).outputs(images)
    assert set(found) == {"first", "second", "best"}
    assert found["best"].dtype == np.int32
    assert found["best"].tolist() == expected.argmax(axis=1).tolist()
    np.testing.assert_allclose(found["second"], found["first"] + 1, atol=1e-5)


def test_no_images_no_outputs(two_outputs, images):
    found = Runner(two_outputs).outputs(images[:0])
    assert (found["first"].shape, found["best"].shape) == ((0, 40), (0,))


def test_one_of_several_outputs_must_be_named(two_outputs, images):
    with pytest.raises(InkError, match="expected a model with one output, found 3: "):
        Runner(two_outputs)(images)


def test_more_than_one_input_is_refused(network):
    def scaled(image, scale):
        return {"logits": network(image, training=False) * scale}

    inputs = [image_input(24), tf.TensorSpec((1,), tf.float32, name="scale")]
    with pytest.raises(InkError, match="expected a model with one input, found 2"):
        Runner(export_tflite(network, scaled, inputs, "float32"))


def test_latency_can_be_taken_on_given_images(exported, images):
    measured = latency(exported["float32"], runs=20, threads=2, images=images[:3, ..., None])
    assert 0 < measured.p50_ms <= measured.p95_ms
    assert measured.threads == 2


def test_latency_states_its_conditions(exported):
    measured = latency(exported["int8"], runs=30)
    assert 0 < measured.p50_ms <= measured.p95_ms
    assert (measured.runs, measured.threads, measured.cpu) == (30, 1, cpu_name())


def test_the_cpu_is_named_as_the_system_names_it(tmp_path):
    cpuinfo = tmp_path / "cpuinfo"
    cpuinfo.write_text("processor\t: 0\nmodel name\t: Tiny CPU @ 1 MHz\n", encoding="utf-8")
    assert cpu_name(cpuinfo) == "Tiny CPU @ 1 MHz"


def test_a_system_that_does_not_name_its_cpu_gives_the_architecture(tmp_path):
    (tmp_path / "cpuinfo").write_text("processor\t: 0\n", encoding="utf-8")
    assert cpu_name(tmp_path / "cpuinfo")
    assert cpu_name(tmp_path / "missing")


@pytest.mark.parametrize("end", [8, 200, -1000])
def test_a_cut_off_model_is_refused(exported, end, capfd):
    with pytest.raises(InkError, match=r"LiteRT cannot run the model of [\d,]+ bytes .*: write it again"):
        Runner(exported["float32"][:end])
    assert capfd.readouterr() == ("", "")


def test_a_model_that_fails_while_it_runs_says_so(network):
    def look_up(image):
        return {"row": tf.gather(network(image)[0], tf.cast(image[0, 0, 0], tf.int32))}

    runner = Runner(export_tflite(network, look_up, [image_input(24)], "float32"))
    with pytest.raises(InkError, match=r"LiteRT cannot run the model at 1 images \(gather index out of bounds"):
        runner.outputs(np.full((1, 24, 24), 200))
