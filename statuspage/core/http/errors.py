"""What can go wrong between us and another machine, as one tree.

    OutboundError               the other side's trouble, unless `is_ours`
    ├── InvalidUrl              not a URL we can ask
    ├── NoSuchHost              the name has no address
    ├── LookupFailed      ours  the resolver gave no answer
    ├── OutOfResources    ours  no descriptors, ports, memory or route on this machine
    ├── ConnectFailed           refused, reset, no route to the host
    ├── TlsFailed               certificate or handshake
    ├── DeadlineExceeded        connected or not: no whole answer in time
    ├── BadAnswer               not HTTP, broken off, or too much of it
    └── RedirectRefused         a circle, too many, from https to http, or carrying a password
        └── BlockedRedirect     to where the guard does not let us go

`statuspage.core.errors.BlockedAddress` stands beside it: where the guard does not let us go in the first place.
"""

import errno
import re
import ssl

from statuspage.core.errors import BlockedAddress, DomainError


class OutboundError(DomainError):
    """The sentence says what happened in words for the public: no address, no user name, no secret."""

    http_status = 502
    title = "The other side did not answer as it should"
    is_ours = False


class InvalidUrl(OutboundError):
    is_ours = True


class NoSuchHost(OutboundError):
    pass


class LookupFailed(OutboundError):
    is_ours = True


class OutOfResources(OutboundError):
    is_ours = True


class ConnectFailed(OutboundError):
    pass


class TlsFailed(OutboundError):
    pass


class DeadlineExceeded(OutboundError):
    pass


class BadAnswer(OutboundError):
    pass


class RedirectRefused(OutboundError):
    pass


class BlockedRedirect(RedirectRefused, BlockedAddress):
    """The target answered, but with a place we do not go to: unlike a blocked target, that is its own trouble."""


OURS = {
    errno.EMFILE: "This machine has no file descriptors left.",
    errno.ENFILE: "This machine has no file descriptors left.",
    errno.ENOMEM: "This machine has no memory left.",
    errno.ENOBUFS: "This machine has no network buffers left.",
    errno.EADDRNOTAVAIL: "This machine has no local ports left.",
    errno.ENETUNREACH: "This machine has no route to that network.",
    errno.ENETDOWN: "This machine's network is down.",
    errno.EAFNOSUPPORT: "This machine does not speak that address family.",
    errno.EPERM: "This machine may not connect there.",
    errno.EACCES: "This machine may not connect there.",
}
THEIRS = {
    errno.ECONNREFUSED: "Connection refused.",
    errno.ECONNRESET: "The connection was reset.",
    errno.ECONNABORTED: "The connection was reset.",
    errno.EPIPE: "The connection was reset.",
    errno.EHOSTUNREACH: "No route to the host.",
    errno.EHOSTDOWN: "The host is down.",
    errno.ETIMEDOUT: "The connection timed out.",
}
# OpenSSL's verification results (openssl-verification-options(1), x509_vfy.h).
CERTIFICATE_WORDS = {
    9: "The certificate is not valid yet.",
    10: "The certificate has expired.",
    18: "The certificate is self-signed.",
    19: "The certificate's chain ends in an unknown authority.",
    20: "The certificate's issuer is unknown.",
    21: "The certificate's issuer is unknown.",
    23: "The certificate was revoked.",
    62: "The certificate is for another name.",
    64: "The certificate is for another address.",
}
NOT_TLS = ("WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE", "PACKET_LENGTH_TOO_LONG", "HTTP_REQUEST", "UNEXPECTED_EOF")


def connection_error(error: OSError) -> OutboundError:
    """The member of the tree for what a socket or a TLS handshake raised.

    Several addresses failing for several reasons come as one error without a number, its text naming each; the first
    that is not ours speaks, as the target was reached by that one.
    """
    if isinstance(error, ssl.SSLError):
        return tls_error(error)
    numbers = [error.errno] if error.errno else [int(number) for number in re.findall(r"\[Errno (\d+)\]", str(error))]
    for number in numbers:
        if number in THEIRS:
            return ConnectFailed(THEIRS[number])
    for number in numbers:
        if number in OURS:
            return OutOfResources(OURS[number])
    return ConnectFailed("The connection failed.")


def tls_error(error: ssl.SSLError) -> TlsFailed:
    if isinstance(error, ssl.SSLCertVerificationError):
        return TlsFailed(CERTIFICATE_WORDS.get(error.verify_code, "The certificate is not valid."))
    reason = error.reason or ""
    if reason in NOT_TLS:
        return TlsFailed("The server does not speak TLS there.")
    return TlsFailed(f"The TLS handshake failed ({reason.replace('_', ' ').lower() or 'no reason given'}).")
