<?php

declare(strict_types=1);

namespace Celerity\Http;

use Celerity\Exception\UnexpectedAnswerException;

/** An answer whose body is still to be read, once. */
final class Response
{
    /** The largest body that is read. */
    public const MAX_BYTES = 64 * 1024 * 1024;

    /**
     * @param array<string, string> $headers by name in lower case
     * @param \Generator<int, string> $body pieces as they come; throws NetworkException when it is cut
     */
    public function __construct(
        public readonly int $status,
        public readonly array $headers,
        public readonly \Generator $body,
    ) {
    }

    /**
     * From the lines of a head; of several heads the last counts.
     *
     * @param iterable<string> $lines
     * @param \Generator<int, string> $body
     */
    public static function fromHead(iterable $lines, \Generator $body): self
    {
        [$status, $headers] = [0, []];
        foreach ($lines as $line) {
            if (preg_match('~^HTTP/\S+ (\d{3})~', $line, $match) === 1) {
                [$status, $headers] = [(int) $match[1], []];
            } elseif (str_contains($line, ':')) {
                [$name, $value] = explode(':', $line, 2);
                $headers[strtolower($name)] = trim($value);
            }
        }
        return new self($status, $headers, $body);
    }

    public function isSuccess(): bool
    {
        return $this->status >= 200 && $this->status < 300;
    }

    /** All of the body. */
    public function read(): string
    {
        $body = '';
        foreach ($this->body as $piece) {
            $body .= $piece;
            if (strlen($body) > self::MAX_BYTES) {
                throw new UnexpectedAnswerException('The answer has more than ' . self::MAX_BYTES . ' bytes.');
            }
        }
        return $body;
    }
}
