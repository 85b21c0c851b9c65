"""The page of formulas: written, photographed, or in front of the camera."""

import base64

import pytest
from PIL import Image

from benchmarks.browser import Pen, enter, ink, open_page, symbols, wait_for_symbols, wait_until
from tests.app.handwriting import SYMBOLS
from tests.app.pictures import encode, photograph, turned

SHEET = "#formulas-sheet"
SIDE = 0.2  # of the sheet's shorter edge that a symbol takes
LINE = ["x", "-", "o", "x"]
SIGNS = ["x", "−", "o", "x"]


def pen(page, place):
    return Pen(page.locator(SHEET), (0.3 + place * 1.5 * SIDE, 0.4, SIDE))


def write_line(page):
    for place, symbol in enumerate(LINE):
        pen(page, place).write(SYMBOLS[symbol])


def upload(page, data, name="photo.jpg"):
    page.set_input_files("#photo-file", {"name": name, "mimeType": "image/jpeg", "buffer": data})


def boxes(page):
    """How many pixels of the layer of boxes are drawn."""
    return ink(page.locator("#boxes"))


def test_symbols_are_boxed_and_listed_as_they_are_written(formulas):
    assert boxes(formulas) == 0
    for place, symbol in enumerate(LINE):
        pen(formulas, place).write(SYMBOLS[symbol])
        wait_for_symbols(formulas, SIGNS[: place + 1])
    assert boxes(formulas) > 0


def test_reading_goes_on_while_the_pen_is_down(formulas):
    pen(formulas, 0).write(SYMBOLS["o"])
    wait_for_symbols(formulas, ["o"])
    (bar,) = SYMBOLS["-"]
    first, *_, last = pen(formulas, 1).points(bar)
    formulas.mouse.move(*first)
    formulas.mouse.down()
    formulas.mouse.move(*last, steps=10)
    wait_for_symbols(formulas, ["o", "−"])
    formulas.mouse.up()
    wait_for_symbols(formulas, ["o", "−"])


def test_strokes_are_taken_back(formulas):
    write_line(formulas)
    wait_for_symbols(formulas, SIGNS)
    formulas.keyboard.press("Control+z")
    formulas.keyboard.press("Control+z")
    wait_for_symbols(formulas, SIGNS[:-1])
    formulas.keyboard.press("Control+Shift+z")
    formulas.keyboard.press("Control+Shift+z")
    wait_for_symbols(formulas, SIGNS)
    formulas.keyboard.press("Escape")
    wait_for_symbols(formulas, [])
    assert boxes(formulas) == 0


def test_the_slider_says_how_sure_a_symbol_must_be(formulas):
    slider = formulas.get_by_label("Confidence", exact=True)
    assert slider.input_value() == "0.5"  # the variant's metric
    write_line(formulas)
    wait_for_symbols(formulas, SIGNS)
    slider.fill("0.05")
    some = len(symbols(formulas))
    slider.fill("0.95")
    assert some >= len(SIGNS) >= len(symbols(formulas))
    assert formulas.locator("#threshold-value").inner_text() == "95 %"
    shares = [int(text.split()[0]) for text in formulas.locator("#symbols .share").all_inner_texts()]
    assert all(share >= 95 for share in shares)


def test_symbols_are_copied_as_latex_and_as_signs(new_context, site):
    context = new_context(permissions=["clipboard-read", "clipboard-write"])
    page = open_page(context.new_page(), f"{site.address}#formulas")
    write_line(page)
    wait_for_symbols(page, SIGNS)
    page.get_by_role("button", name="Copy LaTeX").click()
    page.get_by_text("Copied x-ox").wait_for()
    assert page.evaluate("navigator.clipboard.readText()") == "x-ox"
    assert page.locator("#formula math").text_content() == "x−ox"
    page.get_by_role("button", name="Copy signs").click()
    page.get_by_text("Copied x−ox").wait_for()
    assert page.evaluate("navigator.clipboard.readText()") == "x−ox"
    page.locator(".chip").nth(1).click()
    wait_until(page, "navigator.clipboard.readText().then((text) => text === '-')")


def page_of(lines, degrees=0):
    """A photo of formulas one below the other, turned counter-clockwise."""
    photos = [photograph(line) for line in lines]
    page = Image.new("L", (photos[0].width, sum(photo.height for photo in photos)))
    for number, photo in enumerate(photos):
        page.paste(photo, (0, number * photo.height))
    return page.rotate(degrees, Image.Resampling.BICUBIC, expand=True, fillcolor=200)


@pytest.mark.parametrize("degrees", [0, 10])
def test_the_formulas_of_a_page_are_rows(new_context, site, degrees):
    page = open_page(
        new_context(permissions=["clipboard-read", "clipboard-write"]).new_page(), f"{site.address}#formulas"
    )
    upload(page, encode(page_of([LINE, LINE[::-1]], degrees)))
    wait_for_symbols(page, SIGNS + SIGNS[::-1])
    assert page.locator("#formula math").all_text_contents() == ["x−ox", "xo−x"]
    tops = [math.bounding_box()["y"] for math in page.locator("#formula math").all()]
    assert tops[0] < tops[1]
    page.get_by_role("button", name="Copy LaTeX").click()
    wait_until(page, "navigator.clipboard.readText().then((text) => text === 'x-ox\\nxo-x')")
    page.get_by_role("button", name="Copy signs").click()
    wait_until(page, "navigator.clipboard.readText().then((text) => text === 'x−ox\\nxo−x')")


def test_a_photo_is_read(formulas):
    upload(formulas, encode(photograph(LINE), "JPEG"))
    wait_for_symbols(formulas, SIGNS)
    assert boxes(formulas) > 0
    assert formulas.get_by_alt_text("The photo that is being read").is_visible()
    formulas.get_by_role("button", name="Write").click()
    wait_for_symbols(formulas, [])
    write_line(formulas)
    wait_for_symbols(formulas, SIGNS)


def test_boxes_of_a_photo_lie_on_its_symbols(formulas):
    """The left third of the picture holds a symbol, the right third nothing."""
    picture = Image.new("L", (900, 300), 230)
    picture.paste(photograph(["x"], 6).crop((300, 120, 480, 270)), (60, 80))
    upload(formulas, encode(picture))
    wait_for_symbols(formulas, ["x"])
    formulas.wait_for_function("() => document.querySelector('#photo').complete")
    columns = formulas.locator("#boxes").evaluate(
        """layer => {
            const {width, height} = layer;
            const {data} = layer.getContext("2d").getImageData(0, 0, width, height);
            const photo = document.querySelector("#photo");
            const scale = Math.min(layer.clientWidth / photo.naturalWidth, layer.clientHeight / photo.naturalHeight);
            const left = (layer.clientWidth - photo.naturalWidth * scale) / 2;
            const found = [];
            for (let at = 0; at < data.length; at += 4) {
                const x = (at / 4) % width;
                if (data[at + 3]) found.push(((x * layer.clientWidth) / width - left) / scale);
            }
            return [Math.min(...found), Math.max(...found)];
        }"""
    )
    assert 60 - 10 <= columns[0] <= 180
    assert 100 <= columns[1] <= 240 + 10


def test_a_photo_that_the_camera_turned_is_read_upright(formulas):
    upload(formulas, turned(photograph(LINE)))
    wait_for_symbols(formulas, SIGNS)


@pytest.mark.parametrize("scale", [1, pytest.param(40, marks=pytest.mark.slow)])
def test_tiny_and_huge_photos_are_read(formulas, scale):
    """128 x 64 pixels; 5120 x 2560 pixels."""
    upload(formulas, encode(photograph(LINE, scale), "JPEG", quality=95))
    wait_for_symbols(formulas, SIGNS)


@pytest.mark.parametrize("level", [0, 255])
def test_dark_and_light_ink_on_transparent_ground_is_read(formulas, level):
    ink = photograph(LINE).point(lambda value: 255 if value < 120 else 0)
    upload(formulas, encode(Image.merge("LA", (Image.new("L", ink.size, level), ink))), "ink.png")
    wait_for_symbols(formulas, SIGNS)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "The file is empty"),
        (
            b"%PDF-1.7 no picture at all",
            "The browser cannot read this file (0.0 MB) as a picture: choose a JPEG, PNG or WebP.",
        ),
        (encode(photograph(LINE))[:400], "The browser cannot read this file"),
    ],
)
def test_a_file_that_is_no_picture_is_reported_and_the_page_goes_on(formulas, data, message):
    upload(formulas, data)
    formulas.get_by_role("alert").filter(has_text=message).wait_for()
    upload(formulas, encode(photograph(LINE)))
    wait_for_symbols(formulas, SIGNS)
    assert not formulas.get_by_role("alert").is_visible()


def test_a_file_that_is_too_large_is_refused_unread(formulas):
    formulas.evaluate(
        """() => {
            const files = new DataTransfer();
            files.items.add(new File([new Uint8Array(2 ** 26 + 1)], "large.jpg"));
            const room = document.querySelector("#formulas-room");
            room.dispatchEvent(new DragEvent("drop", {dataTransfer: files, bubbles: true}));
        }"""
    )
    formulas.get_by_role("alert").filter(
        has_text="The file is too large (67.1 MB): choose a photo of at most 67 MB."
    ).wait_for()


def test_a_photo_without_ink_is_reported(formulas):
    upload(formulas, encode(Image.new("L", (300, 200), 230)))
    formulas.get_by_text("There is no ink in this photo.").wait_for()


@pytest.mark.parametrize("event", ["drop", "paste"])
def test_a_photo_is_dropped_and_pasted(formulas, event):
    formulas.evaluate(
        """([event, base64]) => {
            const bytes = Uint8Array.from(atob(base64), (char) => char.charCodeAt(0));
            const files = new DataTransfer();
            files.items.add(new File([bytes], "photo.png", {type: "image/png"}));
            const made = event === "drop"
                ? new DragEvent(event, {dataTransfer: files, bubbles: true, cancelable: true})
                : new ClipboardEvent(event, {clipboardData: files, bubbles: true});
            document.querySelector("#formulas-room").dispatchEvent(made);
        }""",
        [event, base64.b64encode(encode(photograph(LINE))).decode()],
    )
    wait_for_symbols(formulas, SIGNS)


def test_the_camera_is_read_live_and_its_picture_kept(new_context, site):
    page = open_page(new_context(permissions=["camera"]).new_page(), f"{site.address}#formulas")
    page.get_by_role("button", name="Camera").click()
    page.wait_for_function("() => document.querySelector('#video').videoWidth > 0")
    page.wait_for_function("() => / ms$/.test(document.querySelector('#formulas-summary').textContent)")
    page.get_by_role("button", name="Take picture").click()
    page.get_by_alt_text("The photo that is being read").wait_for()
    assert not page.locator("#video").is_visible()
    assert page.evaluate("document.querySelector('#video').srcObject") is None  # the camera is off


def test_leaving_the_page_turns_the_camera_off(new_context, site):
    page = open_page(new_context(permissions=["camera"]).new_page(), f"{site.address}#formulas")
    page.get_by_role("button", name="Camera").click()
    page.wait_for_function("() => document.querySelector('#video').videoWidth > 0")
    enter(page, "Characters")
    page.wait_for_function("() => document.querySelector('#video').srcObject === null")


def test_asking_twice_for_the_camera_opens_it_once(new_context, site):
    """A double click on the button: the first of two streams is stopped."""
    page = new_context(permissions=["camera"]).new_page()
    page.add_init_script(
        """
        const ask = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
        window.tracks = [];
        navigator.mediaDevices.getUserMedia = async (wanted) => {
            const stream = await ask(wanted);
            window.tracks.push(...stream.getTracks());
            return stream;
        };
        """
    )
    open_page(page, f"{site.address}#formulas").get_by_role("button", name="Camera").dblclick()
    live = "window.tracks.filter(({readyState}) => readyState === 'live').length"
    page.wait_for_function(f"() => window.tracks.length === 2 && {live} === 1")
    page.wait_for_function("() => document.querySelector('#video').videoWidth > 0")
    page.wait_for_function("() => / ms$/.test(document.querySelector('#formulas-summary').textContent)")
    assert page.evaluate("window.tracks.includes(document.querySelector('#video').srcObject.getTracks()[0])")
    enter(page, "Characters")
    page.wait_for_function(f"() => {live} === 0")


def test_a_missing_camera_is_reported(new_context, site):
    page = new_context().new_page()
    page.add_init_script(
        "navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('', 'NotFoundError'))"
    )
    open_page(page, f"{site.address}#formulas").get_by_role("button", name="Camera").click()
    alert = page.get_by_role("alert").filter(has_text="No camera was found: choose a photo instead.")
    alert.wait_for()
    write_line(page)
    wait_for_symbols(page, SIGNS)
    assert alert.is_visible()  # it stays while something else works


def test_variants_read_the_same_formula(formulas, site):
    write_line(formulas)
    wait_for_symbols(formulas, SIGNS)
    formulas.locator("#formulas-room").get_by_role("button", name="Read with all variants").click()
    names = [variant.name for variant in site.recognisers["formulas"].variants]
    for name in names:
        row = formulas.get_by_role("row").filter(has=formulas.get_by_role("radio", name=name, exact=True))
        row.locator(".reading", has_text="4 symbols").wait_for()
