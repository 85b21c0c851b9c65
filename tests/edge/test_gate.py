"""The gate accepts models that run everywhere, and names everything else."""

import pytest

from pipeline.edge.export import classifier, export_tflite, image_input, keras, tf
from pipeline.edge.gate import check
from pipeline.edge.quiet import quiet
from pipeline.edge.variants import VARIANTS
from pipeline.errors import InkError
from pipeline.hccr.model import build_model
from pipeline.ink.normalise import SIDE
from pipeline.params import Model


def convert(function, *inputs: tf.TensorSpec, flex: bool = False, custom: bool = False) -> bytes:
    """The converter's output for a function, without the gate."""
    with quiet():
        concrete = tf.function(function, input_signature=inputs).get_concrete_function()
        converter = tf.lite.TFLiteConverter.from_concrete_functions([concrete])
        converter.allow_custom_ops = custom
        if flex:
            converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS, tf.lite.OpsSet.SELECT_TF_OPS]
        return converter.convert()


@pytest.mark.parametrize("variant", VARIANTS)
def test_exported_models_pass(exported, variant):
    assert check(exported[variant]).macs > 0


def test_the_recogniser_passes_with_its_batch_norms_folded_away():
    keras.utils.set_random_seed(1)
    params = Model(crop=4, width=0.125, modules=(1, 1), features=16, pooling="weighted", rank=8, dropout=0.4)
    network = build_model(params, classes=10)
    graph = check(export_tflite(network, classifier(network), [image_input(SIDE)], "float32"))
    convolutions = sum(isinstance(layer, keras.layers.Conv2D) for layer in network.layers)
    assert graph.operators["CONV_2D"] == convolutions
    # What is left of arithmetic on whole images is at most the rescaling of the input.
    assert graph.operators["MUL"] <= 1
    assert graph.operators["ADD"] <= 1


def test_a_flex_operator_is_named():
    data = convert(tf.linalg.det, tf.TensorSpec((1, 3, 3), name="matrix"), flex=True)
    with pytest.raises(InkError, match=r"Flex operator FlexMatrixDeterminant \(1x\)"):
        check(data)


def test_a_custom_operator_is_named():
    data = convert(tf.linalg.det, tf.TensorSpec((1, 3, 3), name="matrix"), custom=True)
    with pytest.raises(InkError, match=r"custom operator MatrixDeterminant \(1x\)"):
        check(data)


def test_a_dynamic_input_is_named():
    data = convert(lambda image: image * 2, tf.TensorSpec((None, 8, 8, 1), name="image"))
    with pytest.raises(InkError, match=r"dynamic shape \[\?, 8, 8, 1\] of tensor image"):
        check(data)


def test_a_shape_that_depends_on_the_data_is_named():
    data = convert(lambda x: tf.cast(tf.where(x > 0), tf.int32), tf.TensorSpec((8,), name="x"))
    with pytest.raises(InkError, match=r"dynamic shape \[\?, 1\]"):
        check(data)


def test_int64_at_the_output_is_named():
    data = convert(lambda x: tf.argmax(x, axis=1), tf.TensorSpec((1, 8), name="x"))
    with pytest.raises(InkError, match=r"int64 output .*: cast to int32"):
        check(data)


def test_int64_at_the_input_is_named():
    data = convert(lambda x: tf.cast(x, tf.float32), tf.TensorSpec((1, 8), tf.int64, name="x"))
    with pytest.raises(InkError, match="int64 input x"):
        check(data)


def test_another_dtype_at_the_output_is_named():
    data = convert(lambda x: x > 0, tf.TensorSpec((1, 8), name="x"))
    with pytest.raises(InkError, match=r"bool output .*: cast to float32 or int32"):
        check(data)


def test_all_reasons_are_listed_at_once():
    data = convert(
        lambda x: tf.linalg.det(tf.cast(x, tf.float32)), tf.TensorSpec((None, 3, 3), tf.int64, name="x"), flex=True
    )
    with pytest.raises(InkError) as caught:
        check(data)
    for reason in ("FlexMatrixDeterminant", "dynamic shape [?, 3, 3]", "int64 input x"):
        assert reason in str(caught.value)


@pytest.mark.parametrize("data", [b"", b"TFL3", b"\0" * 64, b"\x1c\0\0\0TFL3" + b"\xff" * 40])
def test_what_is_no_model_is_refused(data):
    with pytest.raises(InkError, match="TFLite model"):
        check(data)
