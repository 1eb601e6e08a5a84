"""The headers that Django's middleware puts on every response, for responses that never reach it."""

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.utils.csp import CSP, build_policy

type Headers = list[tuple[str, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class SecurityHeaders:
    """What goes on each published document; `secure` is sent where the request came by HTTPS."""

    plain: tuple[tuple[str, str], ...]
    secure: tuple[tuple[str, str], ...]

    @classmethod
    def from_settings(cls) -> "SecurityHeaders":
        """The same as SecurityMiddleware, ContentSecurityPolicyMiddleware and XFrameOptionsMiddleware would set."""
        headers: Headers = []
        policies: dict[CSP, Any] = {
            CSP.HEADER_ENFORCE: settings.SECURE_CSP,
            CSP.HEADER_REPORT_ONLY: settings.SECURE_CSP_REPORT_ONLY,
        }
        headers += [(str(name), build_policy(policy)) for name, policy in policies.items() if policy]
        if settings.SECURE_CONTENT_TYPE_NOSNIFF:
            headers.append(("X-Content-Type-Options", "nosniff"))
        if settings.SECURE_REFERRER_POLICY:
            referrer = settings.SECURE_REFERRER_POLICY
            words = referrer.split(",") if isinstance(referrer, str) else referrer
            headers.append(("Referrer-Policy", ",".join(word.strip() for word in words)))
        if settings.SECURE_CROSS_ORIGIN_OPENER_POLICY:
            headers.append(("Cross-Origin-Opener-Policy", settings.SECURE_CROSS_ORIGIN_OPENER_POLICY))
        headers.append(("X-Frame-Options", settings.X_FRAME_OPTIONS.upper()))
        return cls(plain=tuple(headers), secure=(*headers, *_strict_transport_security()))

    def with_policy(self, policy: str) -> "SecurityHeaders":
        """The same with another Content-Security-Policy."""

        def swap(headers: tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...]:
            others = tuple(header for header in headers if header[0] != CSP.HEADER_ENFORCE)
            return ((str(CSP.HEADER_ENFORCE), policy), *others)

        return SecurityHeaders(plain=swap(self.plain), secure=swap(self.secure))


def _strict_transport_security() -> Headers:
    if not settings.SECURE_HSTS_SECONDS:
        return []
    value = f"max-age={settings.SECURE_HSTS_SECONDS}"
    if settings.SECURE_HSTS_INCLUDE_SUBDOMAINS:
        value += "; includeSubDomains"
    if settings.SECURE_HSTS_PRELOAD:
        value += "; preload"
    return [("Strict-Transport-Security", value)]
