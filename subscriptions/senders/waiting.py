"""What a hooks' sender holds and has not begun: host by host, and of each receiver one message at a time. Pure."""

from collections import deque
from collections.abc import Collection

from subscriptions.senders.posting import Job


class Waiting:
    """First in, first out for each receiver; the receivers of one host in turn."""

    def __init__(self) -> None:
        self._hosts: dict[str, dict[int, deque[Job]]] = {}
        self._busy: set[int] = set()

    def __bool__(self) -> bool:
        return bool(self._hosts)

    def could_begin(self) -> int:
        """How many of them wait for a place alone, and not for an earlier one of their receiver's."""
        return sum(receiver not in self._busy for receivers in self._hosts.values() for receiver in receivers)

    def add(self, job: Job) -> None:
        self._hosts.setdefault(job.host, {}).setdefault(job.receiver, deque()).append(job)

    def hosts(self) -> list[str]:
        return list(self._hosts)

    def of(self, host: str) -> list[Job]:
        return [job for jobs in self._hosts.get(host, {}).values() for job in jobs]

    def everything(self) -> list[Job]:
        return [job for host in self._hosts for job in self.of(host)]

    def next(self, host: str) -> Job | None:
        """The next one to begin, whose receiver is busy from now on; none while those that wait are busy."""
        receivers = self._hosts.get(host, {})
        receiver = next((one for one in receivers if one not in self._busy), None)
        if receiver is None:
            return None
        jobs = receivers.pop(receiver)
        job = jobs.popleft()
        if jobs:
            # Behind the others of this host.
            receivers[receiver] = jobs
        elif not receivers:
            del self._hosts[host]
        self._busy.add(receiver)
        return job

    def done(self, job: Job) -> None:
        """It came to an end: the next one for its receiver may begin."""
        self._busy.discard(job.receiver)

    def drop(self, keys: Collection[int]) -> None:
        """Forget these; they are no concern of ours any more."""
        kept = [job for job in self.everything() if job.key not in keys]
        self._hosts = {}
        for job in kept:
            self.add(job)
