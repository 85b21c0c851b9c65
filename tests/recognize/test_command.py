"""`python -m pipeline.recognize`, run like by its users."""

import json
import os
import shutil
import struct
import subprocess
import sys
import zlib
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from pipeline.edge import metadata
from pipeline.errors import InkError
from pipeline.recognize.__main__ import main, printable, read_picture
from tests.tiny_models import BOXES, CHARACTERS, SURE, UNSURE, bars, scan

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def folder(tmp_path, character_model, formula_model, monkeypatch):
    """A folder with both models and a picture for each; it is the working directory."""
    (tmp_path / "characters.tflite").write_bytes(character_model)
    (tmp_path / "formulas.tflite").write_bytes(formula_model)
    Image.fromarray(scan("口")).save(tmp_path / "mouth.png")
    Image.fromarray(bars()).save(tmp_path / "bars.png")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def command(*arguments: str | bytes, stdin: bytes = b"", **environment: str) -> subprocess.CompletedProcess:
    line = [sys.executable, "-m", "pipeline.recognize", *arguments]
    variables = os.environ | {"PYTHONPATH": str(ROOT)} | environment
    return subprocess.run(line, env=variables, input=stdin, capture_output=True, check=False, timeout=300)


def read_json(capsys, *arguments: str):
    main([*arguments, "--json"])
    return json.loads(capsys.readouterr().out)


def test_the_command_prints_a_table_and_draws(folder):
    done = command("--model", "characters.tflite", "--top", "2", "--draw", "out/found.png", "mouth.png")
    assert (done.returncode, done.stderr) == (0, b"")
    header, _, row = done.stdout.decode().strip().splitlines()
    assert header.split() == ["picture", "1", "2"]
    assert row.split()[:2] == ["mouth.png", "口"]
    assert cv2.imread("out/found.png").shape == (168 + 32, 16 + 2 * (168 + 16) + 150, 3)


def test_the_command_prints_json_and_names_what_it_cannot_read(folder):
    (folder / "text.png").write_text("no picture")
    done = command("--model", "formulas.tflite", "--json", "bars.png", "text.png", "bars.png")
    assert done.returncode == 1
    reason = "text.png: expected a picture, found none: no readable picture: "
    assert done.stderr.decode().startswith(f"recognize: {reason}")
    assert done.stderr.count(b"\n") == 1
    first, error, again = json.loads(done.stdout)
    assert first == again
    assert list(error) == ["picture", "error"]
    assert error["error"].startswith(reason)


def test_the_command_has_usage(folder):
    done = command()
    assert done.returncode == 2
    assert b"the following arguments are required: IMAGE" in done.stderr
    assert command("--help").stdout.startswith(b"usage: python -m pipeline.recognize")


def test_a_picture_on_standard_input(folder):
    arguments = ["--model", "characters.tflite", "--json", "-"]
    (row,) = json.loads(command(*arguments, stdin=(folder / "mouth.png").read_bytes()).stdout)
    assert row["picture"] == "-"
    assert row["candidates"][0]["text"] == "口"
    done = command(*arguments)
    assert (done.returncode, done.stderr) == (1, b"recognize: -: expected a picture, found none: empty file\n")


@pytest.mark.parametrize("options", [[], ["--json"]], ids=["table", "JSON"])
def test_a_reader_that_has_enough_is_no_error(folder, options):
    line = [sys.executable, "-m", "pipeline.recognize", "--model", "characters.tflite", *options, "mouth.png"]
    with subprocess.Popen(
        line, env=os.environ | {"PYTHONPATH": str(ROOT)}, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 0


def test_names_of_any_bytes(folder):
    hostile = [b"\xff\xfe.png", b"\x1b[31m[red]\n.png", b"-.png", "永 .png".encode()]
    for name in hostile:
        (folder / os.fsdecode(name)).write_bytes((folder / "mouth.png").read_bytes())
    arguments = ["--model", "characters.tflite", "--top", "1"]
    done = command(*arguments, "--", *hostile)
    assert (done.returncode, done.stderr) == (0, b"")
    shown = done.stdout.decode()
    assert "\x1b" not in shown
    assert [line.split()[-2] for line in shown.strip().splitlines()[2:]] == ["口"] * 4
    for name in (r"\udcff\udcfe.png", r"\x1b[31m[red]\n.png", "-.png", "永 .png"):
        assert name in shown
    done = command(*arguments, "--json", "--", *hostile, PYTHONIOENCODING="utf-8")
    assert [os.fsencode(row["picture"]) for row in json.loads(done.stdout)] == hostile


@pytest.mark.parametrize("top", [1, 3])
def test_candidates_as_json(folder, capsys, top):
    (row,) = read_json(capsys, "--model", "characters.tflite", "--top", str(top), "mouth.png")
    assert list(row) == ["picture", "candidates", "sure", "known"]
    assert (row["sure"], row["known"]) == (True, 4)
    assert row["picture"] == "mouth.png"
    assert len(row["candidates"]) == top
    assert all(list(candidate) == ["text", "confidence"] for candidate in row["candidates"])
    assert row["candidates"][0]["text"] == "口"
    assert 0.25 < row["candidates"][0]["confidence"] <= 1


def test_symbols_as_json(folder, capsys):
    (row,) = read_json(capsys, "--model", "formulas.tflite", "bars.png")
    assert list(row) == ["picture", "latex", "mathml", "tree", "symbols", "formulas"]
    (formula,) = row["formulas"]
    assert all(row[key] == value for key, value in formula.items())
    assert row["latex"] == "-|"
    assert row["mathml"].endswith("<mrow><mo>−</mo><mo>|</mo></mrow></math>")
    assert row["tree"] == [{"symbol": 0, "label": "-"}, {"symbol": 1, "label": "|"}]
    assert [(symbol["text"], symbol["score"]) for symbol in row["symbols"]] == [("-", SURE), ("|", UNSURE)]
    for symbol, box in zip(row["symbols"], BOXES, strict=True):
        assert list(symbol)[2:] == ["left", "top", "right", "bottom"]
        found = [symbol[side] for side in ("top", "left", "bottom", "right")]
        np.testing.assert_allclose(found, box, atol=2)
    assert len(read_json(capsys, "--model", "formulas.tflite", "--score", "0.7", "bars.png")[0]["symbols"]) == 1


def two_rows() -> np.ndarray:
    return np.concatenate([bars(), bars()])


def test_a_page_as_json(folder, capsys):
    Image.fromarray(two_rows()).save("page.png")
    (row,) = read_json(capsys, "--model", "formulas.tflite", "page.png")
    assert list(row) == ["picture", "formulas"]
    for formula, shift in zip(row["formulas"], (0, 60), strict=True):
        assert list(formula) == ["latex", "mathml", "tree", "symbols"]
        assert formula["latex"] == "-|"
        assert formula["tree"] == [{"symbol": 0, "label": "-"}, {"symbol": 1, "label": "|"}]
        for symbol, box in zip(formula["symbols"], BOXES, strict=True):
            found = [symbol[side] for side in ("top", "left", "bottom", "right")]
            np.testing.assert_allclose(found, np.add(box, (shift, 0, shift, 0)), atol=2)


def test_a_page_in_tables(folder, capsys):
    Image.fromarray(two_rows()).save("page.png")
    main(["--model", "formulas.tflite", "page.png"])
    heading, *lines = [line.split() for line in capsys.readouterr().out.splitlines() if line.strip()]
    assert heading == ["page.png:", "2", "formulas,", "4", "symbols"]
    assert [line[0] for line in lines].count("-|") == 2
    assert [line[:2] for line in lines if line[0] == "-"] == [["-", "87.5%"]] * 2


def test_symbols_in_a_table(folder, capsys):
    main(["--model", "formulas.tflite", "bars.png", "bars.png"])
    lines = [line.split() for line in capsys.readouterr().out.splitlines() if line.strip()]
    assert lines[0] == ["bars.png:", "2", "symbols"]
    assert lines[1] == ["-|"]
    assert lines[2] == ["symbol", "score", "left", "top", "right", "bottom"]
    assert [line[:2] for line in lines[4:6]] == [["-", "87.5%"], ["|", "62.5%"]]
    assert lines[6:] == lines[:6]


@pytest.mark.parametrize(("score", "heading"), [(0.7, "bars.png: 1 symbol"), (0.9, "bars.png: no symbols")])
def test_one_symbol_and_none(folder, capsys, score, heading):
    main(["--model", "formulas.tflite", "--score", str(score), "bars.png"])
    first, *rest = capsys.readouterr().out.splitlines()
    assert first == heading
    assert len(rest) == (4 if score < SURE else 0)  # LaTeX and a table


def test_symbols_are_drawn_on_the_picture(folder):
    main(["--model", "formulas.tflite", "--draw", "found.png", "bars.png"])
    page = cv2.imread("found.png")[:, :, ::-1].astype(int)
    green = np.abs(page - [0x1A, 0x8F, 0x3C]).max(axis=2) < 40
    top, left, bottom, right = (3 * side for side in BOXES[0])  # drawn three times as large
    # Each side is a green line, hardly 6 pixels (2 of the picture) from where it should be.
    rows, columns = slice(34 + top + 6, 34 + bottom - 6), slice(16 + left + 6, 16 + right - 6)
    for side in (16 + left, 16 + right):
        assert green[rows, side - 6 : side + 7].any(axis=1).all()
    for side in (34 + top, 34 + bottom):
        assert green[side - 6 : side + 7, columns].any(axis=0).all()


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "LAB", "I;16", "I", "F"])
def test_pictures_of_any_mode(folder, capsys, mode):
    grey = Image.fromarray(scan("十"))
    picture = Image.fromarray(scan("十").astype(np.uint16) * 257) if mode == "I;16" else grey.convert(mode)
    picture.save("ten.tiff")
    (row,) = read_json(capsys, "--model", "characters.tflite", "ten.tiff")
    assert row["candidates"][0]["text"] == "十"


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_turns_the_picture_and_its_boxes(folder, capsys, orientation):
    (upright,) = read_json(capsys, "--model", "formulas.tflite", "bars.png")
    # What a camera stores so that a viewer shows the upright picture; of EXIF's eight, those that undo themselves do.
    back = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }
    stored = Image.fromarray(bars())
    stored = stored.transpose(back[orientation]) if orientation in back else stored
    exif = Image.Exif()
    exif[0x0112] = orientation
    stored.save("turned.png", exif=exif)
    (turned,) = read_json(capsys, "--model", "formulas.tflite", "turned.png")
    assert turned["symbols"] == upright["symbols"]


def test_a_huge_picture(folder, capsys):
    cv2.imwrite("huge.png", bars(times=50))  # 18 million pixels
    (row,) = read_json(capsys, "--model", "formulas.tflite", "huge.png")
    assert [symbol["text"] for symbol in row["symbols"]] == ["-", "|"]
    np.testing.assert_allclose(row["symbols"][1]["left"], 50 * BOXES[1][1], atol=100)


def chunk(data: bytes) -> bytes:
    return struct.pack(">I", len(data) - 4) + data + struct.pack(">I", zlib.crc32(data))


def write_bad(folder: Path) -> dict[str, str]:
    """Files that are not pictures, and the error message for each."""
    for side in (8_000, 12_000, 60_000):  # Pillow accepts the first, warns about the second and refuses the third
        (folder / f"bomb{side}.png").write_bytes(
            b"\x89PNG\r\n\x1a\n"
            + chunk(struct.pack(">4sIIBBBBB", b"IHDR", side, side, 8, 0, 0, 0, 0))
            + chunk(b"IDAT" + zlib.compress(bytes(1000)))
            + chunk(b"IEND")
        )
    (folder / "empty.png").touch()
    (folder / "half.png").write_bytes((folder / "mouth.png").read_bytes()[:80])
    (folder / "white.png").write_bytes(cv2.imencode(".png", np.full((9, 9), 255, np.uint8))[1].tobytes())
    os.mkfifo(folder / "pipe.png")
    return {
        "bomb8000.png": "expected a picture, found none: too large: 8000 x 8000 pixels, at most 50000000 are read",
        "bomb12000.png": "expected a picture, found none: too large: 12000 x 12000 pixels",
        "bomb60000.png": "expected a picture, found none: no readable picture: Image size (3600000000 pixels) exceeds",
        "empty.png": "expected a picture, found none: empty file",
        "half.png": "expected a picture, found none: no readable picture: ",
        "white.png": "expected ink on paper, found none: blank: no ink in 9 x 9 pixels",
        "missing.png": "expected a picture, found none: no such file",
        "pipe.png": "expected a picture, found none: not a regular file",
        ".": "expected a picture, found none: a folder",
        "a" * 300: "expected a picture, found none: File name too long",
        "\0": "expected a picture, found none: ",
    }


def test_every_picture_that_cannot_be_read_is_named(folder, capsys):
    expected = write_bad(folder)
    with pytest.raises(InkError) as caught:
        main(["--model", "characters.tflite", "--json", *expected, "mouth.png"])
    lines = str(caught.value).split("\n")
    assert len(lines) == len(expected)
    for line, (name, reason) in zip(lines, expected.items(), strict=True):
        assert line.startswith(f"{printable(name)}: {reason}")
    rows = json.loads(capsys.readouterr().out)
    assert [row.get("error") for row in rows] == [*lines, None]
    assert rows[-1]["candidates"][0]["text"] == "口"


def test_a_device_is_no_picture():
    with pytest.raises(InkError, match="/dev/zero: expected a picture, found none: not a regular file"):
        read_picture("/dev/zero")


def write_models(folder: Path) -> None:
    data = (folder / "characters.tflite").read_bytes()
    (folder / "text.tflite").write_text("no model, but a text of more than eight bytes")
    (folder / "cut.tflite").write_bytes(data[: len(data) // 2])
    (folder / "bare.tflite").write_bytes(data[: data.index(b"PK\3\4")])
    labels = data.index(b"\n".join(char.encode() for char in CHARACTERS))
    (folder / "labels.tflite").write_bytes(data[:labels] + b"x" * 10 + data[labels + 10 :])


@pytest.mark.parametrize(
    ("model", "message"),
    [
        ("missing.tflite", r"missing\.tflite: expected a \.tflite model, found no such file; name another"),
        (".", r"\.: expected a \.tflite model, found a folder; name another"),
        ("hccr", "hccr: expected a .tflite model, found no such file"),  # this folder is not a project
        ("text.tflite", r"text\.tflite: not a TFLite model \(45 bytes\)"),
        ("cut.tflite", r"cut\.tflite: broken TFLite model of"),
        ("bare.tflite", r"bare\.tflite: broken metadata in the model .*: run `dvc repro`"),
        ("labels.tflite", r"labels\.tflite: broken metadata in the model \(Bad CRC-32 for file 'labels.txt'\)"),
    ],
)
def test_a_model_that_cannot_be_used_is_named(folder, model, message):
    write_models(folder)
    with pytest.raises(InkError, match=message):
        main(["--model", model, "mouth.png"])


def test_a_model_of_the_wrong_kind_is_named(folder, network_of_another_kind):
    (folder / "other.tflite").write_bytes(network_of_another_kind)
    with pytest.raises(InkError, match=r"other\.tflite: expected a model with the signature image .*, found x -> y"):
        main(["--model", "other.tflite", "mouth.png"])


@pytest.fixture(scope="module")
def network_of_another_kind() -> bytes:
    from pipeline.edge.export import export_tflite, keras, tf

    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])
    return export_tflite(model, lambda x: {"y": model(x)}, [tf.TensorSpec((1, 3), tf.float32, name="x")], "float32")


def test_artifacts_of_the_project_go_by_name(folder, capsys):
    (folder / "dvc.yaml").write_text("artifacts:\n  hccr: {path: characters.tflite}\n  math: {path: gone.tflite}\n")
    assert read_json(capsys, "--model", "hccr", "mouth.png")[0]["candidates"][0]["text"] == "口"
    with pytest.raises(
        InkError, match=r"gone\.tflite: expected .* one of the names released, released-math, hccr, math, found"
    ):
        main(["--model", "math", "mouth.png"])
    (folder / "dvc.yaml").write_text("artifacts: [hccr]\n")
    with pytest.raises(InkError, match=r"dvc\.yaml: expected a path for each artifact"):
        main(["mouth.png"])
    assert read_json(capsys, "--model", "characters.tflite", "mouth.png")[0]["candidates"][0]["text"] == "口"


def test_the_released_recogniser_reads_by_default(folder, capsys):
    (folder / "dvc.yaml").write_text("artifacts:\n  hccr: {path: gone.tflite}\n")
    with pytest.raises(InkError, match=r"released/hccr/dynamic\.tflite: expected .* released, released-math, hccr"):
        main(["mouth.png"])
    (folder / "released/hccr").mkdir(parents=True)
    shutil.copy(folder / "characters.tflite", folder / "released/hccr/dynamic.tflite")
    assert read_json(capsys, "mouth.png")[0]["candidates"][0]["text"] == "口"


def test_below_the_threshold_of_the_model_it_is_not_sure(folder, capsys):
    data = (folder / "characters.tflite").read_bytes()
    doubtful = metadata.describe(
        data, CHARACTERS, {"side": 56, "margin": 4}, "", {"temperature": 1.0, "threshold": 1.0}
    )
    (folder / "doubtful.tflite").write_bytes(doubtful)
    main(["--model", "doubtful.tflite", "bars.png"])
    expected = "bars.png: not sure: the model knows 4 characters, and none fits well"
    assert capsys.readouterr().out.splitlines()[-1] == expected
    assert read_json(capsys, "--model", "doubtful.tflite", "bars.png")[0]["sure"] is False


@pytest.mark.parametrize(
    ("option", "value", "expected"),
    [
        ("--top", "0", "a whole number from 1 on"),
        ("--top", "x", "a whole number from 1 on"),
        ("--score", "1.5", "a number from 0 to 1"),
        ("--score", "nan", "a number from 0 to 1"),
        ("--score", "much", "a number from 0 to 1"),
    ],
)
def test_wrong_options_end_with_the_usage(folder, capsys, option, value, expected):
    with pytest.raises(SystemExit) as stop:
        main([option, value, "mouth.png"])
    assert stop.value.code == 2
    assert f"argument {option}: expected {expected}, found '{value}'\n" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("drawing", "message"),
    [
        ("mouth.png", "mouth.png: expected a separate file for the drawing, found one of the pictures"),
        ("link.png", "link.png: expected a separate file"),
        ("x.gif", "extension .png"),
    ],
)
def test_a_drawing_that_cannot_be_is_refused_before_pictures_are_read(folder, capsys, drawing, message):
    before = (folder / "mouth.png").read_bytes()
    (folder / "link.png").symlink_to("mouth.png")
    with pytest.raises(InkError, match=message):
        main(["--model", "characters.tflite", "--draw", drawing, "mouth.png"])
    assert capsys.readouterr().out == ""
    assert (folder / "mouth.png").read_bytes() == before
