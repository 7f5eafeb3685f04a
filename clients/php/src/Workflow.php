<?php

declare(strict_types=1);

namespace Celerity;

use Celerity\Exception\ApiException;

/** A workflow as it was when the gateway was asked. */
final class Workflow
{
    /**
     * @param string $id that of its last result
     * @param string $state PENDING until something runs, then STARTED, then SUCCESS, FAILURE or REVOKED
     * @param bool $terminal nothing will change any more
     * @param int $total how many tasks are known
     * @param int $ended how many of them have ended
     * @param array<string, int> $counts tasks by state
     * @param mixed $result what it returned; see also result()
     * @param string|null $failedTask id of the task that failed, and so decided it
     */
    public function __construct(
        public readonly string $id,
        public readonly string $state,
        public readonly bool $terminal,
        public readonly int $total,
        public readonly int $ended,
        public readonly array $counts,
        public readonly mixed $result,
        public readonly ?TaskError $error,
        public readonly ?string $failedTask,
    ) {
    }

    /**
     * @internal
     * @param array<string, mixed> $workflow
     */
    public static function fromArray(array $workflow): self
    {
        return new self(
            id: (string) ($workflow['id'] ?? ''),
            state: (string) ($workflow['state'] ?? 'PENDING'),
            terminal: (bool) ($workflow['terminal'] ?? false),
            total: (int) ($workflow['total'] ?? 0),
            ended: (int) ($workflow['ended'] ?? 0),
            counts: $workflow['counts'] ?? [],
            result: $workflow['result'] ?? null,
            error: TaskError::fromArray($workflow['error'] ?? null),
            failedTask: $workflow['failed_task'] ?? null,
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
            $this->terminal => throw ApiException::ofEnded($this->failedTask ?? $this->id, $this->state, $this->error),
            default => throw new \LogicException("There is no result yet: the state was $this->state."),
        };
    }
}
