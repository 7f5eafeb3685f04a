<?php

declare(strict_types=1);

namespace Celerity\Tests;

use Celerity\Exception\NetworkException;
use Celerity\Http\Request;
use Celerity\Http\Response;
use Celerity\Http\Transport;

/** Gives the answers that it was made with, in order, and keeps the requests. */
final class FakeTransport implements Transport
{
    /** @var list<Request> */
    public array $requests = [];

    /** @param list<array{0: int, 1: string, 2?: array<string, string>}|null> $answers status, body, headers; null: none comes */
    public function __construct(private array $answers)
    {
    }

    public function open(Request $request): Response
    {
        $this->requests[] = $request;
        [$status, $body, $headers] = [...(array_shift($this->answers) ?? throw new NetworkException('cut')), []];
        return new Response($status, $headers, (static fn () => yield $body)());
    }
}
