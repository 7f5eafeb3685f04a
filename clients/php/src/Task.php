<?php

declare(strict_types=1);

namespace Celerity;

use Celerity\Exception\ApiException;

/** A task as it was when the gateway was asked. */
final class Task
{
    /**
     * @param string|null $name null when the gateway does not know it
     * @param string $state Celery's (`PENDING`, `STARTED`, `SUCCESS`, ...), `SCHEDULED`, `LOST`, or one of the task's own
     * @param bool $terminal nothing will change any more
     * @param mixed $result what it returned; see also result()
     * @param mixed $meta what it says of itself while it runs, such as its progress
     * @param array<string, mixed> $raw all that the gateway said
     */
    public function __construct(
        public readonly string $id,
        public readonly ?string $name,
        public readonly string $state,
        public readonly bool $terminal,
        public readonly mixed $result,
        public readonly mixed $meta,
        public readonly ?TaskError $error,
        public readonly array $raw,
    ) {
    }

    /**
     * @internal
     * @param array<string, mixed> $task
     */
    public static function fromArray(array $task): self
    {
        return new self(
            id: (string) ($task['id'] ?? ''),
            name: $task['task'] ?? null,
            state: (string) ($task['state'] ?? 'PENDING'),
            terminal: (bool) ($task['terminal'] ?? false),
            result: $task['result'] ?? null,
            meta: $task['meta'] ?? null,
            error: TaskError::fromArray($task['error'] ?? null),
            raw: $task,
        );
    }

    /**
     * What it returned.
     *
     * @throws ApiException when it ended without a result
     * @throws \LogicException when it had not ended
     */
    public function result(): mixed
    {
        return match (true) {
            $this->state === 'SUCCESS' => $this->result,
            $this->terminal => throw ApiException::ofEnded($this->id, $this->state, $this->error),
            default => throw new \LogicException("There is no result yet: the state was $this->state."),
        };
    }
}
