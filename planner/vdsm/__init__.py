"""Speaking with hosts: one small protocol, three transports (JSON-RPC over STOMP, XML-RPC, the engine's REST)."""
