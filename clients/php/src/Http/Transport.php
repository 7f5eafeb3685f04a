<?php

declare(strict_types=1);

namespace Celerity\Http;

use Celerity\Exception\NetworkException;

/** Makes one request, without repeating it and without following redirects. */
interface Transport
{
    /**
     * Returns as soon as the head of the answer is there, whatever its status.
     *
     * @throws NetworkException when none comes
     */
    public function open(Request $request): Response;
}
