"""What lies in the lab's folder: where it is, certificates, accounts and ports."""
