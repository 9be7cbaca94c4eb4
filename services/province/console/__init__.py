"""The console: pages made on the server, live by server-sent events, for telephones too."""
