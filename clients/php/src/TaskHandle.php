<?php

declare(strict_types=1);

namespace Celerity;

use Celerity\Exception\CelerityException;
use Celerity\Internal\Answer;
use Celerity\Internal\Gateway;

/** A task at the gateway. Methods ask the gateway each time. */
final class TaskHandle
{
    private readonly string $path;

    /**
     * @internal
     * @param string|null $task its name, when this handle comes from sending it
     * @param string|null $state the one that the gateway answered with when it took the task
     * @param bool $isDuplicate nothing was sent: a task with the same dedupe key was there before, and this is it
     */
    public function __construct(
        private readonly Gateway $gateway,
        public readonly string $id,
        public readonly ?string $task = null,
        public readonly ?string $state = null,
        public readonly bool $isDuplicate = false,
    ) {
        $this->path = '/v1/tasks/' . rawurlencode($id);
    }

    /**
     * @internal
     * @param array<string, mixed> $accepted
     */
    public static function fromArray(Gateway $gateway, array $accepted): self
    {
        return new self(
            $gateway,
            (string) ($accepted['id'] ?? ''),
            $accepted['task'] ?? null,
            $accepted['state'] ?? null,
            (bool) ($accepted['deduplicated'] ?? false),
        );
    }

    /**
     * How the task is now.
     *
     * @throws CelerityException
     */
    public function get(): Task
    {
        return Task::fromArray($this->gateway->get($this->path)->object());
    }

    /**
     * The task once it has ended, however that was.
     *
     * @param float $timeout seconds
     * @throws CelerityException TimeoutException when it has not ended in time
     */
    public function wait(float $timeout = 30.0): Task
    {
        return $this->gateway->poll($this->path, $timeout, static function (Answer $answer): ?Task {
            $task = Task::fromArray($answer->object());
            return $task->terminal ? $task : null;
        });
    }

    /**
     * What the task returned, once it has.
     *
     * @param float $timeout seconds
     * @throws CelerityException TaskFailedException or TaskRevokedException when there will be no result
     */
    public function result(float $timeout = 30.0): mixed
    {
        $hasEnded = static fn (Answer $answer): ?Answer => $answer->status === 202 ? null : $answer;
        return $this->gateway->poll("{$this->path}/result", $timeout, $hasEnded)->json();
    }

    /**
     * What happens to the task, as it happens, until it has ended: `state`, `progress` and `result`. After a cut connection it
     * goes on where it was, and what was the state then may be told again.
     *
     * @return \Generator<int, Event>
     * @throws CelerityException
     */
    public function events(): \Generator
    {
        return $this->gateway->events("{$this->path}/events");
    }

    /**
     * Calls the task off. One that runs already goes on, unless it is to be terminated.
     *
     * @throws CelerityException ApiException `task-terminal` when it has ended
     */
    public function cancel(bool $terminate = false): void
    {
        $this->gateway->post("{$this->path}:revoke", ['terminate' => $terminate]);
    }
}
