<?php

declare(strict_types=1);

namespace Celerity\Exception;

/** The body is not a valid request; `errors` says where. */
final class InvalidArgumentsException extends ApiException
{
}
