"""A whole run in one process, without sockets: an engine, hosts and a clock that stand in for the real ones."""
