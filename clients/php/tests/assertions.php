<?php

declare(strict_types=1);

namespace Celerity\Tests;

function same(mixed $expected, mixed $actual): void
{
    if ($expected !== $actual) {
        throw new \LogicException('expected ' . var_export($expected, true) . ', got ' . var_export($actual, true));
    }
}

/**
 * What the function throws.
 *
 * @template T of \Throwable
 * @param class-string<T> $class
 * @return T
 */
function thrown(string $class, \Closure $function): \Throwable
{
    try {
        $function();
    } catch (\Throwable $error) {
        return $error instanceof $class ? $error : throw $error;
    }
    throw new \LogicException("no $class was thrown");
}
