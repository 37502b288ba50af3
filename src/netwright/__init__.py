"""netwright: neural networks made, watched, mended and explained."""

__version__ = "0.1.0"
