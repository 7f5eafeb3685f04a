<?php

declare(strict_types=1);

namespace Celerity;

/** One thing that is wrong with a request's body. */
final class FieldError
{
    /** @param string $pointer JSON Pointer into the body */
    public function __construct(
        public readonly string $pointer,
        public readonly string $detail,
    ) {
    }

    /**
     * @internal
     * @return list<self>
     */
    public static function list(mixed $errors): array
    {
        $items = is_array($errors) ? array_filter($errors, is_array(...)) : [];
        return array_map(
            static fn (array $item): self => new self((string) ($item['pointer'] ?? ''), (string) ($item['detail'] ?? '')),
            array_values($items),
        );
    }
}
