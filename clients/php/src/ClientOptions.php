<?php

declare(strict_types=1);

namespace Celerity;

use Celerity\Http\Transport;

/** How a client makes its requests. */
final class ClientOptions
{
    /**
     * @param float $timeout seconds that one request may take, the time that it asks the gateway to wait not counted
     * @param Transport|null $transport libcurl where PHP has it, else PHP's own streams
     */
    public function __construct(
        public readonly float $timeout = 30.0,
        public readonly Retry $retry = new Retry(),
        public readonly string $userAgent = 'celerity-php/' . Client::VERSION,
        public readonly ?Transport $transport = null,
    ) {
    }
}
