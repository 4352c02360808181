"""Image → image findings, anatomy masks and heat maps."""

from radnlp.vision.cardiothoracic import cardiothoracic_ratio
from radnlp.vision.embedded import EmbeddedVision, VisionOptions

__all__ = ["EmbeddedVision", "VisionOptions", "cardiothoracic_ratio"]
