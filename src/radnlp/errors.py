"""Every error that radnlp raises on purpose, in one tree.

Each message says what was found, what was expected and what to do next. No message carries
patient text or identifiers.

::

    RadnlpError
    ├── InputError                 wrong arguments, or nothing to work on
    │   ├── EncodingError            text that is not valid Unicode, a file that is not valid UTF-8
    │   ├── ReportTooLong            a report over the limit of the text stage
    │   ├── ReportMissing            no report, or a blank one, where one is to be checked
    │   ├── LanguageNotSupported     no rules for that language
    │   ├── MixedPatients            files of several patients where one is expected
    │   ├── IndexMissing             retrieval is asked for without an index of sentences
    │   ├── WindowNotFound           a named window nobody defined, or not for these units
    │   └── GeometryError            boxes, masks, pixel maps that cannot exist
    ├── StageNotFound              a stage, writer or label scheme nobody registered
    ├── MissingExtra               needs a package of an extra that is not installed
    ├── FileError                  a file that cannot be used
    │   ├── FileMissing              no such file or folder
    │   ├── UnknownFormat            neither an image nor a report that radnlp reads
    │   ├── OutputError              the result cannot be written there
    │   ├── NotDicom                 the content is something else
    │   ├── NotAnImage               a DICOM object without an image
    │   ├── ReportIsPdf              an encapsulated PDF without a text layer
    │   ├── DicomError               a DICOM file that is damaged or out of reach
    │   │   ├── UnknownTransferSyntax
    │   │   ├── UnsupportedCodec       names the plug-in to install
    │   │   ├── UnsupportedPixelFormat
    │   │   ├── UnsupportedPhotometric
    │   │   ├── TruncatedPixels
    │   │   ├── TruncatedFile
    │   │   ├── CorruptDicom
    │   │   ├── CorruptPixels
    │   │   │   └── CodestreamMismatch  the compressed frame is not the size the header says
    │   │   ├── NestingLimit           sequences nested too deep
    │   │   ├── InflateLimit           a deflated data set that grows out of bounds
    │   │   └── InvalidHeader
    │   ├── CorruptImage             a PNG, JPEG or NIfTI file that cannot be decoded
    │   ├── ImageTooLarge            over the pixel limit, told before any allocation
    │   ├── VolumeError              slices that do not make one volume
    │   │   ├── NotAVolume             nothing there has a place in a stack of slices
    │   │   ├── SeveralSeries          names them; choose one
    │   │   ├── MixedSlices            of several orientations, sizes or units
    │   │   ├── DuplicateSlices        two at one place
    │   │   └── UnevenSlices           some are missing, or they are not evenly spaced
    │   └── ArchiveError             a csv, jsonl or parquet of reports
    │       ├── CorruptArchive
    │       ├── MalformedRow
    │       └── InvalidRecord
    │           ├── InvalidHL7         a message that is cut or holds no text
    │           └── InvalidFhir        a resource that holds no report
    └── ModelError
        ├── ModelNotFound            no such weights here; nothing is downloaded silently
        ├── ModelRejected            pickles, broken safetensors, wrong checksum
        └── ExportMismatch           an exported network that does not say what the original says
"""

from __future__ import annotations


class RadnlpError(Exception):
    """The root: catching it catches everything that radnlp raises on purpose."""


class InputError(RadnlpError):
    """The arguments are wrong, or there is nothing to work on."""


class EncodingError(InputError):
    """Text that is not valid Unicode, or a file that is not valid UTF-8."""


class ReportTooLong(InputError):
    """A report over the character limit of the text stage."""


class ReportMissing(InputError):
    """There is no report, or a blank one, where one is to be checked."""


class LanguageNotSupported(InputError):
    """No rules exist for the language asked for."""


class MixedPatients(InputError):
    """Files of several patients where those of one are expected."""


class IndexMissing(InputError):
    """Retrieval is asked for without an index of sentences; the message says how to make one."""


class WindowNotFound(InputError):
    """A named window that nobody defined, or that does not fit the image's units."""


class GeometryError(InputError):
    """A box, mask, plane or pixel map that cannot exist."""


class StageNotFound(RadnlpError):
    """A stage, writer or label scheme that nobody registered."""


class MissingExtra(RadnlpError):
    """The work needs a package of an extra that is not installed; the message names it."""


class FileError(RadnlpError):
    """A file that cannot be used."""


class FileMissing(FileError):
    """No such file or folder."""


class UnknownFormat(FileError):
    """The content is neither an image nor a report that radnlp reads."""


class OutputError(FileError):
    """The result cannot be written there."""


class NotDicom(FileError):
    """The content is something other than DICOM."""


class NotAnImage(FileError):
    """A DICOM object that holds no image."""


class ReportIsPdf(FileError):
    """An encapsulated PDF without a text layer that radnlp can read."""


class DicomError(FileError):
    """A DICOM file that is damaged or uses what radnlp cannot read."""


class UnknownTransferSyntax(DicomError):
    """The file does not say, or says wrongly, how it is encoded."""


class UnsupportedCodec(DicomError):
    """The pixels need a decoder that is not installed or does not exist."""


class UnsupportedPixelFormat(DicomError):
    """A bit depth or sample layout that radnlp does not read."""


class UnsupportedPhotometric(DicomError):
    """A photometric interpretation that cannot be displayed as it stands."""


class TruncatedPixels(DicomError):
    """Fewer pixel bytes than the header promises."""


class TruncatedFile(DicomError):
    """The file ends in the middle of its data set."""


class CorruptDicom(DicomError):
    """The structure of the file is broken."""


class CorruptPixels(DicomError):
    """The compressed pixels cannot be decoded."""


class CodestreamMismatch(CorruptPixels):
    """A compressed frame whose own header contradicts the DICOM header."""


class NestingLimit(DicomError):
    """Sequences nested deeper than any real object."""


class InflateLimit(DicomError):
    """A deflated data set that would grow out of bounds."""


class InvalidHeader(DicomError):
    """A header value that cannot be."""


class CorruptImage(FileError):
    """A PNG, JPEG or NIfTI file that cannot be decoded."""


class ImageTooLarge(FileError):
    """More pixels than the limit; told before anything is allocated."""


class VolumeError(FileError):
    """Slices that do not make one volume."""


class NotAVolume(VolumeError):
    """Nothing there has a place in a stack of slices."""


class SeveralSeries(VolumeError):
    """Slices of several series; the message names them."""


class MixedSlices(VolumeError):
    """Slices of one series that differ in orientation, size, spacing or units."""


class DuplicateSlices(VolumeError):
    """Two slices of one series at the same place."""


class UnevenSlices(VolumeError):
    """Slices of one series that are missing, or not evenly spaced."""


class ArchiveError(FileError):
    """An archive of reports that cannot be read."""


class CorruptArchive(ArchiveError):
    """The archive file is broken as a whole."""


class MalformedRow(ArchiveError):
    """One row of a csv archive is broken."""


class InvalidRecord(ArchiveError):
    """One record of an archive is not what was expected."""


class InvalidHL7(InvalidRecord):
    """An HL7 v2 message that is cut, or holds no text of a report."""


class InvalidFhir(InvalidRecord):
    """A FHIR resource that holds no report, or none with text."""


class ModelError(RadnlpError):
    """Weights that cannot be used."""


class ModelNotFound(ModelError):
    """No such weights on this machine."""


class ModelRejected(ModelError):
    """Weights in a form that radnlp does not load."""


class ExportMismatch(ModelError):
    """An exported network whose answers differ from those of the original."""


__all__ = [
    "ArchiveError",
    "CodestreamMismatch",
    "CorruptArchive",
    "CorruptDicom",
    "CorruptImage",
    "CorruptPixels",
    "DicomError",
    "DuplicateSlices",
    "EncodingError",
    "ExportMismatch",
    "FileError",
    "FileMissing",
    "GeometryError",
    "ImageTooLarge",
    "IndexMissing",
    "InflateLimit",
    "InputError",
    "InvalidFhir",
    "InvalidHL7",
    "InvalidHeader",
    "InvalidRecord",
    "LanguageNotSupported",
    "MalformedRow",
    "MissingExtra",
    "MixedPatients",
    "MixedSlices",
    "ModelError",
    "ModelNotFound",
    "ModelRejected",
    "NestingLimit",
    "NotAVolume",
    "NotAnImage",
    "NotDicom",
    "OutputError",
    "RadnlpError",
    "ReportIsPdf",
    "ReportMissing",
    "ReportTooLong",
    "SeveralSeries",
    "StageNotFound",
    "TruncatedFile",
    "TruncatedPixels",
    "UnevenSlices",
    "UnknownFormat",
    "UnknownTransferSyntax",
    "UnsupportedCodec",
    "UnsupportedPhotometric",
    "UnsupportedPixelFormat",
    "VolumeError",
    "WindowNotFound",
]
