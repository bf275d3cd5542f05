"""One host over WinRM: TLS, login, the few connections, and typed operations. Knows no machine."""
