/* Let Samba's KDC find service names that hold a space, such as
 * "Microsoft Virtual System Migration Service/hv2.lab.example".
 *
 * Samba looks a service up, and compares it with msDS-AllowedToDelegateTo, by the name that
 * krb5_unparse_name_flags() gives it. That name is quoted ("Microsoft\ Virtual\ ..."), while the directory
 * holds it as it is, so the KDC answers that there is no such service (seen in 4.17 and 4.22; source4/kdc/db-glue.c
 * and source4/dsdb/samdb/cracknames.c). Loaded by LD_PRELOAD, this asks for the name without quotes.
 */
#define _GNU_SOURCE
#include <dlfcn.h>

/* lib/krb5/krb5.h of Heimdal */
#define PRINCIPAL_UNPARSE_NO_REALM 2
#define PRINCIPAL_UNPARSE_DISPLAY 4

typedef int (*unparse)(void *, const void *, int, char **);

int krb5_unparse_name_flags(void *context, const void *principal, int flags, char **name)
{
    static unparse samba;

    if (!samba)
        samba = (unparse)dlsym(RTLD_NEXT, "krb5_unparse_name_flags");
    if (flags & PRINCIPAL_UNPARSE_NO_REALM)
        flags |= PRINCIPAL_UNPARSE_DISPLAY;
    return samba(context, principal, flags, name);
}
