"""The rendered messages that a sender of mails has at hand.

A message is rendered once for a notice and the language and time zone of its readers, and cast for each of them. What
was rendered is kept for later batches of the same process, at most KEPT of them: a notice to a hundred thousand is
rendered once by each worker, and the memory of a worker does not grow with their number.
"""

import json
from collections import OrderedDict
from collections.abc import Callable, Hashable
from threading import Lock

from django.conf import settings

from components.models import Page
from incidents.models import Notice
from subscriptions.enums import Purpose
from subscriptions.languages import Reader, reader_of
from subscriptions.models import Delivery
from subscriptions.rendering import MailKind, choice_of, render_letter, render_notice

# Some 50 kB each, with a long text.
KEPT = 128

_kept: OrderedDict[Hashable, MailKind] = OrderedDict()
_lock = Lock()


class MailKinds:
    """For one batch: what is written in the database is looked at anew for the next one."""

    def __init__(self) -> None:
        self._notices: dict[int, tuple[Notice, str]] = {}
        self._page: Page | None = None

    def kind_for(self, delivery: Delivery) -> MailKind:
        """The message of this delivery. Its subscriber or customer must be loaded with it.

        One query for each notice of the batch; for a letter those of `choice_of`, and one for the page.
        """
        if delivery.notice_id is None:
            return self._letter(delivery)
        notice, fingerprint = self._notice(delivery, delivery.notice_id)
        subscriber = delivery.subscriber
        reader = Reader() if subscriber is None else reader_of(subscriber)
        follower = subscriber is not None and subscriber.only_follows
        # The words of a notice change when its incident becomes private: what was rendered before is not found then.
        key = (notice.public_id, fingerprint, reader, follower, settings.DEFAULT_FROM_EMAIL)
        return _keep(key, lambda: render_notice(notice, reader, follower=follower))

    def _notice(self, delivery: Delivery, notice_id: int) -> tuple[Notice, str]:
        if notice_id not in self._notices:
            notice = delivery.notice
            if notice is None:
                raise ValueError(f"delivery {delivery.pk} has no notice")
            self._notices[notice_id] = (notice, json.dumps(notice.payload, sort_keys=True))
        return self._notices[notice_id]

    def _letter(self, delivery: Delivery) -> MailKind:
        if delivery.subscriber is None:
            raise ValueError(f"delivery {delivery.pk} has no subscriber")
        self._page = page = self._page or Page.current()
        purpose, reader = Purpose(delivery.purpose), reader_of(delivery.subscriber)
        chosen = choice_of(delivery.subscriber)
        key = (purpose, chosen, reader, page.name, page.url, settings.DEFAULT_FROM_EMAIL)
        return _keep(key, lambda: render_letter(purpose, chosen, reader, page=page))


def _keep(key: Hashable, render: Callable[[], MailKind]) -> MailKind:
    with _lock:
        if key in _kept:
            _kept.move_to_end(key)
            return _kept[key]
    kind = render()
    with _lock:
        _kept[key] = kind
        while len(_kept) > KEPT:
            _kept.popitem(last=False)
    return kind
