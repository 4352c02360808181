"""Image → image findings, anatomy masks and heat maps."""

from radnlp.vision.embedded import EmbeddedVision, VisionOptions
from radnlp.vision.prepare import PreparationOptions

__all__ = ["EmbeddedVision", "PreparationOptions", "VisionOptions"]
