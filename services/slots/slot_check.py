"""The slot check: what must be seen before the running slot counts as good."""

from appliance.wire.facts import EndpointFacts


def missing(facts: EndpointFacts | None, *, settings: bool, looked: bool, screen: bool) -> str:
    """What is still missing, in few words for the journal; "" when the check is passed.

    `facts` are the endpoint's, None while it is silent. Without `settings` there is no endpoint to
    wait for, and the screen that says so is all that a new box can show; but only once first boot
    has `looked` at the card: one that was found late had passed as a new box, and its endpoint
    never ran.
    """
    if not screen:
        return "screen"
    if not settings:
        return "" if looked else "settings"
    if facts is None:
        return "endpoint"
    # Agenda and camera are read, or known to be absent: the endpoint names a scene only once it
    # has gathered both among its facts.
    return "" if facts.screen else "picture"
