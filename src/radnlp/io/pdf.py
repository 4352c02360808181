"""The text layer of a PDF document, where it has one."""

from __future__ import annotations

import io
import logging
import warnings

from radnlp.errors import ReportIsPdf

_ADVICE = "copy the text out (for example with pdftotext) and pass it as text"


def pdf_text(data: bytes, *, name: str, max_characters: int) -> str:
    """Return the text of a PDF's pages, in order, one blank line between pages.

    Args:
        data: The document.
        name: What to call it in a message.
        max_characters: Reading stops soon after so many.

    Raises:
        ReportIsPdf: pypdf is not installed, the document is broken, or it has no text layer (a
            scanned page, for example).
    """
    try:
        import pypdf
    except ImportError:
        raise ReportIsPdf(
            f"{name}: found a PDF document, whose text needs the package pypdf; "
            f'pip install "radnlp[pdf]", or {_ADVICE}'
        ) from None
    # Its log lines may quote the document.
    logging.getLogger("pypdf").setLevel(logging.CRITICAL)
    pages: list[str] = []
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            for page in pypdf.PdfReader(io.BytesIO(data)).pages:
                pages.append(page.extract_text().strip())
                if sum(map(len, pages)) > max_characters:
                    break
    except Exception as error:  # noqa: BLE001  (pypdf raises whatever a broken document provokes)
        raise ReportIsPdf(
            f"{name}: found a PDF document that cannot be read ({type(error).__name__}), "
            f"expected a report as text; {_ADVICE}"
        ) from None
    text = "\n\n".join(page for page in pages if page)
    if not text:
        raise ReportIsPdf(
            f"{name}: found a PDF document without a text layer, expected a report as text; "
            f"{_ADVICE}"
        )
    return text


__all__ = ["pdf_text"]
