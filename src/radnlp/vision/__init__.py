"""Image → image findings, anatomy masks and heat maps."""

from radnlp.vision.embedded import EmbeddedVision, VisionOptions
from radnlp.vision.hub import HubVision

__all__ = ["EmbeddedVision", "HubVision", "VisionOptions"]
