"""An engine that is not there, in front of a stand-in host: for tests and attacks of what speaks with engines."""
