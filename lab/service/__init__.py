"""The WS-Management service of a host: envelopes in, envelopes out, no socket."""
