"""The outside world → nouns: DICOM, PNG, JPEG, NIfTI, arrays, reports, folders.

pydicom, Pillow and their codecs are imported when the first file needs them; torch never.
"""

from __future__ import annotations

from radnlp.io.ahead import read_ahead
from radnlp.io.images import read_image
from radnlp.io.reports import read_report
from radnlp.io.study import load_study
from radnlp.io.volume import read_volume
from radnlp.io.windows import named_windows

__all__ = ["load_study", "named_windows", "read_ahead", "read_image", "read_report", "read_volume"]
