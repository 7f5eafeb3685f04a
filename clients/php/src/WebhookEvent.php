<?php

declare(strict_types=1);

namespace Celerity;

/** A webhook whose signature is good. */
final class WebhookEvent
{
    /**
     * @param string $id the same whenever it comes again; take each once
     * @param \DateTimeImmutable $timestamp when it was signed
     * @param string $type what happened: `celery.task.succeeded`, `celery.task.failed` and so on
     * @param array<string, mixed> $data what it is about
     */
    public function __construct(
        public readonly string $id,
        public readonly \DateTimeImmutable $timestamp,
        public readonly string $type,
        public readonly array $data,
    ) {
    }

    /** The task that it is about. */
    public function task(): Task
    {
        return Task::fromArray($this->data);
    }
}
