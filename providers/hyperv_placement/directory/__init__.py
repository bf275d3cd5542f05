"""Active Directory over LDAP: reads hosts' accounts and adds delegation entries; never without encryption."""
