<?php

declare(strict_types=1);

namespace Celerity;

/** How a call is sent. */
final class CallOptions
{
    /**
     * @param string|null $queue what the app's routes say unless given
     * @param \DateTimeInterface|string|null $eta earliest time to run; a text is RFC 3339 with an offset
     * @param int|float|string|null $delay instead of `eta`: seconds, or an ISO 8601 duration such as `PT30S`
     * @param \DateTimeInterface|int|float|string|null $expires latest time to start: seconds, a duration, or a time
     * @param int|null $priority 0 to 9, passed to the broker
     * @param bool $ignoreResult stores no result; then nothing can be waited for
     * @param list<string> $tags words to find the task by; single tasks only
     * @param Dedupe|null $dedupe what happens to duplicates; single tasks only
     * @param Callback|null $callback who is told how it ends; single tasks only
     * @param string|null $idempotencyKey whoever sends the call again with it gets the same task; a random one unless
     *     given; single tasks only
     */
    public function __construct(
        public readonly ?string $queue = null,
        public readonly \DateTimeInterface|string|null $eta = null,
        public readonly int|float|string|null $delay = null,
        public readonly \DateTimeInterface|int|float|string|null $expires = null,
        public readonly ?int $priority = null,
        public readonly bool $ignoreResult = false,
        public readonly array $tags = [],
        public readonly ?Dedupe $dedupe = null,
        public readonly ?Callback $callback = null,
        public readonly ?string $idempotencyKey = null,
    ) {
    }

    /**
     * As members of a request, without the key.
     *
     * @internal
     * @return array<string, mixed>
     */
    public function toArray(): array
    {
        $time = static fn (mixed $value): mixed => $value instanceof \DateTimeInterface
            ? $value->format(\DateTimeInterface::RFC3339_EXTENDED)
            : $value;
        return array_filter([
            'queue' => $this->queue,
            'eta' => $time($this->eta),
            'delay' => $this->delay,
            'expires' => $time($this->expires),
            'priority' => $this->priority,
            'ignore_result' => $this->ignoreResult ?: null,
            'tags' => array_values($this->tags) ?: null,
            'dedupe' => $this->dedupe,
            'callback' => $this->callback,
        ], static fn (mixed $value): bool => $value !== null);
    }
}
