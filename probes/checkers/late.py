"""Modules that only some pages need, read when the first of their probes runs."""

import asyncio
import importlib
import sys


async def load(module: str) -> None:
    """Import it in a thread: from disk that takes a tenth of a second, in which the other checks go on."""
    if module not in sys.modules:
        await asyncio.to_thread(importlib.import_module, module)
