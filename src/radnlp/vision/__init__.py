"""Image → image findings, anatomy masks and heat maps."""

from radnlp.vision.cardiothoracic import cardiothoracic_ratio
from radnlp.vision.embedded import EmbeddedVision, VisionOptions
from radnlp.vision.hub import HubVision
from radnlp.vision.prepare import PreparationOptions

__all__ = [
    "EmbeddedVision",
    "HubVision",
    "PreparationOptions",
    "VisionOptions",
    "cardiothoracic_ratio",
]
