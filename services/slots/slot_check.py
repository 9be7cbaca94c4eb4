"""The slot check: what must be seen before the running slot counts as good."""

from appliance.wire.facts import EndpointFacts


def missing(facts: EndpointFacts | None, *, settings: bool, screen: bool) -> str:
    """What is still missing, in one word for the journal; "" when the check is passed.

    `facts` are the endpoint's, None while it is silent; without `settings` there is no endpoint to
    wait for, and the screen that says so is all that a new box can show.
    """
    if not screen:
        return "screen"
    if not settings:
        return ""
    if facts is None:
        return "endpoint"
    # Agenda and camera are read, or known to be absent: the endpoint names a scene only once it
    # has gathered both among its facts.
    return "" if facts.screen else "picture"
