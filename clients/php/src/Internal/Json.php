<?php

declare(strict_types=1);

namespace Celerity\Internal;

use Celerity\Exception\UnexpectedAnswerException;

/**
 * JSON as the gateway reads and writes it.
 *
 * @internal
 */
final class Json
{
    private const MAX_DEPTH = 1024;
    private const WRITE = JSON_THROW_ON_ERROR | JSON_PRESERVE_ZERO_FRACTION | JSON_UNESCAPED_SLASHES | JSON_UNESCAPED_UNICODE;
    /** Integers that PHP has no room for become strings of all their digits. */
    private const READ = JSON_THROW_ON_ERROR | JSON_BIGINT_AS_STRING;

    /** @throws \InvalidArgumentException for what has no JSON form */
    public static function encode(mixed $value): string
    {
        try {
            return json_encode($value, self::WRITE, self::MAX_DEPTH);
        } catch (\JsonException $error) {
            throw new \InvalidArgumentException("The request has no JSON form: {$error->getMessage()}", 0, $error);
        }
    }

    /** Objects become arrays. */
    public static function decode(string $json): mixed
    {
        try {
            return json_decode($json, true, self::MAX_DEPTH, self::READ);
        } catch (\JsonException $error) {
            throw new UnexpectedAnswerException("The answer cannot be read: {$error->getMessage()}", 0, $error);
        }
    }

    /** null for what is not JSON. */
    public static function tryDecode(string $json): mixed
    {
        return json_decode($json, true, self::MAX_DEPTH, JSON_BIGINT_AS_STRING);
    }

    /** @return array<string, mixed> */
    public static function decodeObject(string $json): array
    {
        $value = self::decode($json);
        return is_array($value) ? $value : throw new UnexpectedAnswerException('The answer is no JSON object.');
    }
}
