<?php

declare(strict_types=1);

namespace Celerity;

/** The exception that a task ended with. */
final class TaskError
{
    /**
     * @param string $type class of the exception
     * @param string $module module of the class
     * @param string|null $traceback where it was raised, if the gateway shows that
     */
    public function __construct(
        public readonly string $type,
        public readonly string $module,
        public readonly string $message,
        public readonly ?string $traceback = null,
    ) {
    }

    /** @internal */
    public static function fromArray(mixed $error): ?self
    {
        if (!is_array($error)) {
            return null;
        }
        return new self(
            (string) ($error['type'] ?? ''),
            (string) ($error['module'] ?? ''),
            (string) ($error['message'] ?? ''),
            $error['traceback'] ?? null,
        );
    }
}
