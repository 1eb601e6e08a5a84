"""What came back over HTTP: its body without compression, in bounds."""

import zlib

from probes.checkers.base import CheckFailed
from statuspage.core.http.client import MOST_BODY, Fetched


def plain_body(answer: Fetched) -> tuple[bytes, bool]:
    """The body without its compression, which we asked the server to leave out; at most a megabyte of it.

    The second says whether there was more. Raises CheckFailed.
    """
    encoding = answer.headers.get("content-encoding", "identity").strip().lower()
    if encoding in {"", "identity"} or not answer.body:
        return answer.body, answer.is_cut
    if encoding not in {"gzip", "x-gzip", "deflate"}:
        raise CheckFailed(f"The body is compressed ({encoding[:20]}) though we asked for it plain.")
    inflater = zlib.decompressobj(wbits=zlib.MAX_WBITS | 32)
    try:
        text = inflater.decompress(answer.body, MOST_BODY)
    except zlib.error:
        raise CheckFailed("The body is not the gzip it says it is.") from None
    return text, answer.is_cut or bool(inflater.unconsumed_tail)
