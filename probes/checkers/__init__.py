"""Kind → checker, and the one way to run a check."""

import asyncio
import dataclasses
import logging
import traceback

from probes.checkers import hiding
from probes.checkers.base import (
    CheckContext,
    Checker,
    CheckerConfig,
    CheckFailed,
    CheckRequest,
    CheckResult,
    down,
    say_limit,
)
from probes.checkers.disk import DiskChecker, DiskConfig
from probes.checkers.dns import DnsChecker, DnsConfig
from probes.checkers.fields import MissingVariable
from probes.checkers.grpc import GrpcChecker, GrpcConfig
from probes.checkers.heartbeat import HeartbeatChecker, HeartbeatConfig
from probes.checkers.http import HttpChecker, HttpConfig
from probes.checkers.icmp import IcmpChecker, IcmpConfig
from probes.checkers.json_value import JsonChecker, JsonConfig
from probes.checkers.postgres import PostgresChecker, PostgresConfig
from probes.checkers.redis import RedisChecker, RedisConfig
from probes.checkers.s3 import S3Checker, S3Config
from probes.checkers.smtp import SmtpChecker, SmtpConfig
from probes.checkers.tcp import TcpChecker, TcpConfig
from probes.checkers.tls import TlsChecker, TlsConfig
from probes.checkers.websocket import WebSocketChecker, WebSocketConfig
from probes.checkers.workers import WorkersChecker, WorkersConfig
from probes.enums import Outcome, ProbeKind
from statuspage.core.errors import BlockedAddress
from statuspage.core.http.errors import DeadlineExceeded, OutboundError

__all__ = ["CHECKERS", "CONFIGS", "CheckContext", "CheckRequest", "CheckResult", "Checker", "run_check"]

logger = logging.getLogger(__name__)

CHECKERS: dict[ProbeKind, Checker] = {
    ProbeKind.HTTP: HttpChecker(),
    ProbeKind.TCP: TcpChecker(),
    ProbeKind.POSTGRES: PostgresChecker(),
    ProbeKind.REDIS: RedisChecker(),
    ProbeKind.HEARTBEAT: HeartbeatChecker(),
    ProbeKind.DISK: DiskChecker(),
    ProbeKind.DNS: DnsChecker(),
    ProbeKind.TLS: TlsChecker(),
    ProbeKind.ICMP: IcmpChecker(),
    ProbeKind.SMTP: SmtpChecker(),
    ProbeKind.JSON: JsonChecker(),
    ProbeKind.WEBSOCKET: WebSocketChecker(),
    ProbeKind.GRPC: GrpcChecker(),
    ProbeKind.S3: S3Checker(),
    ProbeKind.WORKERS: WorkersChecker(),
}
CONFIGS: dict[ProbeKind, type[CheckerConfig]] = {
    ProbeKind.HTTP: HttpConfig,
    ProbeKind.TCP: TcpConfig,
    ProbeKind.POSTGRES: PostgresConfig,
    ProbeKind.REDIS: RedisConfig,
    ProbeKind.HEARTBEAT: HeartbeatConfig,
    ProbeKind.DISK: DiskConfig,
    ProbeKind.DNS: DnsConfig,
    ProbeKind.TLS: TlsConfig,
    ProbeKind.ICMP: IcmpConfig,
    ProbeKind.SMTP: SmtpConfig,
    ProbeKind.JSON: JsonConfig,
    ProbeKind.WEBSOCKET: WebSocketConfig,
    ProbeKind.GRPC: GrpcConfig,
    ProbeKind.S3: S3Config,
    ProbeKind.WORKERS: WorkersConfig,
}
# The stages of a check keep the deadline themselves, to know whose fault it was; this is for one that forgot.
GRACE_SECONDS = 0.05


async def run_check(request: CheckRequest, context: CheckContext) -> CheckResult:
    """One result within the timeout, whatever happens; only cancellation passes through.

    What says something about the target is down; what is our own trouble (no descriptors, no resolver, a variable
    that is not set, an address we may not go to, a mistake of ours) is `Outcome.ERROR`.
    """
    with hiding.collecting():
        result = await _run(request, context)
        detail = hiding.hide(result.detail)
        return result if detail == result.detail else dataclasses.replace(result, detail=detail)


async def _run(request: CheckRequest, context: CheckContext) -> CheckResult:
    try:
        async with asyncio.timeout(request.timeout.total_seconds() + GRACE_SECONDS):
            return await CHECKERS[request.kind].check(request, context)
    except (TimeoutError, DeadlineExceeded):
        return down(f"No answer within {say_limit(request.timeout)}.")
    except CheckFailed as error:
        return down(str(error))
    except OutboundError as error:
        return _error(str(error)) if error.is_ours else down(str(error))
    except BlockedAddress as error:
        return _error(str(error))
    except MissingVariable as error:
        return _error(f"The probe cannot be made: {error}.")
    except Exception:  # noqa: BLE001 -- the outermost edge of a check: logged, without its secrets
        # The traceback as text, for an error's message may carry what a variable stood for.
        trace = hiding.hide(traceback.format_exc())
        logger.error(  # noqa: TRY400 -- the traceback is in the text already
            "The %s check of %s failed in our own code.\n%s", request.kind, request.name, trace
        )
        return _error("The check itself failed.")


def _error(detail: str) -> CheckResult:
    return CheckResult(outcome=Outcome.ERROR, latency_ms=None, detail=detail)
