"""A simulated estate of Hyper-V hosts that speaks the real protocol on real sockets."""
