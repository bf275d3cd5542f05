"""Active Directory over LDAP: hosts' accounts read, and what they may delegate added; never without encryption."""
