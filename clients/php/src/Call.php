<?php

declare(strict_types=1);

namespace Celerity;

/** A call of a task, for batches and workflows. */
final class Call
{
    /**
     * @param array<mixed> $args
     * @param array<string, mixed> $kwargs
     * @param bool $immutable does not get the result before it; workflows only
     */
    public function __construct(
        public readonly string $task,
        public readonly array $args = [],
        public readonly array $kwargs = [],
        public readonly ?CallOptions $options = null,
        public readonly bool $immutable = false,
    ) {
    }

    /**
     * As the body of a request of its own.
     *
     * @internal
     */
    public function toRequest(): object
    {
        return (object) ($this->members() + ($this->options?->toArray() ?? []));
    }

    /**
     * As an item of a batch.
     *
     * @internal
     */
    public function toBatchItem(): object
    {
        return (object) ((array) $this->toRequest() + $this->key());
    }

    /**
     * As a step of a workflow, which has its options in a member of their own. The gateway refuses what does not belong there.
     *
     * @internal
     */
    public function toStep(): object
    {
        return (object) ($this->members() + ['options' => (object) ($this->options?->toArray() ?? [])] + $this->key());
    }

    /** @return array<string, mixed> */
    private function members(): array
    {
        return ['task' => $this->task]
            + ($this->args === [] ? [] : ['args' => array_values($this->args)])
            + ($this->kwargs === [] ? [] : ['kwargs' => (object) $this->kwargs])
            + ($this->immutable ? ['immutable' => true] : []);
    }

    /** @return array<string, string> */
    private function key(): array
    {
        $key = $this->options?->idempotencyKey;
        return $key === null ? [] : ['idempotency_key' => $key];
    }
}
