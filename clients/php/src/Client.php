<?php

declare(strict_types=1);

namespace Celerity;

use Celerity\Exception\CelerityException;
use Celerity\Internal\Gateway;

/** Talks to one gateway. */
final class Client
{
    public const VERSION = '0.1.0';
    /** Where a gateway listens unless told otherwise. */
    public const DEFAULT_URL = 'http://127.0.0.1:8420';

    private readonly Gateway $gateway;

    /** @param string|null $key an API key or a token, sent as `Authorization: Bearer` */
    public function __construct(
        string $url = self::DEFAULT_URL,
        #[\SensitiveParameter]
        ?string $key = null,
        ClientOptions $options = new ClientOptions(),
    ) {
        if (preg_match('~^https?://[^/?#\s]+[^?#\s]*$~i', $url) !== 1) {
            throw new \InvalidArgumentException("$url is not the http:// or https:// URL of a gateway.");
        }
        $this->gateway = new Gateway(rtrim($url, '/'), $key, $options);
    }

    /** A client for CELERITY_URL (DEFAULT_URL without it), with the key CELERITY_API_KEY if there is one. */
    public static function fromEnv(ClientOptions $options = new ClientOptions()): self
    {
        return new self(getenv('CELERITY_URL') ?: self::DEFAULT_URL, getenv('CELERITY_API_KEY') ?: null, $options);
    }

    /**
     * Sends a task. When this returns, the broker has it.
     *
     * @param array<mixed> $args
     * @param array<string, mixed> $kwargs
     * @throws CelerityException
     */
    public function submit(string $task, array $args = [], array $kwargs = [], ?CallOptions $options = null): TaskHandle
    {
        $call = new Call($task, $args, $kwargs, $options);
        $answer = $this->gateway->post('/v1/tasks', $call->toRequest(), $options?->idempotencyKey);
        return TaskHandle::fromArray($this->gateway, $answer->object());
    }

    /**
     * Sends a task and waits for its result.
     *
     * @param array<mixed> $args
     * @param array<string, mixed> $kwargs
     * @param float $timeout seconds
     * @throws CelerityException
     */
    public function call(
        string $task,
        array $args = [],
        array $kwargs = [],
        ?CallOptions $options = null,
        float $timeout = 30.0,
    ): mixed {
        return $this->submit($task, $args, $kwargs, $options)->result($timeout);
    }

    /**
     * Sends up to 1000 tasks in one request. Each has an answer of its own, in the same order.
     *
     * @param list<Call> $calls
     * @return list<BatchItem>
     * @throws CelerityException
     */
    public function batch(array $calls, ?string $idempotencyKey = null): array
    {
        $body = array_map(static fn (Call $call): object => $call->toBatchItem(), array_values($calls));
        $answer = $this->gateway->post('/v1/tasks:batch', $body, $idempotencyKey)->object();
        return array_map(fn (array $item): BatchItem => BatchItem::fromArray($this->gateway, $item), $answer['items'] ?? []);
    }

    /**
     * Sends a workflow.
     *
     * @throws CelerityException
     */
    public function workflow(Canvas $canvas, ?string $idempotencyKey = null): WorkflowHandle
    {
        $answer = $this->gateway->post('/v1/workflows', $canvas, $idempotencyKey)->object();
        return new WorkflowHandle($this->gateway, (string) ($answer['id'] ?? ''));
    }

    /** A task that was sent before, by its id. Nothing is asked yet. */
    public function task(string $id): TaskHandle
    {
        return new TaskHandle($this->gateway, $id);
    }

    /** A workflow that was sent before, by its id. Nothing is asked yet. */
    public function workflowById(string $id): WorkflowHandle
    {
        return new WorkflowHandle($this->gateway, $id);
    }
}
