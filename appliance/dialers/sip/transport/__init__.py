"""How messages travel: names resolved, routes, sockets, framing."""
