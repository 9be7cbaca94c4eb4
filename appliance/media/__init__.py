"""The one media engine; its currency is aiortc's MediaStreamTrack."""
