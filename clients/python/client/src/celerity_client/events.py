"""Server-sent events: https://html.spec.whatwg.org/multipage/server-sent-events.html"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any, Dict, Iterator, Optional

from .errors import CelerityError, NetworkError
from .flows import MAX_ANSWER

#: Three times what passes between the comments of an idle stream, in seconds: then nobody is there any more.
SILENCE = 45.0
_MAX_PAUSE = 10.0
_MAX_BREAKS = 5
#: The end of a line; of a lone CR at the end of a piece nobody knows whether an LF follows.
_LINE_END = re.compile(rb"\r\n|\n|\r(?!\Z)")


@dataclass(frozen=True)
class Event:
    """What happened: ``event`` is ``state``, ``progress`` or ``result``."""

    event: str
    id: str
    data: Any


class Reader:
    """What a stream has said so far, over all its connections."""

    def __init__(self, last_event_id: Optional[str]) -> None:
        self.last_id = last_event_id
        #: Nothing will follow.
        self.is_over = False
        self._pause = 1.0
        self._breaks = 0
        self._rest = bytearray()
        self._fields: Dict[str, str] = {}
        self._size = 0

    @property
    def headers(self) -> Dict[str, str]:
        headers = {"accept": "text/event-stream", "cache-control": "no-store"}
        if self.last_id:
            headers["last-event-id"] = self.last_id
        return headers

    def feed(self, piece: bytes) -> Iterator[Event]:
        """The events that end in a piece of the stream."""
        self._rest += piece
        self._size += len(piece)
        if self._size > MAX_ANSWER:
            raise CelerityError(f"An event has more than {MAX_ANSWER} bytes")
        if b"\n" not in piece and b"\r" not in piece:
            return
        *lines, rest = _LINE_END.split(bytes(self._rest))
        self._rest = bytearray(rest)
        for line in lines:
            event = self._take(line.decode("utf-8", "replace"))
            if event is not None:
                yield event
            if self.is_over:
                return

    def _take(self, line: str) -> Optional[Event]:
        """Takes a line without its end; an empty one ends an event."""
        if line:
            name, _, value = line.partition(":")
            value = value[1:] if value.startswith(" ") else value
            is_more = name == "data" and name in self._fields
            self._fields[name] = f"{self._fields[name]}\n{value}" if is_more else value
            return None
        fields, self._fields, self._size = self._fields, {}, 0
        if fields.get("retry", "").isdecimal():
            self._pause = min(int(fields["retry"]) / 1000, _MAX_PAUSE)
        self.last_id = fields.get("id", self.last_id)
        self.is_over = fields.get("event") == "end"
        if self.is_over or "data" not in fields:
            return None
        self._breaks = 0
        return Event(fields.get("event", "message"), self.last_id or "", json.loads(fields["data"]))

    def broken(self, cause: Optional[Exception]) -> float:
        """Seconds to wait before connecting again. Raises NetworkError when that was tried often."""
        self._rest, self._fields, self._size = bytearray(), {}, 0
        self._breaks += 1
        if self._breaks > _MAX_BREAKS:
            raise NetworkError("The stream of events breaks again and again") from cause
        return self._pause
