"""One place where pydicom's exceptions, warnings and log records are caught.

Its messages quote header values, which may identify a patient, so none of them is passed on: a
warning becomes a `Notice` in our own words and an exception becomes an error in our own words.
"""

from __future__ import annotations

import logging
import re
import struct
import threading
import warnings
import zlib
from contextlib import contextmanager
from typing import TYPE_CHECKING

from radnlp.schema import Notice

if TYPE_CHECKING:
    from collections.abc import Iterator

# AttributeError and TypeError are among them because header values of the wrong type travel far.
_BUILT_IN_ERRORS = (
    ArithmeticError,
    AttributeError,
    EOFError,
    LookupError,
    MemoryError,
    OSError,
    RuntimeError,
    TypeError,
    ValueError,
    struct.error,
    zlib.error,
)

# warnings.catch_warnings swaps process-wide state, so only one thread may hold it at a time.
_LOCK = threading.RLock()
_FOREIGN = re.compile(
    r"[/\\](?:pydicom|pylibjpeg|openjpeg|libjpeg|rle|jpeg_ls|PIL|radnlp[/\\]io)[/\\]"
)
_SAID: tuple[tuple[str, str, str], ...] = (
    (
        r"Unknown encoding|Specific Character Set|[Cc]haracter set|encod\w+ .*value",
        "EncodingWarning",
        "the header names a character set that is not one of DICOM's, or text that does not fit it;"
        " read with the nearest one, so header text may be wrong",
    ),
    (
        r"End of file",
        "TruncatedWarning",
        "the file ends before its last element is complete; what came before was read",
    ),
    (
        r"matches the expected number for uncompressed",
        "PixelWarning",
        "the compressed pixels are as many bytes as uncompressed ones would be; "
        "the transfer syntax may be wrong",
    ),
    (
        r"excess padding|larger than the given",
        "PixelWarning",
        "there are more pixel bytes than the header promises; the surplus was ignored",
    ),
    (
        r"Photometric Interpretation|codestream",
        "PixelWarning",
        "the compressed frame contradicts the header's colour space or bit depth; "
        "the frame was believed",
    ),
    (
        r"implicit VR|explicit VR",
        "HeaderWarning",
        "the elements are not encoded the way the transfer syntax says; read as they are",
    ),
    (
        r"Invalid value for VR|value length|maximum length",
        "HeaderWarning",
        "a header value breaks the rules of its type; read as it stands",
    ),
)


def pydicom_errors() -> tuple[type[Exception], ...]:
    """Return the exceptions that pydicom and its codecs were seen to raise on damaged files."""
    from pydicom.errors import BytesLengthException, InvalidDicomError

    return (*_BUILT_IN_ERRORS, BytesLengthException, InvalidDicomError)


@contextmanager
def guarded() -> Iterator[list[Notice]]:
    """Catch what pydicom and the codecs warn about while the block runs.

    Yields:
        A list that holds one notice per kind of warning once the block has ended.
    """
    logger = logging.getLogger("pydicom")
    notices: list[Notice] = []
    with _LOCK:
        propagate = logger.propagate
        logger.propagate = False
        try:
            with warnings.catch_warnings(record=True) as caught:
                warnings.simplefilter("always")
                yield notices
        finally:
            logger.propagate = propagate
    for warning in caught:
        if _FOREIGN.search(warning.filename):
            add_once(notices, translate(str(warning.message)))
        else:
            warnings.warn_explicit(
                warning.message, warning.category, warning.filename, warning.lineno
            )


def translate(message: str) -> Notice:
    """Return a notice in our own words for a warning of pydicom's."""
    for pattern, name, said in _SAID:
        if re.search(pattern, message):
            return Notice(name=name, message=said)
    return Notice(
        name="HeaderWarning",
        message="the DICOM reader found something odd in the file; the details may hold patient "
        "data and are not repeated",
    )


def add_once(notices: list[Notice], notice: Notice) -> None:
    """Append the notice unless it is there already."""
    if notice not in notices:
        notices.append(notice)


__all__ = ["add_once", "guarded", "pydicom_errors", "translate"]
