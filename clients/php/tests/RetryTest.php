<?php

declare(strict_types=1);

namespace Celerity\Tests;

use Celerity\Client;
use Celerity\ClientOptions;
use Celerity\Exception\ApiException;
use Celerity\Exception\NetworkException;
use Celerity\Exception\UnavailableException;
use Celerity\Retry;

const UUID = '/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/';
const ACCEPTED = [202, '{"id":"a","task":"t","state":"PENDING"}'];

$client = static fn (FakeTransport $transport): Client => new Client(
    key: 'secret',
    options: new ClientOptions(retry: new Retry(firstDelay: 0.0), transport: $transport),
);

return [
    'delays double up to a cap' => static function (): void {
        $delays = array_map(static fn (int $failed): float => (new Retry())->delay($failed, 0.0, 1.0), [1, 2, 3, 6, 7, 40]);
        same([0.25, 0.5, 1.0, 8.0, 10.0, 10.0], $delays);
        same(0.5, (new Retry())->delay(3, 0.0, 0.5));
    },
    'Retry-After is a lower bound and has a cap' => static function (): void {
        same(1.0, (new Retry())->delay(1, 1.0, 1.0));
        same(2.0, (new Retry())->delay(4, 1.0, 1.0));
        same(60.0, (new Retry())->delay(1, 3600.0, 1.0));
    },
    'Retry-After is seconds or a date' => static function (): void {
        $parse = static fn (string $text): ?float => Retry::parseRetryAfter($text, 784_111_777);
        same(5.0, $parse('5'));
        same(10.0, $parse('Sun, 06 Nov 1994 08:49:47 GMT'));
        same(0.0, $parse('Sun, 06 Nov 1994 08:49:27 GMT'));
        same(null, $parse('soon'));
        same(null, $parse(''));
    },
    'a repeated request is the same request' => static function () use ($client): void {
        $transport = new FakeTransport([[503, ''], null, [409, '{"type":"/problems/idempotency-in-progress"}'], ACCEPTED]);
        same('a', $client($transport)->submit('t', [1])->id);
        same(4, count($transport->requests));
        same(1, count(array_unique($transport->requests, SORT_REGULAR)));
        $headers = $transport->requests[0]->headers;
        same(1, preg_match(UUID, $headers['Idempotency-Key']));
        same('Bearer secret', $headers['Authorization']);
        same('{"task":"t","args":[1]}', $transport->requests[0]->body);
    },
    'the last problem is thrown' => static function () use ($client): void {
        $last = [503, '{"type":"/problems/last"}'];
        $transport = new FakeTransport([[503, '', ['retry-after' => '0']], [502, ''], [504, ''], $last]);
        $error = thrown(UnavailableException::class, static fn () => $client($transport)->submit('t'));
        same(['last', 503], [$error->type, $error->status]);
        thrown(NetworkException::class, static fn () => $client(new FakeTransport([null, null, null, null]))->submit('t'));
    },
    'what will not pass is not repeated' => static function () use ($client): void {
        foreach ([302, 400, 401, 404, 409, 422, 500] as $status) {
            $transport = new FakeTransport([[$status, ''], ACCEPTED]);
            thrown(ApiException::class, static fn () => $client($transport)->submit('t'));
            same(1, count($transport->requests));
        }
    },
];
