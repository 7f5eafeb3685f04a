<?php

declare(strict_types=1);

namespace Celerity;

use Celerity\Internal\Json;

/** One event of a stream. */
final class Event
{
    /**
     * @param string $event its kind: `state`, `progress` or `result`
     * @param string|null $id where a stream goes on after it
     * @param string $data JSON
     */
    public function __construct(
        public readonly string $event,
        public readonly ?string $id,
        public readonly string $data,
    ) {
    }

    /** The data, objects as arrays. */
    public function json(): mixed
    {
        return Json::decode($this->data);
    }

    /** The data of an event of one task. */
    public function task(): Task
    {
        return Task::fromArray(Json::decodeObject($this->data));
    }
}
