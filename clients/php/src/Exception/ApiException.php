<?php

declare(strict_types=1);

namespace Celerity\Exception;

use Celerity\FieldError;
use Celerity\Internal\Json;
use Celerity\TaskError;

/** An error that the gateway answered with: RFC 9457 problem details. */
class ApiException extends \RuntimeException implements CelerityException
{
    /** How much of an answer that is no problem document is shown in its place. */
    private const MAX_DETAIL_BYTES = 500;

    /**
     * @param string $type short name: the last part of the type URI, such as `unknown-task`; empty when there was none
     * @param string $detail what happened this time
     * @param list<FieldError> $errors what is wrong with the request's body, and where
     * @param float|null $retryAfter seconds to wait before the next try
     * @param string|null $id the task or workflow that it is about
     * @param TaskError|null $taskError why the task failed
     * @param string $raw the body of the answer
     */
    final private function __construct(
        public readonly string $type,
        public readonly string $title,
        public readonly int $status,
        public readonly string $detail,
        public readonly array $errors = [],
        public readonly ?float $retryAfter = null,
        public readonly ?string $id = null,
        public readonly ?TaskError $taskError = null,
        public readonly string $raw = '',
    ) {
        parent::__construct("$title ($status): $detail");
    }

    /**
     * From an answer, whatever it is.
     *
     * @internal
     */
    final public static function fromAnswer(int $status, string $body, ?float $retryAfter = null): self
    {
        $document = Json::tryDecode($body);
        $document = is_array($document) ? $document : [];
        $text = static fn (string $name): ?string => is_string($document[$name] ?? null) ? $document[$name] : null;
        $parts = preg_split('~[/#]~', $text('type') ?? '') ?: [];
        return self::make(
            type: (string) end($parts),
            title: $text('title') ?? "HTTP $status",
            status: $status,
            detail: $text('detail') ?? substr($body, 0, self::MAX_DETAIL_BYTES),
            errors: FieldError::list($document['errors'] ?? null),
            retryAfter: $retryAfter,
            id: $text('id'),
            taskError: TaskError::fromArray($document['error'] ?? null),
            raw: $body,
        );
    }

    /**
     * What the gateway would answer if it were asked for the result of something that ended without one.
     *
     * @internal
     */
    final public static function ofEnded(string $id, string $state, ?TaskError $error): self
    {
        [$type, $title] = $state === 'REVOKED'
            ? ['task-revoked', 'The task was revoked']
            : ['task-failed', 'The task failed'];
        return self::make(type: $type, title: $title, status: 424, detail: $error->message ?? $state, id: $id, taskError: $error);
    }

    /** Whether the same request may succeed a little later. */
    final public function isTransient(): bool
    {
        return in_array($this->status, [429, 502, 503, 504], true) || $this->type === 'idempotency-in-progress';
    }

    /** @param mixed ...$members arguments of the constructor, by name */
    private static function make(mixed ...$members): self
    {
        $class = match ($members['type']) {
            'task-failed' => TaskFailedException::class,
            'task-revoked' => TaskRevokedException::class,
            'unknown-task' => UnknownTaskException::class,
            'invalid-arguments' => InvalidArgumentsException::class,
            default => match ($members['status']) {
                401 => UnauthorizedException::class,
                403 => ForbiddenException::class,
                429 => QuotaException::class,
                503 => UnavailableException::class,
                default => self::class,
            },
        };
        return new $class(...$members);
    }
}
