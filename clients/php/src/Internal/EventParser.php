<?php

declare(strict_types=1);

namespace Celerity\Internal;

use Celerity\Event;
use Celerity\Exception\UnexpectedAnswerException;
use Celerity\Http\Response;

/**
 * Puts server-sent events together from bytes that come in pieces of any size, as the HTML standard reads them.
 *
 * @internal
 */
final class EventParser
{
    /** Of the last event that was complete: after it a stream goes on. */
    public ?string $lastId = null;
    /** Seconds before connecting again that the gateway asks for. */
    public ?float $retry = null;

    private string $line = '';
    /** The last line ended with a carriage return, to which a line feed may belong. */
    private bool $afterReturn = false;
    private bool $isStarted = false;
    private string $kind = '';
    private string $data = '';
    private ?string $id = null;

    /** What came of a connection that was cut within an event is dropped. */
    public function restart(): void
    {
        [$this->line, $this->kind, $this->data, $this->id] = ['', '', '', $this->lastId];
        [$this->afterReturn, $this->isStarted] = [false, false];
    }

    /**
     * Takes bytes; gives the events that they complete.
     *
     * @return \Generator<int, Event>
     */
    public function push(string $bytes): \Generator
    {
        if ($this->afterReturn && str_starts_with($bytes, "\n")) {
            $bytes = substr($bytes, 1);
            $this->afterReturn = false;
        }
        if ($bytes === '') {
            return;
        }
        $this->afterReturn = str_ends_with($bytes, "\r");
        $lines = preg_split('/\r\n|\n|\r/', $bytes) ?: [];
        $rest = array_pop($lines);
        foreach ($lines as $line) {
            [$line, $this->line] = [$this->line . $line, ''];
            $event = $this->endLine($line);
            if ($event !== null) {
                yield $event;
            }
        }
        $this->line .= $rest;
        if (strlen($this->line) + strlen($this->data) > Response::MAX_BYTES) {
            throw new UnexpectedAnswerException('An event has more than ' . Response::MAX_BYTES . ' bytes.');
        }
    }

    private function endLine(string $line): ?Event
    {
        if (!$this->isStarted) {
            $this->isStarted = true;
            $line = str_starts_with($line, "\u{feff}") ? substr($line, 3) : $line;
        }
        if ($line === '') {
            return $this->dispatch();
        }
        [$field, $value] = [...explode(':', $line, 2), ''];
        $value = str_starts_with($value, ' ') ? substr($value, 1) : $value;
        switch ($field) {
            case 'event':
                $this->kind = $value;
                break;
            case 'data':
                $this->data .= "$value\n";
                break;
            case 'id':
                $this->id = str_contains($value, "\0") ? $this->id : $value;
                break;
            case 'retry':
                $this->retry = ctype_digit($value) ? (float) $value / 1000 : $this->retry;
                break;
            default: // Comments, which keep the connection alive, and fields of the future.
        }
        return null;
    }

    private function dispatch(): ?Event
    {
        $this->lastId = $this->id;
        [$kind, $data] = [$this->kind, $this->data];
        [$this->kind, $this->data] = ['', ''];
        return $data === '' ? null : new Event($kind === '' ? 'message' : $kind, $this->lastId, substr($data, 0, -1));
    }
}
