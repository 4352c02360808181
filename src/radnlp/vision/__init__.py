"""Image → image findings, anatomy masks and heat maps."""

from radnlp.vision.embedded import EmbeddedVision, VisionOptions

__all__ = ["EmbeddedVision", "VisionOptions"]
