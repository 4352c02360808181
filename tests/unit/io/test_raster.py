from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image as Pillow
from PIL.PngImagePlugin import PngInfo

from radnlp.errors import ImageTooLarge, InputError
from radnlp.io import read_image
from radnlp.schema import OrientationSource

if TYPE_CHECKING:
    from pathlib import Path

GREY = np.array([[0, 64], [128, 255]], dtype=np.uint8)


def test_an_8_bit_png_is_read_as_it_is(tmp_path: Path) -> None:
    Pillow.fromarray(GREY).save(tmp_path / "x.png")
    image = read_image(tmp_path / "x.png")
    np.testing.assert_array_equal(image.pixels, (GREY / 255).astype(np.float32))
    assert (image.source, image.warnings, image.spacing) == ("x.png", (), None)
    assert image.orientation.source is OrientationSource.CONVENTION


def test_a_16_bit_png_keeps_its_bits(tmp_path: Path) -> None:
    stored = np.array([[0, 1, 40_000, 65_535]], dtype=np.uint16)
    Pillow.fromarray(stored).save(tmp_path / "x.png")
    pixels = read_image(tmp_path / "x.png").pixels
    np.testing.assert_array_equal(pixels, (stored / 65535).astype(np.float32))


def test_12_bits_in_a_16_bit_png_use_the_whole_range(tmp_path: Path) -> None:
    stored = np.array([[0, 2048, 4095]], dtype=np.uint16)
    Pillow.fromarray(stored).save(tmp_path / "x.png")
    pixels = read_image(tmp_path / "x.png").pixels
    np.testing.assert_allclose(pixels, stored / 4095, atol=1e-6)


def test_the_content_decides_and_not_the_name(tmp_path: Path) -> None:
    Pillow.fromarray(GREY).save(tmp_path / "x.png")
    (tmp_path / "x.png").rename(tmp_path / "scan.jpg")
    assert read_image(str(tmp_path / "scan.jpg")).rows == 2


def test_a_jpeg_is_read(tmp_path: Path) -> None:
    Pillow.fromarray(np.full((16, 16), 200, dtype=np.uint8)).save(tmp_path / "x.jpg")
    np.testing.assert_allclose(read_image(tmp_path / "x.jpg").pixels, 200 / 255, atol=0.02)


def test_an_exif_rotation_is_not_applied_but_told(tmp_path: Path) -> None:
    picture = Pillow.fromarray(np.zeros((4, 8), dtype=np.uint8))
    exif = picture.getexif()
    exif[0x0112] = 6
    picture.save(tmp_path / "x.jpg", exif=exif)
    image = read_image(tmp_path / "x.jpg")
    assert (image.rows, image.columns) == (4, 8)
    assert [notice.name for notice in image.warnings] == ["ExifOrientation"]


def test_colour_becomes_its_luminance_with_a_notice() -> None:
    image = read_image(Pillow.new("RGB", (2, 1), (255, 0, 0)))
    np.testing.assert_allclose(image.pixels, 0.299, atol=1e-5)
    assert [notice.name for notice in image.warnings] == ["ColourToGrey"]


def test_a_transparent_pixel_is_black() -> None:
    array = np.full((1, 2, 4), 255, dtype=np.uint8)
    array[0, 0, 3] = 0
    image = read_image(Pillow.fromarray(array, "RGBA"))
    assert image.pixels.tolist() == [[0.0, 1.0]]
    assert [notice.name for notice in image.warnings] == ["Transparency"]


@pytest.mark.parametrize("mode", ["1", "L", "P", "LA", "RGB", "RGBA", "CMYK", "YCbCr", "I", "F"])
def test_every_usual_mode_gives_the_same_black_and_white(mode: str) -> None:
    black_white = Pillow.fromarray(np.array([[0, 255]], dtype=np.uint8))
    np.testing.assert_allclose(read_image(black_white.convert(mode)).pixels, [[0, 1]], atol=0.01)


def test_a_palette_of_greys_is_looked_up() -> None:
    picture = Pillow.fromarray(np.array([[0, 1]], dtype=np.uint8), "P")
    picture.putpalette([10, 10, 10, 200, 200, 200])
    np.testing.assert_allclose(read_image(picture).pixels, [[10 / 255, 200 / 255]], atol=1e-6)


def test_a_comment_that_says_simulated_marks_the_image(tmp_path: Path) -> None:
    said = PngInfo()
    said.add_text("Comment", "SIMULATED: analytic phantom")
    Pillow.fromarray(GREY).save(tmp_path / "x.png", pnginfo=said)
    assert read_image(tmp_path / "x.png").simulated


def test_the_pixel_limit_is_an_option(tmp_path: Path) -> None:
    Pillow.fromarray(GREY).save(tmp_path / "x.png")
    for source in (tmp_path / "x.png", Pillow.fromarray(GREY)):
        with pytest.raises(ImageTooLarge, match="2 x 2"):
            read_image(source, max_pixels=3)


def test_a_raster_image_has_a_single_frame(tmp_path: Path) -> None:
    Pillow.fromarray(GREY).save(tmp_path / "x.png")
    with pytest.raises(InputError, match="frame 1"):
        read_image(tmp_path / "x.png", frame=1)
