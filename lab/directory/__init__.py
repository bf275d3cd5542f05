"""A real directory for the lab: Samba's Active Directory domain controller on an address of loopback."""
