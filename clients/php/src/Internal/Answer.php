<?php

declare(strict_types=1);

namespace Celerity\Internal;

/**
 * A good answer, read to its end.
 *
 * @internal
 */
final class Answer
{
    public function __construct(
        public readonly int $status,
        public readonly string $body,
        public readonly ?float $retryAfter,
    ) {
    }

    public function json(): mixed
    {
        return Json::decode($this->body);
    }

    /** @return array<string, mixed> */
    public function object(): array
    {
        return Json::decodeObject($this->body);
    }
}
