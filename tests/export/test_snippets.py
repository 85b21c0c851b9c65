"""The code uses the names, sizes and types of the model."""

import functools
import re

import pytest

from pipeline.edge.graph import Signature, Tensor, read_graph
from pipeline.export import snippets
from pipeline.export.snippets import kotlin, shape, size

swift = functools.partial(snippets.swift, runtime="2.17.0")


def called(character_model, language):
    signature = read_graph(character_model).signature
    return language("HccrDynamic", "hccr-dynamic.tflite", signature, "characters", 0.5)


def found(formula_model, language):
    return language("MathFloat16", "math-float16.tflite", read_graph(formula_model).signature, "formulas", 0.35)


def test_kotlin_of_a_recogniser(character_model):
    code = called(character_model, kotlin)
    for line in (
        "class HccrDynamic(context: Context) : AutoCloseable {",
        'private val signature = "serving_default"',
        'CompiledModel.create(context.assets, "hccr-dynamic.tflite", CompiledModel.Options(Accelerator.CPU))',
        'private val input = model.createInputBuffer("image", signature)',
        'private val outputs = listOf("probabilities")\n',
        "val probabilities: FloatArray,  // [1, 4]",
        "/** [pixels]: float32 [1, 56, 56, 1]. One call at a time. */",
        "require(pixels.size == 3136)",
        "input.writeFloat(pixels)",
        'model.run(mapOf("image" to input), outputs, signature)',
        'probabilities = outputs.getValue("probabilities").readFloat(),',
        'println("${reader.labels[i]} ${result.probabilities[i]}")',
    ):
        assert line in code


def test_swift_of_a_recogniser(character_model):
    code = called(character_model, swift)
    for line in (
        "// Podfile: pod 'TensorFlowLiteSwift', '>= 2.17.0'\n",
        "final class HccrDynamic {",
        "let probabilities: [Float32]  // [1, 4]",
        'bundle.path(forResource: "hccr-dynamic", ofType: "tflite")!',
        'signatureRunner(with: "serving_default")',
        "/// `pixels`: float32 [1, 56, 56, 1]. One call at a time.",
        "precondition(pixels.count == 3136)",
        'try runner.invoke(with: ["image": pixels.withUnsafeBufferPointer { Data(buffer: $0) }])',
        'probabilities: try values(of: "probabilities")',
    ):
        assert line in code


@pytest.mark.parametrize(
    ("language", "types"),
    [(kotlin, ("FloatArray", "IntArray")), (swift, ("[Float32]", "[Int32]"))],
    ids=["Kotlin", "Swift"],
)
def test_a_detectors_outputs_have_their_types_and_shapes(formula_model, language, types):
    code, (real, whole) = found(formula_model, language), types
    for name, kind, sizes in (
        ("boxes", real, [1, 100, 4]),
        ("scores", real, [1, 100]),
        ("classes", whole, [1, 100]),
        ("count", whole, [1]),
    ):
        assert re.search(rf"(?:val|let) {name}: {re.escape(kind)},?  // {re.escape(str(sizes))}\n", code)
        assert f'"{name}"' in code
    assert str(64 * 128) in code
    assert "0.35" in code


@pytest.mark.parametrize("language", [kotlin, swift])
def test_names_shapes_and_types_are_the_signatures(language):
    signature = Signature(
        "main",
        {"ink": Tensor("x:0", "int32", (1, 3, 5, 1))},
        {"mean": Tensor("y:0", "float32", (2, 7)), "best": Tensor("z:0", "int32", ())},
    )
    code = language("Tiny", "tiny.tflite", signature, "characters", 0.5).replace("Element", "")
    for text in ("ink", "mean", "best", "main", "15", "[1, 3, 5, 1]", "[2, 7]", "[]"):
        assert text in code
    assert not re.search(r"\bimage\b|serving_default|pixels\.(size|count) == (?!15)", code)
    assert ("writeInt(pixels)" in code) == (language is kotlin)


@pytest.mark.parametrize("language", [kotlin, swift])
def test_brackets_close(character_model, formula_model, language):
    for code in (called(character_model, language), found(formula_model, language)):
        for opening, closing in ("()", "[]", "{}"):
            assert code.count(opening) == code.count(closing)
        assert "{{" not in code
        assert max(map(len, code.splitlines())) <= 120


def test_a_model_need_not_tell_its_runtime(character_model):
    assert "pod 'TensorFlowLiteSwift'\n" in called(character_model, functools.partial(swift, runtime=""))


def test_a_scalar_is_one_number():
    assert (shape(Tensor("x", "float32", ())), size(Tensor("x", "float32", ()))) == ("[]", 1)
