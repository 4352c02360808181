"""The outside world → nouns: DICOM, PNG, JPEG, arrays, reports, folders.

pydicom, Pillow and their codecs are imported when the first file needs them; torch never.
"""

from __future__ import annotations

from radnlp.io.images import read_image
from radnlp.io.reports import read_report
from radnlp.io.study import load_study

__all__ = ["load_study", "read_image", "read_report"]
