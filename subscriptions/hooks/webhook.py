"""Webhooks, signed as Standard Webhooks says (https://www.standardwebhooks.com)."""

import json

from subscriptions.hooks.outgoing import Answer, Format, HookMessage, Outgoing, Reply, answer_by_status


def write(message: HookMessage) -> Outgoing:
    body = {"type": message.notice.kind if message.notice else message.delivery.purpose}
    return Outgoing(
        url=message.subscriber.address,
        headers={"Content-Type": "application/json"},
        body=json.dumps(body).encode(),
    )


def read_answer(_message: HookMessage, reply: Reply) -> Answer:
    return answer_by_status(reply)


FORMAT = Format(write=write, read_answer=read_answer)
