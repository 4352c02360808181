"""One frame of DICOM pixel data → stored values, by codecs that cannot take the process down."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from radnlp.errors import (
    CodestreamMismatch,
    CorruptPixels,
    TruncatedPixels,
    UnknownTransferSyntax,
    UnsupportedCodec,
)
from radnlp.io.codestream import (
    FrameSize,
    ends_properly,
    jpeg2000_size,
    jpeg_has_scan,
    jpeg_size,
)
from radnlp.io.pixels import COLOUR, PixelFormat, value_bits
from radnlp.io.pydicom_guard import pydicom_errors

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from pydicom import Dataset
    from pydicom.pixels.decoders.base import Decoder

    from radnlp.io.header import Header

RLE = "1.2.840.10008.1.2.5"
JPEG_EXTENDED = "1.2.840.10008.1.2.4.51"
JPEG_FAMILY = "1.2.840.10008.1.2.4."


@dataclass(frozen=True, slots=True, kw_only=True)
class Codec:
    """Who decodes a family of transfer syntaxes.

    Attributes:
        plugins: pydicom's decoding plug-ins, best first. gdcm is in none: garbage makes it abort
            the whole process. pylibjpeg's RLE decoder panics on garbage, so pydicom's own is used.
        advice: What to do if none of them is installed.
    """

    plugins: tuple[str, ...]
    advice: str


_RLE = Codec(plugins=("pydicom",), advice="convert the file to Explicit VR Little Endian")
_JPEG = Codec(
    plugins=("pillow", "pylibjpeg"), advice='install one with: pip install "radnlp[jpeg]"'
)
_JPEG_LS = Codec(plugins=("pyjpegls", "pylibjpeg"), advice="install one with: pip install pyjpegls")
_JPEG_2000 = Codec(
    plugins=("pylibjpeg", "pillow"),
    advice="install one with: pip install pylibjpeg pylibjpeg-openjpeg",
)


def codec_of(syntax: str) -> Codec:
    """Return who decodes a compressed transfer syntax (DICOM PS3.5 A.4)."""
    if not syntax.startswith(JPEG_FAMILY):
        return _RLE
    number = int(syntax.removeprefix(JPEG_FAMILY))
    if number < 80:
        return _JPEG
    return _JPEG_LS if number < 90 else _JPEG_2000


@dataclass(frozen=True, slots=True, kw_only=True)
class _Job:
    """One frame to decode: its bytes, and all that the steps need to know."""

    name: str
    data: bytes
    syntax: str
    layout: PixelFormat
    frame: int
    options: dict[str, Any]


def decode_frame(header: Header, layout: PixelFormat, frame: int) -> NDArray[Any]:
    """Decode one frame.

    Args:
        header: The object, with its pixel data.
        layout: Its pixel module, checked.
        frame: Index of the frame.

    Returns:
        Stored values: integers of shape (rows, columns), or (rows, columns, 3) in RGB.

    Raises:
        UnknownTransferSyntax: Nobody knows how the pixels are encoded.
        UnsupportedCodec: The decoder is not installed, or does not exist.
        TruncatedPixels: Fewer bytes than the header promises.
        CodestreamMismatch: The compressed frame has another size than the header says.
        CorruptPixels: The compressed frame cannot be decoded.
    """
    dataset, name = header.dataset, header.name
    data = _pixel_bytes(dataset, name)
    job = _Job(
        name=name,
        data=data,
        syntax=transfer_syntax(dataset, data),
        layout=layout,
        frame=frame,
        options=_options(dataset, layout),
    )
    decoder = _decoder(job.syntax, name)
    if decoder.is_native:
        _check_native_length(len(data), layout, name)
        values = _first_success(job, decoder, [""])
    else:
        plugins = _installed_plugins(job, decoder)
        _check_codestream(job)
        values = _first_success(job, decoder, plugins)
    if layout.photometric in COLOUR:
        return values.view(f"u{values.dtype.itemsize}")
    return value_bits(values, layout) if decoder.is_native or job.syntax == RLE else values


def transfer_syntax(dataset: Dataset, data: bytes) -> str:
    """Return the transfer syntax; for a data set without one, the native one its bytes are in."""
    meta = getattr(dataset, "file_meta", None)
    said = None if meta is None else meta.get("TransferSyntaxUID")
    if said:
        return str(said)
    if data[:4] == b"\xfe\xff\x00\xe0":
        return ""
    _, little = dataset.original_encoding
    return "1.2.840.10008.1.2.2" if little is False else "1.2.840.10008.1.2.1"


def _pixel_bytes(dataset: Dataset, name: str) -> bytes:
    try:
        data = dataset["PixelData"].value
    except pydicom_errors() as error:
        raise CorruptPixels(
            f"{name}: the pixel data cannot be read ({type(error).__name__}), expected bytes; "
            "copy the file again"
        ) from None
    if not isinstance(data, bytes) or not data:
        raise TruncatedPixels(
            f"{name}: the pixel data is empty, expected at least one frame; copy the file again"
        )
    return data


def check_codec(dataset: Dataset, *, name: str) -> None:
    """Refuse a data set whose stated transfer syntax nobody decodes.

    Raises:
        UnknownTransferSyntax: It is not one of DICOM's.
        UnsupportedCodec: It is, but there is no decoder for it.
    """
    meta = getattr(dataset, "file_meta", None)
    said = None if meta is None else meta.get("TransferSyntaxUID")
    if said:
        _decoder(str(said), name)


def check_length(header: Header, layout: PixelFormat) -> None:
    """Refuse pixel data that is too short, without decoding any.

    Of compressed pixels only their absence is seen.

    Raises:
        TruncatedPixels: Fewer bytes than the header promises.
        CorruptPixels: The pixel data cannot be read.
    """
    from pydicom.uid import UncompressedTransferSyntaxes

    data = _pixel_bytes(header.dataset, header.name)
    if transfer_syntax(header.dataset, data) in UncompressedTransferSyntaxes:
        _check_native_length(len(data), layout, header.name)


def _decoder(syntax: str, name: str) -> Decoder:
    from pydicom.pixels.decoders.base import get_decoder
    from pydicom.uid import UID

    uid = UID(syntax)
    try:
        return get_decoder(uid)
    except NotImplementedError:
        pass
    deflated = syntax == "1.2.840.10008.1.2.8.1"
    if deflated or (uid.is_valid and uid.type == "Transfer Syntax"):
        said = "Deflated Image Frame Compression" if deflated else uid.name
        raise UnsupportedCodec(
            f"{name}: its pixels are encoded as {said}, which radnlp has no decoder for, expected "
            "an encoding of images that it has; convert the file to Explicit VR Little Endian"
        )
    raise UnknownTransferSyntax(
        f"{name}: its transfer syntax is not one of DICOM's, expected a registered one; "
        "convert the file to Explicit VR Little Endian"
    )


def _options(dataset: Dataset, layout: PixelFormat) -> dict[str, Any]:
    options: dict[str, Any] = {
        "rows": layout.rows,
        "columns": layout.columns,
        "number_of_frames": layout.frames,
        "samples_per_pixel": layout.samples,
        "photometric_interpretation": layout.photometric,
        "bits_allocated": layout.bits_allocated,
        "bits_stored": layout.bits_stored,
        "pixel_representation": int(layout.signed),
        "planar_configuration": layout.planar,
        "pixel_keyword": "PixelData",
        "pixel_vr": dataset["PixelData"].VR,
        # High Bit is not looked at there, so `value_bits` does it.
        "correct_unused_bits": False,
    }
    if "ExtendedOffsetTable" in dataset and "ExtendedOffsetTableLengths" in dataset:
        options["extended_offsets"] = (
            dataset.ExtendedOffsetTable,
            dataset.ExtendedOffsetTableLengths,
        )
    return options


def _check_native_length(found: int, layout: PixelFormat, name: str) -> None:
    expected = layout.frame_bytes * layout.frames
    if found < expected:
        raise TruncatedPixels(
            f"{name}: found {found:,} bytes of pixel data, expected {expected:,} for "
            f"{layout.frames} frame(s) of {layout.columns} x {layout.rows}; the file was cut, "
            "copy it again"
        )


def _check_codestream(job: _Job) -> None:
    if not job.syntax.startswith(JPEG_FAMILY):
        return
    from pydicom.encaps import get_frame

    try:
        encoded = get_frame(
            job.data,
            job.frame,
            number_of_frames=job.layout.frames,
            extended_offsets=job.options.get("extended_offsets"),
        )
    except pydicom_errors() as error:
        raise CorruptPixels(
            f"{job.name}: frame {job.frame} cannot be found in the compressed pixel data "
            f"({type(error).__name__}), expected {job.layout.frames} frame(s); copy the file again"
        ) from None
    size = _codestream_size(encoded, job.syntax)
    layout = job.layout
    if size is None:
        raise CorruptPixels(
            f"{job.name}: frame {job.frame} is no codestream of its transfer syntax, "
            "expected JPEG, JPEG-LS or JPEG 2000 data; copy the file again"
        )
    if (size.rows, size.columns, size.components) != (layout.rows, layout.columns, layout.samples):
        raise CodestreamMismatch(
            f"{job.name}: the compressed frame says {size.columns} x {size.rows} with "
            f"{size.components} component(s), expected {layout.columns} x {layout.rows} with "
            f"{layout.samples} as in the header; export the file again"
        )
    # Decoders fill what is missing with grey instead of failing.
    if not ends_properly(encoded):
        raise TruncatedPixels(
            f"{job.name}: frame {job.frame} ends without the end mark of its codestream, expected "
            "a complete frame; the file was cut, copy it again"
        )


def _codestream_size(encoded: bytes, syntax: str) -> FrameSize | None:
    if codec_of(syntax) is _JPEG_2000:
        return jpeg2000_size(encoded)
    return jpeg_size(encoded) if jpeg_has_scan(encoded) else None


def _installed_plugins(job: _Job, decoder: Decoder) -> list[str]:
    codec = codec_of(job.syntax)
    found = [plugin for plugin in codec.plugins if plugin in decoder.available_plugins]
    if found:
        return found
    raise UnsupportedCodec(
        f"{job.name}: no decoder is installed for {decoder.UID.name}, expected one; {codec.advice}"
    )


def _first_success(job: _Job, decoder: Decoder, plugins: list[str]) -> NDArray[Any]:
    failures = []
    for plugin in plugins:
        try:
            values, _ = decoder.as_array(
                job.data, index=job.frame, decoding_plugin=plugin, **cast("Any", job.options)
            )
        except pydicom_errors() as error:
            failures.append(f"{plugin or 'native'}: {type(error).__name__}")
            continue
        return values.astype(values.dtype.newbyteorder("="), copy=False)
    if decoder.UID == JPEG_EXTENDED and job.layout.bits_stored > 8:
        raise UnsupportedCodec(
            f"{job.name}: lossy JPEG of more than 8 bits per sample, which no installed decoder "
            "reads, expected 8 bits; "
            + (
                "convert the file with DCMTK's dcmdjpeg, no plug-in helps"
                if "pylibjpeg" in plugins
                else f"{_JPEG.advice}, or convert it with DCMTK's dcmdjpeg"
            )
        )
    raise CorruptPixels(
        f"{job.name}: frame {job.frame} cannot be decoded ({', '.join(failures)}), expected "
        f"{decoder.UID.name} data; copy the file again"
    )


__all__ = ["Codec", "check_codec", "check_length", "codec_of", "decode_frame", "transfer_syntax"]
