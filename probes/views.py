"""Where heartbeats arrive."""

from dataclasses import replace

from django.http import HttpRequest, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from probes.heartbeats import LARGEST_BODY, HeartbeatEvent, parse_body, probe_of, record_heartbeat


@csrf_exempt  # the token in the address is the whole of the right to report
@require_http_methods(["GET", "HEAD", "POST"])
def heartbeat(request: HttpRequest, token: str, event: str = HeartbeatEvent.ALIVE) -> JsonResponse:
    """`/heartbeat/<token>`, `…/start`, `…/fail`: 200 with the probe's slug, or problem details.

    `?worker=` says which of several workers it is, unless the body does.
    """
    probe = probe_of(token)
    body = parse_body(request.read(LARGEST_BODY + 1))
    if not body.worker:
        body = replace(body, worker=request.GET.get("worker", ""))
    record_heartbeat(probe=probe, event=HeartbeatEvent(event), body=body)
    return JsonResponse({"data": {"heartbeat": probe.slug, "event": event}}, headers={"Cache-Control": "no-store"})
