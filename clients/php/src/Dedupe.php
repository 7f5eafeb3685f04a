<?php

declare(strict_types=1);

namespace Celerity;

/** What happens when a task with the same key was accepted a short while ago. */
final class Dedupe implements \JsonSerializable
{
    /**
     * @param string $key tasks of one name with the same key are duplicates; `content` stands for the arguments
     * @param int|float|string $window how long: seconds, or an ISO 8601 duration
     */
    public function __construct(
        public readonly string $key,
        public readonly int|float|string $window = 600,
        public readonly DedupeMode $mode = DedupeMode::Return,
    ) {
    }

    /** @return array<string, mixed> */
    public function jsonSerialize(): array
    {
        return ['key' => $this->key, 'window' => $this->window, 'mode' => $this->mode];
    }
}
