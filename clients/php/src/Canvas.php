<?php

declare(strict_types=1);

namespace Celerity;

/** Tasks that belong together, nested in any way. */
final class Canvas implements \JsonSerializable
{
    private function __construct(private readonly mixed $json)
    {
    }

    /**
     * One call.
     *
     * @param array<mixed> $args
     * @param array<string, mixed> $kwargs
     * @param bool $immutable does not get the result before it
     */
    public static function task(
        string $task,
        array $args = [],
        array $kwargs = [],
        ?CallOptions $options = null,
        bool $immutable = false,
    ): self {
        return new self((new Call($task, $args, $kwargs, $options, $immutable))->toStep());
    }

    /** One after the other; each gets the result before it as its first argument. */
    public static function chain(Canvas|Call ...$steps): self
    {
        return new self(['chain' => self::list($steps)]);
    }

    /** All at once; the result is the list of theirs. */
    public static function group(Canvas|Call ...$members): self
    {
        return new self(['group' => self::list($members)]);
    }

    /**
     * All of the header at once, then the body with the list of their results.
     *
     * @param array<Canvas|Call> $header
     */
    public static function chord(array $header, Canvas|Call $body): self
    {
        [$last] = self::list([$body]);
        return new self(['chord' => ['header' => self::list($header), 'body' => $last]]);
    }

    /**
     * Any other form that the gateway takes, such as `map`, `chunks`, or a signature written by Celery.
     *
     * @param array<string, mixed> $json
     */
    public static function fromJson(array $json): self
    {
        return new self($json);
    }

    public function jsonSerialize(): mixed
    {
        return $this->json;
    }

    /**
     * @param array<Canvas|Call> $items
     * @return list<mixed>
     */
    private static function list(array $items): array
    {
        return array_map(
            static fn (Canvas|Call $item): mixed => $item instanceof Call ? $item->toStep() : $item,
            array_values($items),
        );
    }
}
