"""The configuration of a host's WinRM service, as Get of winrm/config shows it (recorded by pypsrp)."""

from __future__ import annotations

from dataclasses import dataclass

from hyperv_placement.wsman import names, xml
from lab.world import LabHost

URI = "http://schemas.microsoft.com/wbem/wsman/1/config"
_MOST = "4294967295"
_TRUE, _FALSE = "true", "false"


@dataclass(frozen=True, slots=True, kw_only=True)
class Configuration:
    """What is shown; which values a host has there that the lab does not know is as recorded."""

    host: LabHost
    allow_unencrypted: bool

    def envelope(self, relates_to: str, message_id: str) -> bytes:
        """Return the answer to a Get."""
        header = (
            xml.leaf("a:Action", names.GET_RESPONSE)
            + xml.leaf("a:MessageID", f"uuid:{message_id}")
            + xml.leaf("a:To", names.ANONYMOUS)
            + xml.leaf("a:RelatesTo", relates_to)
        )
        spaces = {
            "xml:lang": self.host.locale,
            "xmlns:s": names.SOAP,
            "xmlns:a": names.ADDRESSING,
            "xmlns:x": names.TRANSFER,
            "xmlns:w": names.WSMAN,
            "xmlns:p": names.MICROSOFT,
        }
        body = xml.tag("cfg:Config", self._content(), {"xmlns:cfg": URI})
        content = xml.tag("s:Header", header) + xml.tag("s:Body", body)
        return xml.tag("s:Envelope", content, spaces).encode()

    def _content(self) -> str:
        limits = self.host.winrm
        return _values(
            MaxEnvelopeSizekb=limits.max_envelope_kb,
            MaxTimeoutms=limits.max_timeout_ms,
            MaxBatchItems=limits.max_batch_items,
            MaxProviderRequests=_MOST,
        ) + xml.tag("cfg:Service", self._service())

    def _service(self) -> str:
        """Return the part of the service; those of the client and of remote shells, which the lab lacks, are left out."""
        limits = self.host.winrm
        auth = _values(
            Basic=_TRUE,
            Kerberos=_TRUE,
            Negotiate=_TRUE,
            Certificate=_TRUE,
            CredSSP=_TRUE if self.host.credssp else _FALSE,
            CbtHardeningLevel="Relaxed",
        )
        ports = _values(HTTP=self.host.http_port, HTTPS=self.host.port)
        return (
            _values(
                MaxConcurrentOperations=_MOST,
                MaxConcurrentOperationsPerUser=limits.operations_per_user,
                EnumerationTimeoutms=limits.enumeration_timeout_ms,
                MaxConnections=limits.connections,
                AllowUnencrypted=_TRUE if self.allow_unencrypted else _FALSE,
            )
            + xml.tag("cfg:Auth", auth)
            + xml.tag("cfg:DefaultPorts", ports)
            + _values(AllowRemoteAccess=_TRUE)
        )


def _values(**values: object) -> str:
    return "".join(xml.leaf(f"cfg:{name}", str(value)) for name, value in values.items())
