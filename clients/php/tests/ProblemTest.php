<?php

declare(strict_types=1);

namespace Celerity\Tests;

use Celerity\Exception\ApiException;
use Celerity\Exception\InvalidArgumentsException;
use Celerity\Exception\QuotaException;
use Celerity\Exception\TaskFailedException;
use Celerity\Http\Request;

return [
    'a problem document is read' => static function (): void {
        $error = ApiException::fromAnswer(424, '{"type":"/problems/task-failed","title":"The task failed","detail":"no stock",'
            . '"id":"a1","error":{"type":"Error","module":"builtins","message":"no stock"}}');
        same(TaskFailedException::class, $error::class);
        same(['a1', 'no stock'], [$error->id, $error->taskError?->message]);
        same('The task failed (424): no stock', $error->getMessage());
    },
    'it says what is wrong, and where' => static function (): void {
        $body = '{"type":"/problems/invalid-arguments","errors":[{"pointer":"/args/0","detail":"no"}]}';
        $error = ApiException::fromAnswer(422, $body);
        same(InvalidArgumentsException::class, $error::class);
        same('/args/0', $error->errors[0]->pointer);
    },
    'names may be fragments' => static function (): void {
        $error = ApiException::fromAnswer(429, '{"type":"https://iana.org/assignments/http-problem-types#quota-exceeded"}');
        same([QuotaException::class, 'quota-exceeded'], [$error::class, $error->type]);
    },
    'any other answer becomes a problem too' => static function (): void {
        $error = ApiException::fromAnswer(502, '<h1>Bad gateway</h1>');
        same(['', 'HTTP 502 (502): <h1>Bad gateway</h1>', true], [$error->type, $error->getMessage(), $error->isTransient()]);
        same('', ApiException::fromAnswer(500, '[{"type":5}]')->type);
    },
    'headers have one line' => static function (): void {
        thrown(\InvalidArgumentException::class, static fn () => new Request('GET', '', ['A' => "b\r\nC: d"], '', 1.0));
    },
];
