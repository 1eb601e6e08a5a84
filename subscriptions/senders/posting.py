"""The network's half of the hooks' sender: an event loop in a thread of its own, which touches no database."""

import asyncio
import logging
import threading
from collections.abc import Coroutine
from concurrent.futures import Future
from dataclasses import dataclass, replace
from datetime import timedelta
from queue import Empty, SimpleQueue
from typing import Any, Self

from yarl import URL

from statuspage.core import clock
from statuspage.core.errors import BlockedAddress
from statuspage.core.http.allowed import AllowList
from statuspage.core.http.client import GuardedClient, fetch
from statuspage.core.http.errors import InvalidUrl, LookupFailed, OutboundError
from subscriptions.hooks import Answer, Format, HookMessage, Outgoing, Reply, Verdict
from subscriptions.ledger import Batch

logger = logging.getLogger(__name__)

TIMEOUT_SECONDS = 15.0
# Beside the message itself: both are over before its lease is.
EDIT_TIMEOUT_SECONDS = 5.0
MOST_ANSWER = 64 * 1024
USER_AGENT = "statuspage/0.1"
BLOCKED = "We do not connect there: it leads to an address that is not on the public internet."


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One message to post, and the batch that holds it."""

    batch: Batch
    message: HookMessage
    format: Format

    @property
    def key(self) -> int:
        return self.message.delivery.pk

    @property
    def receiver(self) -> int:
        return self.message.subscriber.pk

    @property
    def host(self) -> str:
        return self.message.delivery.host or URL(self.message.subscriber.address).raw_host or ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Posted:
    """What became of it. `status` is none where nothing answered; `is_ours`: it was this machine's trouble.

    `is_unknown`: the name of its host could not be looked up, whoever is to blame.
    """

    job: Job
    answer: Answer
    status: int | None = None
    is_ours: bool = False
    is_unknown: bool = False

    @property
    def spares_the_host(self) -> bool:
        """Whether there is no reason to leave its host alone for a while: it answered, or it was not asked.

        A name that nobody knows holds one of the few threads for lookups each time, and all other names wait.
        """
        return self.status is not None or (self.is_ours and not self.is_unknown)


class Poster:
    """Posts what it is given, and puts what became of it into `results`. Everything is given up when it closes."""

    def __init__(self, allowed: AllowList) -> None:
        self._allowed = allowed
        self._results: SimpleQueue[Posted] = SimpleQueue()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="hooks", daemon=True)
        self._client = GuardedClient()

    def __enter__(self) -> Self:
        self._thread.start()
        self._run(self._client.open()).result(TIMEOUT_SECONDS)
        return self

    def __exit__(self, *_: object) -> None:
        self._run(self._end()).result(TIMEOUT_SECONDS)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(TIMEOUT_SECONDS)
        self._loop.close()

    def start(self, job: Job) -> None:
        self._run(self._post(job))

    def results(self, *, wait: timedelta) -> list[Posted]:
        """All there are now; if there are none, the first that comes within `wait`."""
        found = []
        try:
            found.append(self._results.get(timeout=wait.total_seconds()))
            while True:
                found.append(self._results.get_nowait())
        except Empty:
            return found

    def _run[Result](self, work: Coroutine[Any, Any, Result]) -> Future[Result]:
        return asyncio.run_coroutine_threadsafe(work, self._loop)

    async def _post(self, job: Job) -> None:
        self._results.put(await self._try(job))

    async def _try(self, job: Job) -> Posted:
        try:
            # Signed in this moment: receivers refuse what is some minutes old.
            message = replace(job.message, at=clock.now())
            reply = await self._fetch(job.format.write(message), within=TIMEOUT_SECONDS)
            answer = job.format.read_answer(message, reply)
            if answer.verdict is Verdict.ACCEPTED:
                await self._edit(job.format, message)
            return Posted(job=job, answer=answer, status=reply.status)
        except BlockedAddress:
            return Posted(job=job, answer=Answer(verdict=Verdict.RETRY, words=BLOCKED))
        except InvalidUrl as error:
            return Posted(job=job, answer=Answer(verdict=Verdict.REFUSED, words=error.sentence))
        except OutboundError as error:
            answer = Answer(verdict=Verdict.RETRY, words=error.sentence)
            is_unknown = isinstance(error, LookupFailed)
            return Posted(job=job, answer=answer, is_ours=error.is_ours, is_unknown=is_unknown)
        except Exception as error:
            # The edge of the worker: one message that cannot be written holds up no other.
            logger.exception("delivery %d could not be posted", job.key)
            words = f"We could not write this message ({type(error).__name__})."
            return Posted(job=job, answer=Answer(verdict=Verdict.RETRY, words=words), is_ours=True)

    async def _edit(self, format_: Format, message: HookMessage) -> None:
        """Bring the first message of the thread up to date. The one that was accepted stays so, whatever comes."""
        try:
            outgoing = format_.edit(message) if format_.edit and message.posted_id and not message.is_late else None
            if outgoing is not None:
                await self._fetch(outgoing, within=EDIT_TIMEOUT_SECONDS)
        except (BlockedAddress, OutboundError):
            logger.info("a chat did not let its first message be brought up to date")
        except Exception:
            logger.exception("delivery %d: its first message could not be written", message.delivery.pk)

    async def _fetch(self, outgoing: Outgoing, *, within: float) -> Reply:
        """Raises BlockedAddress or OutboundError."""
        fetched = await fetch(
            self._client,
            outgoing.method,
            outgoing.url,
            timeout=within,
            headers={"User-Agent": USER_AGENT, **outgoing.headers},
            body=outgoing.body,
            max_body=MOST_ANSWER,
            max_redirects=0,
            allow_private=self._allowed.names(URL(outgoing.url)),
            opened=self._allowed.networks,
        )
        return Reply(status=fetched.status, headers=fetched.headers, body=fetched.body)

    async def _end(self) -> None:
        running = asyncio.all_tasks() - {asyncio.current_task()}
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        await self._client.aclose()
