"""Writes code that calls a model from an app, in Kotlin and Swift. Names, shapes and types come from its signature.

Kotlin: LiteRT's CompiledModel (https://ai.google.dev/edge/litert/next/android_kotlin). Swift: the SignatureRunner of
TensorFlowLiteSwift (https://ai.google.dev/edge/litert/ios/quickstart). Tensors are flat arrays in row-major order.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from importlib.metadata import version

from pipeline.edge.graph import Signature, Tensor
from pipeline.edge.metadata import LABELS, Kind

# Array type and name of the method that reads it, by dtype; `pipeline.edge.gate` refuses other dtypes.
_KOTLIN = {"float32": ("FloatArray", "Float"), "int32": ("IntArray", "Int")}
_SWIFT = {"float32": "Float32", "int32": "Int32"}

# Code that uses the outputs, by kind of model. {threshold} is the least score of a symbol.
_KOTLIN_USE: Mapping[Kind, str] = {
    "characters": """\
val best = result.probabilities.indices.sortedByDescending {{ result.probabilities[it] }}.take(10)
for (i in best) println("${{reader.labels[i]}} ${{result.probabilities[i]}}")""",
    "formulas": """\
for (i in 0 until result.count[0]) {{
    if (result.scores[i] < {threshold}f) break  // scores are falling
    val (top, left, bottom, right) = result.boxes.slice(4 * i until 4 * i + 4)  // pixels of the image
    println("${{reader.labels[result.classes[i]]}} at $left, $top to $right, $bottom")
}}""",
}
_SWIFT_USE: Mapping[Kind, str] = {
    "characters": """\
let best = result.probabilities.indices.sorted {{ result.probabilities[$0] > result.probabilities[$1] }}.prefix(10)
for i in best {{ print(reader.labels[i], result.probabilities[i]) }}""",
    "formulas": """\
for i in 0..<Int(result.count[0]) where result.scores[i] >= {threshold} {{
    let box = result.boxes[4 * i..<4 * i + 4]  // top, left, bottom, right in pixels of the image
    print(reader.labels[Int(result.classes[i])], Array(box))
}}""",
}


def kotlin(name: str, file: str, signature: Signature, kind: Kind, threshold: float) -> str:
    """The code of a class for Android.

    Args:
        name: name of the class.
        file: name of the model in the app's assets.
        signature: signature of the model.
        kind: what the model reads.
        threshold: least score of a symbol.
    """
    ((image, taken),) = signature.inputs.items()
    array, method = _KOTLIN[taken.dtype]
    return "\n".join(
        [
            f'// build.gradle.kts: implementation("com.google.ai.edge.litert:litert:{version("ai-edge-litert")}")',
            f"// assets: {file}, {LABELS}",
            "import android.content.Context",
            "import com.google.ai.edge.litert.Accelerator",
            "import com.google.ai.edge.litert.CompiledModel",
            "",
            f"class {name}(context: Context) : AutoCloseable {{",
            f"    val labels = context.assets.open({_text(LABELS)}).bufferedReader().readLines()",
            f"    private val signature = {_text(signature.key)}",
            "    private val model =",
            f"        CompiledModel.create(context.assets, {_text(file)}, CompiledModel.Options(Accelerator.CPU))",
            f"    private val input = model.createInputBuffer({_text(image)}, signature)",
            f"    private val outputs = listOf({', '.join(map(_text, signature.outputs))})",
            "        .associateWith { model.createOutputBuffer(it, signature) }",
            "",
            "    class Result(",
            *(f"        val {one}: {_KOTLIN[t.dtype][0]},  // {shape(t)}" for one, t in signature.outputs.items()),
            "    )",
            "",
            f"    /** [pixels]: {taken.dtype} {shape(taken)}. One call at a time. */",
            f"    fun read(pixels: {array}): Result {{",
            f"        require(pixels.size == {size(taken)})",
            f"        input.write{method}(pixels)",
            f"        model.run(mapOf({_text(image)} to input), outputs, signature)",
            "        return Result(",
            *(
                f"            {one} = outputs.getValue({_text(one)}).read{_KOTLIN[tensor.dtype][1]}(),"
                for one, tensor in signature.outputs.items()
            ),
            "        )",
            "    }",
            "",
            "    override fun close() = (outputs.values + input + model).forEach { it.close() }",
            "}",
            "",
            f"fun example(context: Context, pixels: {array}) = {name}(context).use {{ reader ->",
            "    val result = reader.read(pixels)",
            *(f"    {line}" for line in _KOTLIN_USE[kind].format(threshold=threshold).splitlines()),
            "}",
        ]
    )


def swift(name: str, file: str, signature: Signature, kind: Kind, threshold: float, runtime: str) -> str:
    """The code of a class for iOS.

    Args:
        name: name of the class.
        file: name of the model in the app's bundle.
        signature: signature of the model.
        kind: what the model reads.
        threshold: least score of a symbol.
        runtime: oldest TensorFlow Lite version that runs the model, "" if unknown, see `Graph`.
    """
    ((image, taken),) = signature.inputs.items()
    stem, _, ending = file.rpartition(".")
    labels, _, text = LABELS.rpartition(".")
    element = _SWIFT[taken.dtype]
    return "\n".join(
        [
            "// Podfile: pod 'TensorFlowLiteSwift'" + (runtime and f", '>= {runtime}'"),
            f"// app bundle: {file}, {LABELS}",
            "import Foundation",
            "import TensorFlowLite",
            "",
            f"final class {name} {{",
            "    let labels: [String]",
            "    private let runner: SignatureRunner",
            "",
            "    struct Result {",
            *(
                f"        let {one}: [{_SWIFT[tensor.dtype]}]  // {shape(tensor)}"
                for one, tensor in signature.outputs.items()
            ),
            "    }",
            "",
            "    init(bundle: Bundle = .main) throws {",
            f"        let list = bundle.url(forResource: {_text(labels)}, withExtension: {_text(text)})!",
            '        labels = try String(contentsOf: list, encoding: .utf8).split(separator: "\\n").map(String.init)',
            f"        let model = bundle.path(forResource: {_text(stem)}, ofType: {_text(ending)})!",
            f"        runner = try Interpreter(modelPath: model).signatureRunner(with: {_text(signature.key)})",
            "    }",
            "",
            f"    /// `pixels`: {taken.dtype} {shape(taken)}. One call at a time.",
            f"    func read(_ pixels: [{element}]) throws -> Result {{",
            f"        precondition(pixels.count == {size(taken)})",
            f"        try runner.invoke(with: [{_text(image)}: pixels.withUnsafeBufferPointer {{ Data(buffer: $0) }}])",
            "        return Result(",
            ",\n".join(f"            {one}: try values(of: {_text(one)})" for one in signature.outputs),
            "        )",
            "    }",
            "",
            "    private func values<Element>(of name: String) throws -> [Element] {",
            "        try runner.output(named: name).data.withUnsafeBytes { Array($0.bindMemory(to: Element.self)) }",
            "    }",
            "}",
            "",
            f"func example(_ pixels: [{element}]) throws {{",
            f"    let reader = try {name}()",
            "    let result = try reader.read(pixels)",
            *(f"    {line}" for line in _SWIFT_USE[kind].format(threshold=threshold).splitlines()),
            "}",
        ]
    )


def shape(tensor: Tensor) -> str:
    """The shape of a tensor as text: `[1, 56, 56, 1]`."""
    return str(list(tensor.shape or ()))


def size(tensor: Tensor) -> int:
    """Number of elements in a tensor."""
    return math.prod(tensor.shape or ())


def _text(value: str) -> str:
    return f'"{value}"'
