"""core: pure, without asyncio and without waiting."""
