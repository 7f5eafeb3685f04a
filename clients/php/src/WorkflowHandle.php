<?php

declare(strict_types=1);

namespace Celerity;

use Celerity\Exception\CelerityException;
use Celerity\Internal\Answer;
use Celerity\Internal\Gateway;

/** A workflow at the gateway. Methods ask the gateway each time. */
final class WorkflowHandle
{
    private readonly string $path;

    /** @internal */
    public function __construct(private readonly Gateway $gateway, public readonly string $id)
    {
        $this->path = '/v1/workflows/' . rawurlencode($id);
    }

    /**
     * How far it is now.
     *
     * @throws CelerityException
     */
    public function get(): Workflow
    {
        return Workflow::fromArray($this->gateway->get($this->path)->object());
    }

    /**
     * The workflow once it has ended, however that was.
     *
     * @param float $timeout seconds
     * @throws CelerityException TimeoutException when it has not ended in time
     */
    public function wait(float $timeout = 30.0): Workflow
    {
        return $this->gateway->poll($this->path, $timeout, static function (Answer $answer): ?Workflow {
            $workflow = Workflow::fromArray($answer->object());
            return $workflow->terminal ? $workflow : null;
        });
    }

    /**
     * What the workflow returned, once it has.
     *
     * @param float $timeout seconds
     * @throws CelerityException TaskFailedException or TaskRevokedException when there will be no result
     */
    public function result(float $timeout = 30.0): mixed
    {
        return $this->wait($timeout)->result();
    }

    /**
     * What happens to its tasks, as it happens, until all of it has ended.
     *
     * @return \Generator<int, Event>
     * @throws CelerityException
     */
    public function events(): \Generator
    {
        return $this->gateway->events("{$this->path}/events");
    }

    /**
     * Calls off what has not begun; terminated is also what runs.
     *
     * @throws CelerityException ApiException `task-terminal` when all of it has ended
     */
    public function cancel(bool $terminate = false): void
    {
        $this->gateway->delete($this->path . ($terminate ? '?terminate=true' : ''));
    }
}
