<?php

declare(strict_types=1);

namespace Celerity\Http;

/** A request that can be made any number of times. */
final class Request
{
    /**
     * @param array<string, string> $headers by name
     * @param float $timeout seconds for all of it; of a stream, for its beginning and for each pause
     */
    public function __construct(
        public readonly string $method,
        public readonly string $url,
        public readonly array $headers,
        public readonly string $body,
        public readonly float $timeout,
        public readonly bool $isStream = false,
    ) {
        foreach ($headers as $name => $value) {
            if (preg_match('/[^\t\x20-\x7e\x80-\xff]/', $value) === 1) {
                throw new \InvalidArgumentException("The header $name may not have line breaks or control characters.");
            }
        }
    }

    /** @return list<string> as lines */
    public function headerLines(): array
    {
        return array_map(
            static fn (string $name, string $value): string => "$name: $value",
            array_keys($this->headers),
            array_values($this->headers),
        );
    }
}
