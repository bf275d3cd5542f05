"""smb.conf and krb5.conf: where Samba and Kerberos clients find the directory."""

from __future__ import annotations

from pathlib import Path

from .domain import Domain

SMB, KRB5 = "smb.conf", "krb5.conf"

_SMB = """\
[global]
  realm = {realm}
  workgroup = {netbios}
  netbios name = {controller}
  server role = active directory domain controller
  server services = ldap, cldap, kdc, rpc
  # rpcecho, which is among the defaults, is no module of Debian's: its task would restart for ever
  dcerpc endpoint servers = epmapper, samr, netlogon, lsarpc, drsuapi, dssetup, unixinfo
  # with the mask: without it Samba finds no interface of this address, and listens nowhere
  interfaces = {address}/8
  bind interfaces only = yes
  private dir = {folder}/private
  state directory = {folder}/state
  cache directory = {folder}/cache
  lock directory = {folder}/lock
  pid directory = {folder}/run
  binddns dir = {folder}/bind-dns
  ncalrpc dir = {folder}/run/ncalrpc
  winbindd socket directory = {folder}/run/winbindd
  ntp signd socket directory = {folder}/run/ntp_signd
  usershare path =
  logging = file
  log file = {folder}/log/samba.log
  tls keyfile = {folder}/tls.pem
  tls certfile = {folder}/tls.pem
  tls cafile = {folder}/ca.pem
  tls crlfile =
  idmap_ldb:use rfc2307 = yes
  vfs objects = dfs_samba4 acl_xattr
  disable spoolss = yes
  load printers = no
  dns update command = /bin/true
"""
_KRB5 = """\
[libdefaults]
  default_realm = {realm}
  dns_lookup_realm = false
  dns_lookup_kdc = false
  rdns = false
  dns_canonicalize_hostname = false
  # a host can act for a caller whose ticket it may forward, and for no other
  forwardable = true
  # always TCP
  udp_preference_limit = 1
[realms]
  {realm} = {{
    kdc = {address}:88
    kpasswd_server = {address}:464
  }}
[domain_realm]
  .{dns} = {realm}
"""
_FOLDERS = ("run", "lock", "cache", "log")


def write(folder: Path, domain: Domain, address: str) -> None:
    """Write both files for a domain controller that has its data in `folder` and listens on `address`."""
    for name in _FOLDERS:
        (folder / name).mkdir(mode=0o700, exist_ok=True)
    values = {
        "realm": domain.realm, "netbios": domain.netbios, "controller": domain.controller.upper(),
        "dns": domain.dns, "address": address, "folder": folder,
    }  # fmt: skip
    (folder / SMB).write_text(_SMB.format(**values), encoding="utf-8")
    (folder / KRB5).write_text(_KRB5.format(**values), encoding="utf-8")
