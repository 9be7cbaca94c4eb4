"""A television without glass: its light and sound can be read by a test."""

from services.demo.virtual import VirtualTv, virtual_tv

__all__ = ["VirtualTv", "virtual_tv"]
