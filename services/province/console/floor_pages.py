"""The chair's page."""

from fastapi import APIRouter

from services.province.console.asked import Asked

router = APIRouter()


def floor_part(asked: Asked, number: int, instance: float) -> str:
    """The part of it that lives."""
    raise NotImplementedError
